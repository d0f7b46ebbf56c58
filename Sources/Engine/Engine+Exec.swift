import Logging
import OCI
import Wire

extension Engine {
    /// Prepares another process in a running container.
    ///
    /// - Returns: the identifier of the exec.
    public func createExec(_ name: String, _ specification: ExecSpecification) async throws(EngineError) -> String {
        let container = try find(name)
        try checkExec(container)
        guard !specification.arguments.isEmpty else { throw EngineError(.invalid, "No exec command specified") }
        for (id, exec) in container.execs where exec.isStale { forgetExec(id, container) }
        let id = Identifier.random()
        container.execs[id] = ExecRecord(
            id: id, containerID: container.id, specification: specification)
        execOwners[id] = container.id
        publish(
            container, "exec_create: " + specification.arguments.joined(separator: " "), ["execID": id])
        return id
    }

    private func checkExec(_ container: ManagedContainer) throws(EngineError) {
        switch container.record.state {
        case .running: return
        case .paused:
            throw EngineError(
                .conflict, "container \(container.id) is paused, unpause the container before exec")
        case .restarting:
            throw EngineError(
                .conflict, "container \(container.id) is restarting, wait until the container is running")
        default: throw .notRunning(container.id)
        }
    }

    /// Runs it, and gives its streams unless it is detached. To answer the client before the program runs, check with
    /// ``exec(_:)`` first, write the answer, and then call this.
    public func startExec(_ id: String, detach: Bool = false, rows: UInt16 = 0, columns: UInt16 = 0)
        async throws(EngineError) -> MonitorStream?
    {
        if let exec = machineExecs[id] {
            return try await startMachineExec(exec, detach: detach, rows: rows, columns: columns)
        }
        guard let container = execOwners[id].flatMap({ containers[$0] }), var exec = container.execs[id] else {
            throw .noSuchExec(id)
        }
        guard exec.state == .created else {
            throw EngineError(.conflict, "exec command \(id) has already run")
        }
        try checkExec(container)
        let monitor = try monitor(of: container)
        // Taken: a second start of the same exec is refused while this one waits.
        exec.start()
        container.execs[id] = exec
        var specification = exec.specification
        if rows > 0 && columns > 0 {
            specification.consoleRows = rows
            specification.consoleColumns = columns
        }
        let process = try ExecProcess.json(specification, in: container.record, host: host)
        let streams = AttachSetup(
            input: !detach && specification.attachInput, output: !detach && specification.attachOutput,
            error: !detach && specification.attachError)
        publish(
            container, "exec_start: " + specification.arguments.joined(separator: " "), ["execID": id])
        do throws(EngineError) {
            let started = try await launcher.stream(
                .exec(ExecSetup(id: id, process: process.description, streams: streams)),
                socketPath: monitor.socketPath, terminal: specification.terminal)
            if container.execs[id]?.isRunning == true {
                container.execs[id]?.start(process: started.process)
            }
            return detach ? nil : started.stream
        } catch {
            container.execs[id]?.end(code: error.kind == .commandNotExecutable ? 126 : 127)
            throw error
        }
    }

    /// What became of it.
    public func exec(_ id: String) async throws(EngineError) -> ExecRecord {
        if let exec = machineExecs[id] { return await machineExec(exec) }
        guard let container = execOwners[id].flatMap({ containers[$0] }), let exec = container.execs[id] else {
            throw .noSuchExec(id)
        }
        guard exec.isRunning, let monitor = container.monitor else { return exec }
        // Whoever has seen the end of the streams asks for the code at once: what the monitor has told before it
        // answers this is known then.
        do { try await monitor.request(.state) } catch {
            logger.debug("ask for the state of \(container.id): \(error)")
        }
        if let ended = monitor.exit(ofExec: id) { execEnded(id, ended) }
        return container.execs[id] ?? exec
    }

    /// The monitor has told that an exec'd process ended.
    func execEnded(_ id: String, _ record: ExitRecord) {
        guard let container = execOwners[id].flatMap({ containers[$0] }), let exec = container.execs[id] else { return }
        _ = container.monitor?.exit(ofExec: id)
        if case .exited = exec.state { return }
        container.execs[id]?.end(code: record.status.code)
        publish(container, "exec_die", ["execID": id, "exitCode": String(record.status.code)])
    }

    /// The container has ended, and its execs with it.
    func execsEnded(_ container: ManagedContainer) {
        for exec in container.execs.values {
            if exec.isRunning {
                let known = container.endingMonitor?.exit(ofExec: exec.id)?.status.code
                container.execs[exec.id]?.end(code: known ?? 137)
            }
        }
    }

    private func forgetExec(_ id: String, _ container: ManagedContainer) {
        container.execs[id] = nil
        execOwners[id] = nil
    }

    /// The identifiers of the execs of a container that have not ended.
    public func execs(of containerID: String) -> [String] {
        guard let container = containers[containerID] else { return [] }
        return container.execs.values.filter(\.isRunning).map(\.id).sorted()
    }

    /// Sets the size of its terminal.
    public func resizeExec(_ id: String, rows: UInt16, columns: UInt16) async throws(EngineError) {
        if let exec = machineExecs[id] { return try await resizeMachineExec(exec, rows: rows, columns: columns) }
        guard let container = execOwners[id].flatMap({ containers[$0] }), let exec = container.execs[id] else {
            throw .noSuchExec(id)
        }
        guard exec.isRunning else {
            throw EngineError(.conflict, "exec \(id) is not running")
        }
        try await monitor(of: container).request(.resize(rows: rows, columns: columns, process: id))
    }
}

extension EngineError {
    static func noSuchExec(_ id: String) -> EngineError {
        EngineError(.notFound, "No such exec instance: \(id)")
    }
}

/// The OCI `process` object of an exec.
enum ExecProcess {
    static func json(_ exec: ExecSpecification, in container: ContainerRecord, host: HostFacts)
        throws(EngineError) -> JSON
    {
        var security = container.specification.security
        security.privileged = security.privileged || exec.privileged
        var environment = ContainerResolver.environment(
            ContainerResolver.processEnvironment(container.resolved, terminal: false), adding: exec.environment)
        if exec.terminal { environment = ContainerResolver.environment(["TERM=xterm"], adding: environment) }
        let user = exec.user ?? container.resolved.user
        let directory = exec.workingDirectory ?? container.resolved.workingDirectory
        let capabilities = JSON(try ContainerResolver.capabilities(security, last: host.lastCapability))
        return process(
            exec, environment: environment, directory: directory, user: user, capabilities: capabilities,
            noNewPrivileges: SecurityOptions(security.options).noNewPrivileges)
    }

    static func process(
        _ exec: ExecSpecification, environment: [String], directory: String, user: String, capabilities: JSON?,
        noNewPrivileges: Bool = false
    ) -> JSON {
        .members([
            "terminal": .bool(exec.terminal),
            "consoleSize": exec.terminal && exec.consoleRows > 0
                ? ["height": JSON(exec.consoleRows), "width": JSON(exec.consoleColumns)] : nil,
            "args": JSON(exec.arguments), "env": JSON(environment),
            "cwd": .string(directory.isEmpty ? "/" : directory),
            "user": .members(["uid": 0, "gid": 0, "username": user.isEmpty ? nil : .string(user)]),
            "capabilities": capabilities.map { ["bounding": $0, "effective": $0, "permitted": $0] },
            "noNewPrivileges": .bool(noNewPrivileges),
        ])
    }
}
