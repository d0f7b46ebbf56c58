import Linux
import Synchronization
import Wire

/// Waits for a socket that another process is about to listen on.
enum SocketWait {
    /// Connects to it, as soon as it is there.
    ///
    /// - Parameters:
    ///   - end: the end of who would listen, after which there is nothing to wait for.
    static func connect(_ path: String, unless end: ExitWaiter, seconds: Int) async throws(EngineError) -> Int32 {
        let wakeup = Wakeup()
        let watch = try FileWatch(directory: Files.parent(of: path), wakeup: wakeup)
        let deadline = Task {
            try? await Task.sleep(for: .seconds(seconds))  // cancelled: it is there
            wakeup.signal()
        }
        let ending = Task {
            _ = try? await end.value()  // cancelled: it is there
            wakeup.signal()
        }
        defer {
            deadline.cancel()
            ending.cancel()
            withExtendedLifetime(watch) {}
        }
        let limit = ContinuousClock.now + .seconds(seconds)
        while true {
            var reason = ""
            do {
                return try UnixSocket.connect(path).release()
            } catch {
                reason = "\(error)"
            }
            if end.isResolved {
                throw EngineError(.internal, "the machine ended while it was booting; its console says why")
            }
            guard ContinuousClock.now < limit else {
                throw EngineError(.internal, "the machine's agent can't be reached: \(reason)")
            }
            await wakeup.wait()
        }
    }
}

/// Waits for the report of an agent, or for the end of the connection to it.
final class ReadyWaiter: Sendable {
    private enum State {
        case waiting(CheckedContinuation<AgentReport?, Never>?)
        case known(AgentReport?)
    }

    private let state = Mutex(State.waiting(nil))

    /// The report; nil: there will be none.
    func value() async -> AgentReport? {
        await withCheckedContinuation { continuation in
            let known: AgentReport?? = state.withLock { state in
                if case .known(let report) = state { return .some(report) }
                state = .waiting(continuation)
                return .none
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    func resolve(_ report: AgentReport?) {
        let waiting = state.withLock { state -> CheckedContinuation<AgentReport?, Never>? in
            guard case .waiting(let continuation) = state else { return nil }
            state = .known(report)
            return continuation
        }
        waiting?.resume(returning: report)
    }
}
