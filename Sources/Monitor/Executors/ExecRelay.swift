internal import Wire

/// A further process in a machine: frames go from the client to the agent and back as they are, each side waiting for
/// the other.
final class ExecRelay: ConnectionHandler {
    private let client: Connection
    private var agent: Connection?
    private var number: UInt32 = 0
    private let whenEnded: (ExitRecord?) -> Void

    /// `whenEnded` is called before the client learns of the end, which comes over another connection as well, maybe
    /// later; nil: there never was a process.
    init(client: Connection, whenEnded: @escaping (ExitRecord?) -> Void) {
        self.client = client
        self.whenEnded = whenEnded
    }

    /// Asks the agent, and hands everything that follows on.
    func begin(_ agent: Connection, container: String, _ setup: ExecSetup, _ number: UInt32) {
        self.agent = agent
        self.number = number
        // The number of the selection must differ from the client's, whose answers are handed on.
        agent.send(.message(.request(number &+ 1, .select(container: container))))
        agent.send(.message(.request(number, .exec(setup))))
        client.handOver(to: self)
    }

    func received(_ frame: Frame, on connection: Connection) {
        if connection === client {
            guard case .data = frame else { return }
            agent?.send(frame)
            if agent?.isCongested == true { client.pauseReading() }
            return
        }
        switch frame {
        case .message(.event(.ready)): return
        case .message(.response(let answered, let response)):
            guard answered == number else { return }
            if case .failed = response { whenEnded(nil) }
            client.respond(number, response)
            if case .failed = response { end() }
        case .message(.event(.exited(_, let record))):
            whenEnded(record)
            client.send(frame)
        case .message, .data:
            client.send(frame)
            if client.isCongested { agent?.pauseReading() }
        }
    }

    private func end() {
        client.finish()
        agent?.end()
    }

    func inputEnded(on connection: Connection) {
        if connection === client { agent?.send(.data(.input, [])) } else { end() }
    }

    func drained(_ connection: Connection) {
        if connection === client { agent?.resumeReading() } else { client.resumeReading() }
    }

    func closed(_ connection: Connection) {
        // The process goes on when its client goes away; its output is then dropped by the agent.
        if connection === client { agent?.end() } else { client.finish() }
    }
}
