import DockerModels
import Engine
import NIOHTTP1

/// Further processes in containers.
struct ExecRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            Route(.POST, "/containers/{name}/exec") { call in
                let creation: ExecCreation = try await call.body()
                let id = try await engine.createExec(call.name, try creation.specification())
                return try .json(Identifier(id: id), .created)
            },
            Route(.POST, "/exec/{id}/start") { try await start($0) },
            Route(.POST, "/exec/{id}/resize") { call in
                let size = try call.terminalSize()
                try await engine.resizeExec(call.name, rows: size.rows, columns: size.columns)
                return .empty(.ok)
            },
            Route(.GET, "/exec/{id}/json") { try await inspect($0) },
        ]
    }

    private func start(_ call: Call) async throws -> Reply {
        let start: ExecStart = try await call.body()
        let record = try await engine.exec(call.name)
        guard record.state == .created else {
            throw APIError(.conflict, "exec command \(record.id) has already run")
        }
        let size = start.consoleSize.flatMap { $0.count == 2 ? ($0[0], $0[1]) : nil } ?? (0, 0)
        if start.detach ?? false {
            _ = try await engine.startExec(record.id, detach: true, rows: size.0, columns: size.1)
            return .empty(.ok)
        }
        let terminal = record.specification.terminal
        let format = StreamFormat(terminal: terminal)
        // The head goes out alone and first: some clients lose output that comes in one piece with it.
        let connection = try await call.exchange.hijack(contentType: format.contentType(call.version))
        do {
            guard
                let stream = try await engine.startExec(
                    record.id, detach: false, rows: size.0, columns: size.1)
            else { throw EngineError(.internal, "the streams of exec \(record.id) are missing") }
            let detach = terminal ? DetachSequence(keys: [0x10, 0x11]) : nil
            try await connection.join(stream, format: format, detach: detach)
        } catch {
            // Behind the head, the reason can only be output; the exit code tells the rest.
            let text = Array("\(APIError(error).message)\r\n".utf8)
            let header = format == .raw ? [] : StreamFormat.header(stream: 2, length: text.count)
            try? await connection.write(header + text)  // the client may have gone
            connection.end()
        }
        return .written
    }

    private func inspect(_ call: Call) async throws -> Reply {
        let record = try await engine.exec(call.name)
        var made = ExecInspection()
        made.id = record.id
        made.containerID = record.containerID
        made.detachKeys = ""
        made.canRemove = false
        made.running = false
        made.pid = 0
        switch record.state {
        case .created: break
        case .running(let process):
            made.running = true
            made.pid = Int(process)
        case .exited(let code): made.exitCode = Int(code)
        }
        let asked = record.specification
        made.openStdin = asked.attachInput
        made.openStdout = asked.attachOutput
        made.openStderr = asked.attachError
        var process = ExecInspection.ProcessConfig()
        process.tty = asked.terminal
        process.privileged = asked.privileged
        process.entrypoint = asked.arguments.first ?? ""
        process.arguments = Array(asked.arguments.dropFirst())
        process.user = asked.user
        made.processConfig = process
        return try .json(made)
    }
}

extension ExecCreation {
    /// What the engine is asked for.
    func specification() throws(APIError) -> ExecSpecification {
        guard let cmd, !cmd.isEmpty else { throw APIError(.badRequest, "No exec command specified") }
        var specification = ExecSpecification(arguments: cmd)
        specification.environment = env ?? []
        specification.workingDirectory = workingDir.nonEmpty
        specification.user = user.nonEmpty
        specification.terminal = tty ?? false
        specification.privileged = privileged ?? false
        specification.attachInput = attachStdin ?? false
        specification.attachOutput = attachStdout ?? false
        specification.attachError = attachStderr ?? false
        if let consoleSize, consoleSize.count == 2 {
            specification.consoleRows = consoleSize[0]
            specification.consoleColumns = consoleSize[1]
        }
        return specification
    }
}
