import Synchronization

/// A place among those who get every byte of a container from its next start on, taken before it starts.
///
/// The API answers its client first, and then waits here; the engine makes the connections of all tickets between the
/// making of the process and the execution of its program.
public final class AttachTicket: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Result<MonitorStream, EngineError>, Never>)
        case done(Result<MonitorStream, EngineError>)
        case taken
    }

    /// Whether everything is one stream, of a terminal.
    public let terminal: Bool
    let setup: AttachOptions
    private let state = Mutex(State.open)

    init(terminal: Bool, setup: AttachOptions) {
        self.terminal = terminal
        self.setup = setup
    }

    /// Waits until the container is about to run its program, and gives its streams. Once only.
    ///
    /// - Throws: ``EngineError`` when the start fails, the container is removed, or the ticket was cancelled.
    public func connect() async throws(EngineError) -> MonitorStream {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation {
                (continuation: CheckedContinuation<Result<MonitorStream, EngineError>, Never>) in
                let known = state.withLock { state -> Result<MonitorStream, EngineError>? in
                    switch state {
                    case .open:
                        state = .waiting(continuation)
                        return nil
                    case .done(let result):
                        state = .taken
                        return result
                    case .waiting, .taken:
                        return .failure(EngineError(.internal, "the ticket was used before"))
                    }
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// Gives the place up: the client has gone.
    public func cancel() {
        resolve(.failure(EngineError(.internal, "the client has gone")))
    }

    /// Whether nobody will come for it any more.
    var isClosed: Bool {
        state.withLock { state in
            switch state {
            case .open, .waiting: false
            case .done, .taken: true
            }
        }
    }

    func resolve(_ result: Result<MonitorStream, EngineError>) {
        let waiting = state.withLock { state -> CheckedContinuation<Result<MonitorStream, EngineError>, Never>? in
            switch state {
            case .open:
                state = .done(result)
                return nil
            case .waiting(let continuation):
                state = .taken
                return continuation
            case .done, .taken:
                return nil
            }
        }
        waiting?.resume(returning: result)
    }
}
