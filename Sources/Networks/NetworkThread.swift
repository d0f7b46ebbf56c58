internal import Foundation
internal import Linux
internal import Synchronization

/// A thread of its own for one network: requests to the kernel wait for a lock that is held for tens of milliseconds
/// while a namespace is taken down, and must not hold up the pool that all tasks share meanwhile. It is also what puts
/// a network into a namespace, which is a property of a thread.
final class NetworkThread: SerialExecutor, Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var isRunning = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let name: String
    private let namespace: String?

    init(name: String, namespace: String?) {
        self.name = name
        self.namespace = namespace
    }

    /// Joins the namespace; to be called on the thread itself.
    func join() throws(SystemError) {
        guard let namespace else { return }
        let descriptor = try Descriptor.open(namespace)
        try Namespaces.join(descriptor.rawValue, .network)
    }

    /// Runs the job on the thread, which is started with the first one.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let starts = state.withLock { state in
            state.jobs.append(job)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if starts {
            let thread = Thread { [self] in run() }
            thread.name = name
            thread.stackSize = 512 << 10
            thread.start()
        }
        wake.signal()
    }

    /// Ends the thread once what has been enqueued is done.
    func stop() {
        state.withLock { $0.isStopped = true }
        wake.signal()
    }

    private func run() {
        while true {
            wake.wait()
            let (jobs, isStopped) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isStopped)
            }
            for job in jobs { unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
            if isStopped && jobs.isEmpty { return }
        }
    }
}
