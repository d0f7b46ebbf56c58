extension Engine {
    /// Creates a machine; it does not run yet.
    public func createMachine(_ specification: MachineSpecification) async throws(EngineError) -> MachineRecord {
        throw EngineError(.unavailable, "not yet")
    }

    /// All machines.
    public func machines() -> [MachineRecord] { [] }

    /// One machine by its name or identifier.
    public func machine(named name: String) throws(EngineError) -> MachineRecord {
        throw .noSuchMachine(name)
    }

    /// Boots it and waits until its agent is ready.
    public func startMachine(_ name: String) async throws(EngineError) { throw .noSuchMachine(name) }

    /// Stops its containers and halts it, by force after `timeout` seconds.
    public func stopMachine(_ name: String, timeout: Int? = nil) async throws(EngineError) {
        throw .noSuchMachine(name)
    }

    /// Removes it with its disk; a running one, or one that containers belong to, only by `force`.
    public func removeMachine(_ name: String, force: Bool = false) async throws(EngineError) {
        throw .noSuchMachine(name)
    }

    /// Prepares a process in the machine itself; started, inspected and resized like any exec.
    public func createMachineExec(_ name: String, _ specification: ExecSpecification) async throws(EngineError)
        -> String
    {
        throw .noSuchMachine(name)
    }

    /// Its console: what it has written, and what it writes while it runs where `follow`.
    public func machineConsole(_ name: String, follow: Bool) throws(EngineError)
        -> AsyncThrowingStream<LogEntry, any Error>
    {
        throw .noSuchMachine(name)
    }

    /// Attaches to its console, input included.
    public func attachMachineConsole(_ name: String) async throws(EngineError) -> MonitorStream {
        throw .noSuchMachine(name)
    }

    func adoptMachines() async {}
    func stopMachinesForShutdown() async {}
    var machineExecs: [String: ExecRecord] { [:] }
    func machineExec(_ id: String) async throws(EngineError) -> ExecRecord { throw .noSuchExec(id) }
    func startMachineExec(_ id: String, detach: Bool, rows: UInt16, columns: UInt16) async throws(EngineError)
        -> MonitorStream?
    { throw .noSuchExec(id) }
    func resizeMachineExec(_ id: String, rows: UInt16, columns: UInt16) async throws(EngineError) {
        throw .noSuchExec(id)
    }
}

extension EngineError {
    static func noSuchMachine(_ name: String) -> EngineError {
        EngineError(.notFound, "No such machine: \(name)")
    }
}
