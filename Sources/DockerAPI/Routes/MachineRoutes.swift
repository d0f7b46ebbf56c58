import DockerModels
import Engine
import NIOHTTP1

/// Machines: our own part of the API.
struct MachineRoutes: Sendable {
    let engine: Engine
    /// Headers of every answer.
    let headers: HTTPHeaders

    var routes: [Route] {
        [
            Route(.GET, "/bulkhead/machines") { _ in try .json(await engine.machines().map(describe)) },
            Route(.POST, "/bulkhead/machines/create") { try await create($0) },
            Route(.GET, "/bulkhead/machines/{name}/json") { call in
                try .json(describe(try await engine.machine(named: call.name)))
            },
            Route(.GET, "/bulkhead/machines/{name}/console") { try await console($0) },
            Route(.POST, "/bulkhead/machines/{name}/console") { try await attachConsole($0) },
            Route(.POST, "/bulkhead/machines/{name}/start") { call in
                try await engine.startMachine(call.name)
                return .empty(.noContent)
            },
            Route(.POST, "/bulkhead/machines/{name}/stop") { call in
                try await engine.stopMachine(call.name, timeout: try call.query.number("t"))
                return .empty(.noContent)
            },
            Route(.POST, "/bulkhead/machines/{name}/exec") { call in
                let creation: ExecCreation = try await call.body()
                let id = try await engine.createMachineExec(call.name, try creation.specification())
                return try .json(Identifier(id: id), .created)
            },
            Route(.DELETE, "/bulkhead/machines/{name}") { call in
                try await engine.removeMachine(call.name, force: call.query.flag("force"))
                return .empty(.noContent)
            },
        ]
    }

    private func create(_ call: Call) async throws -> Reply {
        let creation: MachineCreation = try await call.body()
        guard let name = creation.name.nonEmpty else { throw APIError(.badRequest, "a machine needs a Name") }
        var specification = MachineSpecification(name: name)
        if let cpus = creation.cpus { specification.processors = cpus }
        if let memory = creation.memory { specification.memory = memory }
        guard specification.processors > 0 else { throw APIError(.badRequest, "a machine needs at least 1 of Cpus") }
        return try .json(describe(try await engine.createMachine(specification)), .created)
    }

    /// What the console has shown, as plain bytes; with `follow` what it shows from now on too.
    private func console(_ call: Call) async throws -> Reply {
        let entries = try await engine.machineConsole(call.name, follow: call.query.flag("follow"))
        var headers = headers
        headers.add(name: "Content-Type", value: StreamFormat.raw.contentType(call.version))
        call.exchange.begin(.ok, headers)
        call.exchange.endWithClient()
        let outlet = Outlet(call.exchange)
        for try await entry in entries { try await outlet.write(entry.bytes) }
        try await outlet.drained()
        call.exchange.finish()
        return .written
    }

    /// The console in both directions, hijacked.
    private func attachConsole(_ call: Call) async throws -> Reply {
        let detach = try DetachSequence(parsing: call.query["detachKeys"] ?? "")
        let stream = try await engine.attachMachineConsole(call.name)
        _ = try await call.exchange.body.collect(upTo: Call.largestDocument)
        let connection = try await call.exchange.hijack(contentType: StreamFormat.raw.contentType(call.version))
        try await connection.join(stream, format: .raw, detach: detach)
        return .written
    }

    private func describe(_ machine: MachineRecord) -> MachineDescription {
        let status =
            switch machine.state {
            case .created: "created"
            case .starting: "starting"
            case .running: "running"
            case .stopped: "stopped"
            }
        var made = MachineDescription(
            id: machine.id, name: machine.specification.name, cpus: machine.specification.processors,
            memory: machine.specification.memory, status: status)
        made.created = RFC3339.text(machine.created)
        made.hypervisor = machine.hypervisor
        made.containers = machine.containers
        switch machine.state {
        case .running(let process, let startedAt, let kernel):
            made.pid = Int(process)
            made.startedAt = RFC3339.text(startedAt)
            made.kernel = kernel
        case .stopped(let reason): made.error = reason.isEmpty ? nil : reason
        case .created, .starting: break
        }
        return made
    }
}
