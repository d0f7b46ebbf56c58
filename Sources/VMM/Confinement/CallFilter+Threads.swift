internal import CLinux
internal import Glibc

/// What each kind of thread does once the guest runs. Nothing is opened, connected, executed or started any more.
extension CallFilter {
    private enum KVM {
        static let run: UInt32 = 0xAE80
        static let getRegisters: UInt32 = 0x8090_AE81
        static let clockWasPaused: UInt32 = 0xAEAD
    }
    /// TUNSETOFFLOAD.
    private static let tapOffloads: UInt32 = 0x4004_54D0
    private static let kick: UInt32 = 34

    /// For the threads of the processors: in the guest, or answering one of its exits. `process` is this one's number.
    static func processor(process: Int32) -> CallFilter {
        var filter = CallFilter()
        // Where it is when it can't be run on is for the message that says so.
        filter.allow(BH_CALL_IOCTL, where: .oneOf(argument: 1, [KVM.run, KVM.getRegisters]))
        // Interrupts and notifications, and words on standard error.
        filter.allow(BH_CALL_WRITE)
        // A driver that resets its device is the last that has the device's clocks.
        filter.allow(BH_CALL_CLOSE)
        filter.allowOfAll(process: process)
        return filter
    }

    /// For the I/O threads, on which devices use their queues.
    static func device(process: Int32) -> CallFilter {
        var filter = CallFilter()
        filter.allow([
            BH_CALL_EPOLL_WAIT, BH_CALL_WRITE, BH_CALL_READ, BH_CALL_PREADV, BH_CALL_PWRITEV, BH_CALL_READV,
            BH_CALL_WRITEV, BH_CALL_PREAD, BH_CALL_PWRITE, BH_CALL_FDATASYNC, BH_CALL_FALLOCATE,
            BH_CALL_TIMERFD_SETTIME, BH_CALL_TIMERFD_CREATE, BH_CALL_EPOLL_CTL, BH_CALL_EPOLL_PWAIT,
            BH_CALL_GETRANDOM, BH_CALL_CLOSE,
            // With the server of a shared folder.
            BH_CALL_SENDMSG, BH_CALL_RECVMSG, BH_CALL_POLL,
        ])
        filter.allow(BH_CALL_IOCTL, where: .oneOf(argument: 1, [tapOffloads]))
        filter.allow(BH_CALL_FCNTL, where: .oneOf(argument: 1, [UInt32(F_GETFL), UInt32(F_SETFL)]))
        filter.allowOfAll(process: process)
        return filter
    }

    /// For the supervisor's loop, on the process's first thread.
    static func supervisor(process: Int32) -> CallFilter {
        var filter = CallFilter()
        filter.allow([
            BH_CALL_EPOLL_WAIT, BH_CALL_READ, BH_CALL_WRITE, BH_CALL_EPOLL_CTL, BH_CALL_EPOLL_PWAIT, BH_CALL_POLL,
            BH_CALL_PPOLL, BH_CALL_ACCEPT4, BH_CALL_CLOSE, BH_CALL_SHUTDOWN, BH_CALL_FSTAT, BH_CALL_GETPID,
            // How much of its memory the guest has used.
            BH_CALL_MINCORE,
            // How the servers of shared folders have ended.
            BH_CALL_WAITID,
            BH_CALL_EXIT_GROUP,
        ])
        filter.allow(
            BH_CALL_FCNTL,
            where: .oneOf(argument: 1, [UInt32(F_GETFL), UInt32(F_SETFL), UInt32(F_DUPFD_CLOEXEC)]))
        filter.allow(BH_CALL_IOCTL, where: .oneOf(argument: 1, [KVM.clockWasPaused]))
        filter.allowOfAll(process: process)
        return filter
    }

    /// Memory, which is never made executable; waiting for other threads and waking them; ending.
    private mutating func allowOfAll(process: Int32) {
        allow([BH_CALL_FUTEX, BH_CALL_RT_SIGRETURN, BH_CALL_RT_SIGPROCMASK, BH_CALL_CLOCK_GETTIME])
        allow(BH_CALL_MMAP, where: .without(argument: 2, bits: UInt32(PROT_EXEC)))
        allow(BH_CALL_MPROTECT, where: .without(argument: 2, bits: UInt32(PROT_EXEC)))
        allow([
            BH_CALL_MUNMAP, BH_CALL_MREMAP, BH_CALL_MADVISE, BH_CALL_BRK, BH_CALL_GETTID, BH_CALL_SCHED_GETAFFINITY,
            BH_CALL_RESTART_SYSCALL, BH_CALL_EXIT,
        ])
        // Getting a processor out of the guest. (Its C library asks for the process's number first.)
        allow(
            BH_CALL_TGKILL, where: .oneOf(argument: 0, [UInt32(bitPattern: process)]),
            .oneOf(argument: 2, [CallFilter.kick]))
        allow(BH_CALL_GETPID)
    }
}
