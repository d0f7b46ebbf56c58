import DockerModels
import Engine
import NIOHTTP1
import Wire

/// Containers: what stays open: attach, logs, wait, stats.
struct ContainerStreamRoutes: Sendable {
    let engine: Engine
    /// Headers of every answer.
    let headers: HTTPHeaders

    var routes: [Route] {
        [
            Route(.POST, "/containers/{name}/attach") { try await attach($0) },
            Route(.GET, "/containers/{name}/attach/ws") { _ in throw NotYet.error("attaching by websocket") },
            Route(.GET, "/containers/{name}/logs") { try await logs($0) },
            Route(.POST, "/containers/{name}/wait") { try await wait($0) },
            Route(.GET, "/containers/{name}/stats") { try await stats($0) },
        ]
    }

    // MARK: attach

    private func attach(_ call: Call) async throws -> Reply {
        let detach = try DetachSequence(parsing: call.query["detachKeys"] ?? "")
        let container = try await engine.container(named: call.name)
        let terminal = container.specification.terminal
        let format = StreamFormat(terminal: terminal)
        let options = AttachOptions(
            input: call.query.flag("stdin") && container.specification.openStandardInput,
            output: call.query.flag("stdout"), error: call.query.flag("stderr"))
        let streams = call.query.flag("stream")
        if streams && container.state.isPaused {
            throw APIError(
                .conflict, "container \(container.id) is paused, unpause the container before attach")
        }
        // The place is taken before the client hears of it: what is written after its next request is its.
        let ticket = streams ? try await engine.prepareAttach(container.id, options) : nil
        _ = try await call.exchange.body.collect(upTo: Call.largestDocument)
        let connection = try await call.exchange.hijack(contentType: format.contentType(call.version))
        if call.query.flag("logs") { try await replay(container.id, options, format, to: connection) }
        guard let ticket else {
            connection.end()
            return .written
        }
        connection.onClose { ticket.cancel() }
        do {
            let stream = try await ticket.connect()
            try await connection.join(stream, format: format, detach: terminal ? detach : nil)
        } catch {
            // It did not start, or is gone: whoever started it is told why; here there is only the end.
            connection.end()
        }
        return .written
    }

    private func replay(
        _ id: String, _ options: AttachOptions, _ format: StreamFormat, to connection: HijackedConnection
    ) async throws {
        var wanted = LogOptions()
        wanted.output = options.output
        wanted.error = options.error
        let outlet = Outlet(connection)
        for try await entry in try await engine.logs(id, wanted) {
            try await outlet.write(LogFormat(stream: format).bytes(entry))
        }
        try await outlet.drained()
    }

    // MARK: logs

    private func logs(_ call: Call) async throws -> Reply {
        var options = LogOptions()
        options.output = call.query.flag("stdout")
        options.error = call.query.flag("stderr")
        guard options.output || options.error else {
            throw APIError(.badRequest, "Bad parameters: you must choose at least one stream")
        }
        if let tail = call.query["tail"], !tail.isEmpty, tail != "all" {
            // As Docker: what is no number means everything.
            options.tail = Int(tail).flatMap { $0 < 0 ? nil : $0 }
        }
        options.since = try call.query.time("since")
        options.until = try call.query.time("until")
        options.follow = call.query.flag("follow")
        let container = try await engine.container(named: call.name)
        let format = LogFormat(
            stream: StreamFormat(terminal: container.specification.terminal),
            timestamps: call.query.flag("timestamps"),
            details: call.query.flag("details") ? "" : nil)
        let entries = try await engine.logs(container.id, options)
        var headers = headers
        headers.add(name: "Content-Type", value: format.stream.contentType(call.version))
        call.exchange.begin(.ok, headers)
        call.exchange.endWithClient()
        let outlet = Outlet(call.exchange)
        for try await entry in entries { try await outlet.write(format.bytes(entry)) }
        try await outlet.drained()
        call.exchange.finish()
        return .written
    }

    // MARK: wait

    private func wait(_ call: Call) async throws -> Reply {
        let text = call.query["condition"].nonEmpty ?? WaitCondition.notRunning.rawValue
        guard let condition = WaitCondition(rawValue: text) else {
            throw APIError(.badRequest, "invalid condition: \"\(text)\"")
        }
        let waiter = try await engine.waiter(call.name, condition)
        var headers = headers
        headers.add(name: "Content-Type", value: "application/json")
        // Clients start the container only when they have this.
        call.exchange.begin(.ok, headers)
        call.exchange.endWithClient()
        let conclusion = try await waiter.value()
        let result = WaitResult(
            statusCode: Int(conclusion.exitCode), error: conclusion.error.isEmpty ? nil : conclusion.error)
        try await call.exchange.write(try DockerJSON.encode(result) + [UInt8(ascii: "\n")])
        call.exchange.finish()
        return .written
    }

    // MARK: stats

    private func stats(_ call: Call) async throws -> Reply {
        let streams = call.query.flag("stream", default: true)
        let once = call.query.flag("one-shot")
        if streams && once {
            throw APIError(.badRequest, "cannot have stream=true and one-shot=true")
        }
        let container = try await engine.container(named: call.name)
        if !streams {
            call.exchange.endWithClient()
            var previous: (report: StatisticsReport, time: Int64)?
            if !once, let report = try await engine.statistics(container.id) {
                previous = (report, Timestamp.now)
                try await Task.sleep(for: .seconds(1))
            }
            let report = try await engine.statistics(container.id)
            return try .json(StatsDescriber.sample(container, report, at: Timestamp.now, previous: previous))
        }
        var headers = headers
        headers.add(name: "Content-Type", value: "application/json")
        call.exchange.begin(.ok, headers)
        call.exchange.endWithClient()
        var previous: (report: StatisticsReport, time: Int64)?
        let clock = ContinuousClock()
        var next = clock.now
        while !Task.isCancelled {
            let report = try await engine.statistics(container.id)
            let now = Timestamp.now
            let sample = StatsDescriber.sample(container, report, at: now, previous: previous)
            try await call.exchange.write(try DockerJSON.encode(sample) + [UInt8(ascii: "\n")])
            previous = report.map { ($0, now) }
            next += .seconds(1)
            try await Task.sleep(until: next, clock: clock)
        }
        call.exchange.finish()
        return .written
    }
}
