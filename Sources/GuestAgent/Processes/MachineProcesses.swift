internal import ContainerRuntime
internal import Linux
internal import Monitor
internal import OCI
internal import Wire

/// Processes that run beside the agent, in the machine itself: `bulkhead machine exec`.
final class MachineProcesses {
    private let loop: EventLoop
    private var sessions: [String: ExecSession] = [:]

    init(in loop: EventLoop) { self.loop = loop }

    /// Runs a process with the connection as its streams.
    func exec(_ setup: ExecSetup, _ number: UInt32, on connection: Connection) throws(Failure) {
        guard sessions[setup.id] == nil else { throw Failure(.invalid, "there is an exec \(setup.id) already") }
        let process: RuntimeProcess
        do {
            process = try RuntimeProcess(JSONField(JSON(parsing: setup.process)))
        } catch {
            throw Failure(.invalid, "process: \(error)")
        }
        let path = try MachineProcess.find(process)
        do throws(SystemError) {
            let made = try MachineProcess.make(process, path, wantsInput: setup.streams.input)
            let session = try MachineProcesses.session(setup, made, process.terminal, loop) { [self] _ in
                sessions[setup.id] = nil
            }
            sessions[setup.id] = session
            session.begin(number, on: connection)
        } catch {
            throw Failure(.failed, "\(error)")
        }
    }

    private static func session(
        _ setup: ExecSetup, _ made: consuming MachineProcess, _ terminal: Bool, _ loop: EventLoop,
        whenEnded: @escaping (ExitRecord) -> Void
    ) throws(SystemError) -> ExecSession {
        let number = made.number
        return try ExecSession(
            setup, number, ProcessDescriptor(adopting: try made.descriptor.descriptor.duplicate()), made.takeStreams(),
            terminal: terminal, in: loop, whenEnded: whenEnded)
    }

    /// Sends one of them a signal.
    func signal(_ number: Int32, _ process: String) throws(Failure) {
        let session = try session(process)
        do { try session.signal(number) } catch { throw Failure(.failed, "\(error)") }
    }

    /// Sets the size of one's terminal.
    func resize(rows: UInt16, columns: UInt16, _ process: String) throws(Failure) {
        let session = try session(process)
        do { try session.resize(rows: rows, columns: columns) } catch { throw Failure(.failed, "\(error)") }
    }

    private func session(_ process: String) throws(Failure) -> ExecSession {
        guard let session = sessions[process] else { throw Failure(.noSuchProcess, "no such exec: \(process)") }
        return session
    }

    /// Whether it waits for the end of the process of that number.
    func owns(_ process: Int32) -> Bool { sessions.values.contains { $0.process == process } }
}
