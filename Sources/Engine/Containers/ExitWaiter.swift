import Synchronization

/// What a client may wait for.
public enum WaitCondition: String, Sendable {
    /// It does not run: at once where it is not running now.
    case notRunning = "not-running"
    /// Its next end, even where it does not run yet.
    case nextExit = "next-exit"
    /// It is gone.
    case removed
}

/// Waits for the end of one container. It is registered when it is made, so that an end between that and
/// ``value()`` is not missed.
public final class ExitWaiter: Sendable {
    private enum State {
        case waiting([Int: CheckedContinuation<Conclusion?, Never>])
        case resolved(Conclusion)
    }

    /// What is waited for.
    public let condition: WaitCondition
    private let state = Mutex(State.waiting([:]))
    private let numbers = Mutex(0)

    init(_ condition: WaitCondition) { self.condition = condition }

    /// How it ended.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    public func value() async throws -> Conclusion {
        let number = numbers.withLock { number in
            number += 1
            return number
        }
        let conclusion = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: Conclusion?? = state.withLock { state in
                    switch state {
                    case .resolved(let conclusion): return .some(conclusion)
                    case .waiting(var continuations):
                        if Task.isCancelled { return .some(nil) }
                        continuations[number] = continuation
                        state = .waiting(continuations)
                        return .none
                    }
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            state.withLock { state -> CheckedContinuation<Conclusion?, Never>? in
                guard case .waiting(var continuations) = state else { return nil }
                let continuation = continuations.removeValue(forKey: number)
                state = .waiting(continuations)
                return continuation
            }?.resume(returning: nil)
        }
        guard let conclusion else { throw CancellationError() }
        return conclusion
    }

    /// Whether it is known already.
    var isResolved: Bool {
        state.withLock { state in
            if case .resolved = state { true } else { false }
        }
    }

    /// Tells all who wait, now and later.
    func resolve(_ conclusion: Conclusion) {
        let continuations = state.withLock { state -> [CheckedContinuation<Conclusion?, Never>] in
            guard case .waiting(let continuations) = state else { return [] }
            state = .resolved(conclusion)
            return Array(continuations.values)
        }
        for continuation in continuations { continuation.resume(returning: conclusion) }
    }
}
