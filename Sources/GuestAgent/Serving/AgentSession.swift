internal import Linux
internal import Monitor
internal import Wire

/// One connection to the agent, until it becomes a stream: about the container that it has created or selected, or
/// about the machine.
final class AgentSession: ConnectionHandler {
    private enum Subject {
        case machine
        /// `owned`: this connection has created it, and it ends with this connection.
        case container(Supervisor, owned: Bool)
        /// The selection failed: whatever comes next was not meant for the machine.
        case unknown(Failure)
    }

    private let agent: Agent
    private var subject = Subject.machine

    init(_ agent: Agent) { self.agent = agent }

    func received(_ frame: Frame, on connection: Connection) {
        guard case .message(.request(let number, let request)) = frame else { return }
        do throws(Failure) {
            try handle(request, number, on: connection)
        } catch {
            connection.respond(number, .failed(error))
        }
    }

    private func handle(_ request: Request, _ number: UInt32, on connection: Connection) throws(Failure) {
        switch (subject, request) {
        case (.machine, .select(let id)):
            guard let supervisor = agent.containers[id] else {
                let failure = Failure(.wrongState, "container \(id) is not in this machine")
                subject = .unknown(failure)
                throw failure
            }
            subject = .container(supervisor, owned: false)
            supervisor.add(control: connection)
            connection.respond(number, .done)
        case (.machine, .create(let setup)):
            let merged = try agent.merging(setup)
            let supervisor = try agent.add(setup.id)
            subject = .container(supervisor, owned: true)
            supervisor.add(control: connection)
            supervisor.handle(.create(merged), number, on: connection)
        case (.container(_, owned: true), .attach), (.container(_, owned: true), .exec):
            throw Failure(.invalid, "the connection that has created a container can't become a stream")
        case (.container(let supervisor, _), .start(let interfaces)):
            try start(supervisor, interfaces, number, on: connection)
        case (.container(let supervisor, _), _):
            supervisor.handle(request, number, on: connection)
        case (.unknown(let failure), _):
            throw failure
        case (.machine, _):
            try handleOfMachine(request, number, on: connection)
        }
    }

    private func start(
        _ supervisor: Supervisor, _ interfaces: [InterfaceSetup], _ number: UInt32, on connection: Connection
    ) throws(Failure) {
        var left = interfaces
        if let process = supervisor.process, !interfaces.isEmpty {
            do throws(Failure) {
                left = try agent.connect(interfaces, of: process)
            } catch {
                supervisor.abandon()
                throw error
            }
        }
        supervisor.handle(.start(interfaces: left), number, on: connection)
    }

    private func handleOfMachine(_ request: Request, _ number: UInt32, on connection: Connection) throws(Failure) {
        switch request {
        case .exec(let setup): try agent.machine.exec(setup, number, on: connection)
        case .signal(let signal, let process?):
            try agent.machine.signal(signal, process)
            connection.respond(number, .done)
        case .resize(let rows, let columns, let process?):
            try agent.machine.resize(rows: rows, columns: columns, process)
            connection.respond(number, .done)
        case .state: connection.respond(number, .state(ContainerReport(phase: .running, process: 1)))
        case .powerOff:
            connection.respond(number, .done)
            agent.powerOff()
        case .unreadable(let problem): throw Failure(.invalid, "the request can't be read: \(problem)")
        default: throw Failure(.invalid, "this is a request about a container, and none has been selected")
        }
    }

    func inputEnded(on connection: Connection) { connection.finish() }

    func drained(_ connection: Connection) {}

    func closed(_ connection: Connection) {
        guard case .container(let supervisor, let owned) = subject else { return }
        supervisor.remove(control: connection)
        // The monitor on the host is gone: nobody would ever hear of this container again.
        if owned { supervisor.abandon() }
    }
}
