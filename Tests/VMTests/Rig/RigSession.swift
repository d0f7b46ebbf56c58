import Dispatch
import Synchronization
import Testing

/// One rig that several tests use, one after the other, on the rig's own thread.
final class RigSession: Sendable {
    private struct Job: Sendable {
        /// Does it; gives the error where the rig failed and another one is to follow.
        let run: @Sendable (inout Rig, _ isLast: Bool) -> RigError?
        let refuse: @Sendable (any Error) -> Void
    }
    private struct State {
        var jobs: [Job] = []
        var isOver = false
        var failure: (any Error)?
    }

    private let state = Mutex(State())
    private let changed = DispatchSemaphore(value: 0)
    /// The machine that the tests of devices share; started by the first that wants it.
    let machine = Mutex<Result<RigMachine, any Error>?>(nil)

    /// The rig of the suite that runs.
    @TaskLocal static var current: RigSession?

    /// Does something with the rig of the suite (``RigScope``).
    static func use<R: Sendable>(
        _ body: @escaping @Sendable (inout Rig, RigSession) throws -> R
    ) async throws -> R {
        let session = try #require(RigSession.current, "the suite has no rig: it lacks the trait")
        return try await session.use { rig in try body(&rig, session) }
    }

    private func use<R: Sendable>(_ body: @escaping @Sendable (inout Rig) throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            let job = Job { rig, isLast in
                let result = Result { try body(&rig) }
                if case .failure(let error) = result {
                    if !isLast, let error = error as? RigError, error.isRigsOwn { return error }
                    self.failed(error)
                }
                continuation.resume(with: result)
                return nil
            } refuse: {
                continuation.resume(throwing: $0)
            }
            let refusal: (any Error)? = state.withLock { state in
                if state.isOver { return state.failure ?? RigError(description: "the rig has ended") }
                state.jobs.append(job)
                return nil
            }
            if let refusal { job.refuse(refusal) } else { changed.signal() }
        }
    }

    private func failed(_ error: any Error) { state.withLock { $0.failure = $0.failure ?? error } }

    /// Does what the tests ask for until the session is over.
    ///
    /// - Throws: the first error of any of them, so that the rig's logs stay; that of the rig at once, where another one
    ///   follows, which then begins with the test that this one could not end.
    fileprivate func serve(_ rig: inout Rig, isLast: Bool) throws {
        while true {
            changed.wait()
            let (jobs, isOver) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isOver)
            }
            for (index, job) in jobs.enumerated() {
                guard let lost = job.run(&rig, isLast) else { continue }
                state.withLock { $0.jobs.insert(contentsOf: jobs[index...], at: 0) }
                machine.withLock { $0 = nil }
                changed.signal()
                throw lost
            }
            if isOver { break }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// No test comes any more; or the rig could not be booted, and nobody's wish is fulfilled.
    fileprivate func end(_ failure: (any Error)? = nil) {
        let left = state.withLock { state in
            state.isOver = true
            state.failure = state.failure ?? failure
            defer { if failure != nil { state.jobs = [] } }
            return failure == nil ? [] : state.jobs
        }
        if let failure { for job in left { job.refuse(failure) } }
        changed.signal()
    }
}

/// Boots a rig for a suite's tests and ends it behind them.
struct RigScope: SuiteTrait, TestScoping {
    let options: @Sendable () throws -> RigOptions

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let session = RigSession()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await Rig.runAgain(try options()) { rig, isLast in try session.serve(&rig, isLast: isLast) }
                } catch {
                    session.end(error)
                    throw error
                }
            }
            try await RigSession.$current.withValue(session) { try await function() }
            session.end()
            try await group.waitForAll()
        }
    }
}

extension Trait where Self == RigScope {
    /// The suite's tests share a rig: ``RigSession/use(_:)``.
    static func rig(_ options: @escaping @Sendable () throws -> RigOptions) -> Self { Self(options: options) }
}
