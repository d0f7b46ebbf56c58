internal import CLinux
internal import Glibc

/// How a process ended, as the kernel tells its parent.
public enum ProcessEnd: Equatable, Sendable {
    /// It called exit with this code.
    case exited(code: Int32)
    /// This signal ended it.
    case signaled(Int32)
}

/// A pidfd: names a process without the danger that its number is used again; readable once it has ended.
public struct ProcessDescriptor: ~Copyable, Sendable {
    /// The descriptor, for epoll.
    public let descriptor: Descriptor

    /// Adopts a pidfd, as clone3 returns it.
    public init(adopting descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Opens one for the process that has this number now.
    public init(process: Int32) throws(SystemError) {
        let number = bh_pidfd_open(process, 0)
        descriptor = Descriptor(
            adopting: try RequiredCall.pidfdOpen.check(number, "open a handle on", "process \(process)"))
    }

    /// The number of the descriptor.
    public var rawValue: Int32 { descriptor.rawValue }

    /// Sends a signal; 0 only asks whether it is there.
    public func signal(_ number: Int32) throws(SystemError) { try ProcessDescriptor.signal(rawValue, number) }

    /// The same for a pidfd that belongs to somebody else.
    static func signal(_ descriptor: Int32, _ number: Int32) throws(SystemError) {
        try RequiredCall.pidfdSendSignal.check(bh_pidfd_send_signal(descriptor, number), "send signal \(number)")
    }

    /// Sends a signal, if it still runs.
    public func signalIfRunning(_ number: Int32) throws(SystemError) {
        do { try signal(number) } catch  where error.code == ESRCH {}
    }

    /// How this process's child ended, and reaps it; nil while it runs.
    public func reap() throws(SystemError) -> ProcessEnd? { try wait(options: WEXITED | WNOHANG) }

    /// Waits until this process's child has ended, and reaps it.
    public func waitForEnd() throws(SystemError) -> ProcessEnd {
        while true { if let end = try wait(options: WEXITED) { return end } }
    }

    /// Waits until this process's child has ended, at most so long, and reaps it; nil: it still runs.
    public func waitForEnd(atMost milliseconds: Int64) throws(SystemError) -> ProcessEnd? {
        let deadline = Clock.monotonicMilliseconds + milliseconds
        while true {
            if let end = try reap() { return end }
            let left = deadline - Clock.monotonicMilliseconds
            guard left > 0 else { return nil }
            try Poll.wait(rawValue, events: Int16(POLLIN), milliseconds: left)
        }
    }

    /// Waits until a process, which need be no child of this one, has ended; at most so long.
    public func waitUntilGone(atMost milliseconds: Int64 = 10_000) throws(SystemError) {
        let deadline = Clock.monotonicMilliseconds + milliseconds
        while true {
            let left = deadline - Clock.monotonicMilliseconds
            guard left > 0 else { break }
            if try Poll.wait(rawValue, events: Int16(POLLIN), milliseconds: left) { return }
        }
        throw SystemError("wait for the end of a process", code: ETIMEDOUT)
    }

    private func wait(options: Int32) throws(SystemError) -> ProcessEnd? {
        var code: Int32 = 0
        var status: Int32 = 0
        let found = try SystemError.retrying("wait") {
            // unsafe because code and status come back through pointers to two local numbers
            unsafe bh_waitid_pidfd(rawValue, options, &code, &status)
        }
        if found == 0 { return nil }
        return code == CLD_EXITED ? .exited(code: status) : .signaled(status)
    }
}
