internal import CLinux
internal import Glibc
internal import Linux

/// A thread of its own for what blocks; joined exactly once, when its owner goes away.
struct Thread: ~Copyable, Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let handle: pthread_t

    /// Starts it. `name` is what debuggers and `ps` show: at most 15 bytes count.
    init(_ name: String, _ run: @escaping @Sendable () -> Void) throws(VMMError) {
        let named = Body {
            // A name is a comfort: without it the thread does the same.
            // unsafe because the name is a C string; it lives for the call
            _ = unsafe bh_name_thread(name)
            // The only error is a signal that does not exist.
            _ = bh_kvm_accept_kicks()
            run()
        }
        // unsafe because a thread gets one pointer: the body's, whose ownership it takes over
        let body = unsafe Unmanaged.passRetained(named)
        var handle = pthread_t()
        let code = unsafe pthread_create(
            &handle, nil,
            { pointer in
                // unsafe because it is the pointer that was given to pthread_create
                guard let pointer = unsafe pointer else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            unsafe body.release()
            throw VMMError(.system, "start the thread \(name): \(SystemError.reason(of: code))")
        }
        self.handle = handle
    }

    /// Waits until it has ended.
    consuming func join() {}

    deinit {
        pthread_join(handle, nil)
    }

    /// Interrupts the system call that it is in, if it is in one. ``catchInterruptions()`` must have been called.
    func interrupt() {
        // The only error is a thread that has ended, which needs no interruption.
        _ = bh_kvm_kick(handle)
    }

    /// Makes ``interrupt()`` harmless for this process.
    static func catchInterruptions() throws(VMMError) {
        try VMMError.check(bh_kvm_catch_kicks(), "catch the signal that interrupts threads")
    }

    /// How long it has run, in nanoseconds; 0 once it has ended.
    var processorNanoseconds: UInt64 {
        var clock = clockid_t()
        var time = timespec()
        // unsafe because clock and time come back through pointers to local variables
        guard unsafe pthread_getcpuclockid(handle, &clock) == 0, unsafe clock_gettime(clock, &time) == 0 else {
            return 0
        }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
