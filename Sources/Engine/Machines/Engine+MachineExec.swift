import Logging
import OCI
import Wire

extension Engine {
    /// Prepares a process in the machine itself; started, inspected and resized like any exec.
    public func createMachineExec(_ name: String, _ specification: ExecSpecification) async throws(EngineError)
        -> String
    {
        let machine = try findMachine(name)
        guard machine.isRunning else { throw EngineError(.notRunning, "machine \(machine.name) is not running") }
        guard !specification.arguments.isEmpty else { throw EngineError(.invalid, "No exec command specified") }
        for (id, exec) in machineExecs where exec.isStale { machineExecs[id] = nil }
        let id = Identifier.random()
        machineExecs[id] = ExecRecord(
            id: id, containerID: machine.id, specification: specification)
        return id
    }

    private func machine(ofExec exec: ExecRecord) throws(EngineError) -> ManagedMachine {
        guard let machine = machinesByName.values.first(where: { $0.id == exec.containerID }), machine.isRunning else {
            throw EngineError(.notRunning, "machine \(exec.containerID) is not running")
        }
        return machine
    }

    func startMachineExec(_ exec: ExecRecord, detach: Bool, rows: UInt16, columns: UInt16) async throws(EngineError)
        -> MonitorStream?
    {
        guard exec.state == .created else { throw EngineError(.conflict, "exec command \(exec.id) has already run") }
        let machine = try machine(ofExec: exec)
        machineExecs[exec.id]?.start()
        var specification = exec.specification
        if rows > 0 && columns > 0 {
            specification.consoleRows = rows
            specification.consoleColumns = columns
        }
        var environment = [ContainerResolver.searchPath, "HOME=/root"]
        if specification.terminal { environment.append("TERM=xterm") }
        let process = ExecProcess.process(
            specification, environment: ContainerResolver.environment(environment, adding: specification.environment),
            directory: specification.workingDirectory ?? "/", user: specification.user ?? "",
            capabilities: nil)
        let streams = AttachSetup(
            input: !detach && specification.attachInput, output: !detach && specification.attachOutput,
            error: !detach && specification.attachError)
        do throws(EngineError) {
            let started = try await launcher.stream(
                .exec(ExecSetup(id: exec.id, process: process.description, streams: streams)),
                socketPath: machine.guestSocket, terminal: specification.terminal)
            if machineExecs[exec.id]?.isRunning == true {
                machineExecs[exec.id]?.start(process: started.process)
            }
            return detach ? nil : started.stream
        } catch {
            machineExecs[exec.id]?.end(code: error.kind == .commandNotExecutable ? 126 : 127)
            throw error
        }
    }

    func machineExec(_ exec: ExecRecord) async -> ExecRecord {
        guard exec.isRunning, let agent = try? machine(ofExec: exec).agent else { return exec }
        // What the agent has told before it answers this is known then.
        do { try await agent.request(.state) } catch { logger.debug("ask for the state of a machine: \(error)") }
        if let ended = agent.exit(ofExec: exec.id) { machineExecEnded(exec.containerID, exec.id, ended) }
        return machineExecs[exec.id] ?? exec
    }

    func machineExecEnded(_ machine: String, _ id: String, _ record: ExitRecord) {
        machineExecs[id]?.end(code: record.status.code)
    }

    func resizeMachineExec(_ exec: ExecRecord, rows: UInt16, columns: UInt16) async throws(EngineError) {
        guard let agent = try machine(ofExec: exec).agent else { return }
        try await agent.request(.resize(rows: rows, columns: columns, process: exec.id))
    }

    /// Its console: what it has written, and what it writes while it runs where `follow`.
    public func machineConsole(_ name: String, follow: Bool) throws(EngineError)
        -> AsyncThrowingStream<LogEntry, any Error>
    {
        let machine = try findMachine(name)
        let folder = paths.machine(machine.name)
        var options = LogOptions()
        options.follow = follow
        var following: LogFollow?
        if follow, machine.monitor != nil {
            let end = ExitWaiter(.notRunning)
            machine.waiters.append(end)
            following = try LogFollow(directory: folder, end: end, until: nil)
        }
        let reader = LogReader(path: folder + "/console.log", options: options, follow: following)
        return AsyncThrowingStream { try await reader.next() }
    }

    /// Attaches to its console, input included.
    public func attachMachineConsole(_ name: String) async throws(EngineError) -> MonitorStream {
        let machine = try findMachine(name)
        guard let monitor = machine.monitor else {
            throw EngineError(.notRunning, "machine \(machine.name) is not running")
        }
        return try await launcher.stream(
            .attach(AttachSetup(input: true, output: true, error: true)), socketPath: monitor.socketPath,
            terminal: false
        ).stream
    }
}
