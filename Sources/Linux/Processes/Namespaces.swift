internal import CLinux
internal import Glibc

/// Namespaces, as the flags of clone3, setns and unshare.
public struct Namespaces: OptionSet, Sendable, Hashable {
    /// The kernel's CLONE_NEW* bits.
    public let rawValue: UInt32
    /// From the kernel's bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Mounts.
    public static let mount = Namespaces(rawValue: 0x0002_0000)
    /// The view of the control groups.
    public static let cgroup = Namespaces(rawValue: 0x0200_0000)
    /// Host name and domain name.
    public static let uts = Namespaces(rawValue: 0x0400_0000)
    /// System V and POSIX message queues, semaphores, shared memory.
    public static let ipc = Namespaces(rawValue: 0x0800_0000)
    /// Users and capabilities.
    public static let user = Namespaces(rawValue: 0x1000_0000)
    /// Process numbers.
    public static let pid = Namespaces(rawValue: 0x2000_0000)
    /// The network.
    public static let network = Namespaces(rawValue: 0x4000_0000)

    /// Clocks.
    public static let time = Namespaces(rawValue: 0x0000_0080)

    /// Joins a namespace, or with a pidfd those of that process which are in `kinds`.
    public static func join(_ descriptor: Int32, _ kinds: Namespaces) throws(SystemError) {
        try SystemError.check(bh_setns(descriptor, Int32(truncatingIfNeeded: kinds.rawValue)), "setns")
    }

    /// Joins those of a process, its mounts among them, and takes its root: setns(2) alone takes the root of the mount
    /// namespace, which is not the process's where the machine began in an initial file system.
    ///
    /// - Parameters:
    ///   - descriptor: the pidfd of the process.
    ///   - process: its number, as /proc has it.
    public static func joinWithRoot(
        _ descriptor: Int32, process: Int32, _ kinds: Namespaces
    ) throws(SystemError) {
        let root = try Descriptor.open("/proc/\(process)/root", [.path, .directory])
        do { try join(descriptor, kinds.union(.mount)) } catch  where error.code == EINVAL {
            // Before Linux 5.8 a pidfd stands for no namespaces.
            try joinOneByOne(descriptor, process: process, kinds.union(.mount))
        }
        try Program.changeDirectory(to: root)
        // unsafe because the path is a C string; it lives for the call
        try SystemError.check(unsafe chroot("."), "chroot", "/proc/\(process)/root")
    }

    /// Those of the calling process in which another process is, too.
    public static func shared(with process: Int32) -> Namespaces {
        let names: [(Namespaces, String)] = [
            (.mount, "mnt"), (.cgroup, "cgroup"), (.uts, "uts"), (.ipc, "ipc"), (.user, "user"), (.pid, "pid"),
            (.network, "net"), (.time, "time"),
        ]
        return names.reduce(into: []) { shared, entry in
            // A kind that the kernel does not have is shared by all.
            let own = FileStatus("/proc/self/ns/\(entry.1)")?.inode
            if own == FileStatus("/proc/\(process)/ns/\(entry.1)")?.inode { shared.insert(entry.0) }
        }
    }

    /// Gives the calling process new ones.
    public static func unshare(_ kinds: Namespaces) throws(SystemError) {
        try SystemError.check(bh_unshare(Int32(truncatingIfNeeded: kinds.rawValue)), "unshare")
    }

    /// Gives the processes that the calling one will make a new time namespace (Linux 5.6).
    public static func unshareTime() throws(SystemError) {
        do { try unshare(.time) } catch  where error.code == EINVAL {
            throw SystemError("a time namespace needs Linux 5.6 or later", code: ENOTSUP)
        }
    }
}
