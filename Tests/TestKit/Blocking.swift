internal import Foundation
internal import Synchronization
public import Testing

/// Tests that wait for programs, sockets or the kernel, run on threads of their own.
///
/// ```swift
/// @Suite(.blocking) struct RuntimeTests { … }
/// ```
///
/// A test that waits holds its thread. The concurrency pool has one thread a core: on two cores, two tests that wait
/// would keep every asynchronous test, and the server that it asks, from going on.
public struct Blocking: SuiteTrait, TestTrait, TestScoping {
    /// It holds for all tests within a suite.
    public var isRecursive: Bool { true }

    /// Runs a test on one of the threads.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(WaitingThreads.shared) { try await function() }
    }
}

extension Trait where Self == Blocking {
    /// The tests wait for something outside of Swift's concurrency.
    public static var blocking: Self { Self() }
}

/// Threads that may wait, as many as are useful at once on a small machine.
private final class WaitingThreads: TaskExecutor {
    static let shared = WaitingThreads(count: 4)

    private let jobs = Mutex<[UnownedJob]>([])
    private let waiting = DispatchSemaphore(value: 0)

    private init(count: Int) {
        for _ in 0..<count { Thread.detachNewThread { [unowned self] in work() } }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        waiting.signal()
    }

    private func work() {
        while true {
            waiting.wait()
            jobs.withLock { $0.removeFirst() }.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
