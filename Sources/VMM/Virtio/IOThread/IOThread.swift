internal import CLinux
internal import Glibc
internal import Linux
internal import Synchronization

/// A thread with an ``IOLoop``, on which devices use their queues.
final class IOThread: Sendable {
    /// Something to be done on the thread, by somebody who waits for it.
    private final class Job: @unchecked Sendable {
        let work: () -> Void
        let done: Semaphore
        init(_ work: @escaping () -> Void) {
            self.work = work
            done = Semaphore()
        }
    }

    private struct State {
        var waiting: [Job] = []
        var ended = false
    }

    /// What the thread begins with, and how that went.
    private final class Start: Sendable {
        let before: @Sendable () throws(SystemError) -> Void
        let failure = Mutex<SystemError?>(nil)
        let done = Semaphore()
        init(_ before: @escaping @Sendable () throws(SystemError) -> Void) { self.before = before }
    }

    /// What the thread itself needs: it may end after its owner has gone.
    private final class Core: @unchecked Sendable {
        /// Only the thread uses it once it runs, and `run` once the thread has ended.
        let loop: IOLoop
        let wake: Descriptor
        let state = Mutex(State())

        init(capacity: Int) throws(SystemError) {
            loop = try IOLoop(capacity: capacity)
            let number = bh_eventfd()
            guard number >= 0 else { throw .last("eventfd") }
            wake = Descriptor(adopting: number)
            _ = try loop.add(number, [.readable, .edge]) { [unowned self] _ in work() }
        }

        func run() {
            loop.run()
            state.withLock { $0.ended = true }
            work()
        }

        private func work() {
            let jobs = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            for job in jobs {
                job.work()
                job.done.signal()
            }
        }
    }

    private let core: Core
    private let thread = Mutex<pthread_t?>(nil)

    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - name: what `ps` shows: at most 15 bytes.
    ///   - capacity: descriptors that can be watched.
    ///   - before: done on the thread before anything else: where it takes its seccomp filter.
    /// - Throws: ``SystemError`` if there are no more threads or descriptors, or what `before` throws.
    init(
        _ name: String, capacity: Int = 128, before: @escaping @Sendable () throws(SystemError) -> Void = {}
    ) throws(SystemError) {
        core = try Core(capacity: capacity)
        let start = Start(before)
        try launch(name, start)
        start.done.wait()
        guard let failure = start.failure.withLock({ $0 }) else { return }
        stop()
        throw failure
    }

    deinit { stop() }

    private func launch(_ name: String, _ start: Start) throws(SystemError) {
        let body = ThreadBody { [core] in
            // Signals are for the thread that waits for them; a write to a socket whose other side has gone is an error.
            var all = sigset_t()
            // unsafe because the set is filled and read through a pointer to a local variable
            unsafe sigfillset(&all)
            unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
            // A name is a comfort: without it the thread does the same.
            // unsafe because the name is a C string; it lives for the call
            _ = unsafe bh_name_thread(name)
            do throws(SystemError) {
                try start.before()
            } catch {
                start.failure.withLock { $0 = error }
            }
            start.done.signal()
            core.run()
        }
        var handle = pthread_t()
        // unsafe because a thread gets one pointer: the body's, whose ownership it takes over
        let pointer = unsafe Unmanaged.passRetained(body)
        let code = unsafe pthread_create(
            &handle, nil,
            { pointer in
                // unsafe because it is the pointer that was given to pthread_create
                if let pointer = unsafe pointer {
                    unsafe Unmanaged<ThreadBody>.fromOpaque(pointer).takeRetainedValue().run()
                }
                return nil
            }, pointer.toOpaque())
        guard code == 0 else {
            unsafe pointer.release()
            throw SystemError("start the thread", name, code: code)
        }
        thread.withLock { $0 = handle }
    }

    /// Does something on the thread and waits until it is done; on the thread itself, and once it has ended, at once.
    ///
    /// Never to be called by who holds something that the thread waits for.
    func run<Result, Failure: Error>(
        _ body: @escaping (IOLoop) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if isCurrent { return try body(core.loop) }
        var outcome: Swift.Result<Result, Failure>?
        let job = Job { [loop = core.loop] in
            do throws(Failure) { outcome = .success(try body(loop)) } catch { outcome = .failure(error) }
        }
        let accepted = core.state.withLock { state in
            if !state.ended { state.waiting.append(job) }
            return !state.ended
        }
        if accepted {
            EventCounter.signal(core.wake.rawValue)
            job.done.wait()
        }
        // Without an outcome the thread has ended.
        guard let outcome else { return try body(core.loop) }
        return try outcome.get()
    }

    /// Whether the caller runs on this thread.
    var isCurrent: Bool {
        thread.withLock { thread in
            guard let thread else { return false }
            return pthread_equal(thread, pthread_self()) != 0
        }
    }

    /// Ends the thread after what it is doing, and waits for that.
    func stop() {
        guard let thread = thread.withLock({ $0 }) else { return }
        run { $0.stop() }
        if isCurrent {
            // A thread can't wait for itself.
            pthread_detach(thread)
        } else {
            pthread_join(thread, nil)
        }
        self.thread.withLock { $0 = nil }
    }
}

/// What a thread runs.
private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
