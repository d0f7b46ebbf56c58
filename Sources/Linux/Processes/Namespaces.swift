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
        try join(descriptor, kinds.union(.mount))
        try Program.changeDirectory(to: root)
        // unsafe because the path is a C string; it lives for the call
        try SystemError.check(unsafe chroot("."), "chroot", "/proc/\(process)/root")
    }

    /// Gives the calling process new ones.
    public static func unshare(_ kinds: Namespaces) throws(SystemError) {
        try SystemError.check(bh_unshare(Int32(truncatingIfNeeded: kinds.rawValue)), "unshare")
    }
}

/// What `Clone.process` has made.
public enum CloneResult: ~Copyable {
    /// This is the new process.
    case child
    /// This is its parent.
    case parent(process: Int32, descriptor: ProcessDescriptor)
}

/// Makes processes that share no memory with this one.
public enum Clone {
    /// clone3(2) with new namespaces and a pidfd, like fork: it returns twice. To be called by single-threaded
    /// executables only: nothing but the calling thread exists in the new process.
    ///
    /// With `group` it is in that group of cgroup v2, if the host has that, from its first instruction on.
    public static func process(_ namespaces: Namespaces, in group: Cgroup? = nil) throws(SystemError) -> CloneResult {
        let directory = try group?.unifiedDirectory.map { path throws(SystemError) in
            try Descriptor.open(path, [.path, .directory]).release()
        }
        // Adopted only now: an optional descriptor would be closed by the first look into it.
        defer { if let directory { _ = Descriptor(adopting: directory) } }
        var pidfd: Int32 = -1
        // unsafe because the kernel stores the new descriptor through a pointer to a local number
        let pid = unsafe bh_clone3(UInt64(namespaces.rawValue), &pidfd, directory ?? -1)
        try SystemError.check(pid, "clone3")
        if pid == 0 { return .child }
        return .parent(process: pid, descriptor: ProcessDescriptor(adopting: Descriptor(adopting: pidfd)))
    }

    /// A process like the calling one, with the same parent (CLONE_PARENT): returns twice, 0 in the new one and its
    /// number in the calling one.
    public static func sibling() throws(SystemError) -> Int32 {
        try SystemError.check(bh_clone3(0x8000 /* CLONE_PARENT */, nil, -1), "clone3")
    }

    /// clone3(2) for a process whose new namespaces belong to a user namespace that exists: a child joins that and makes
    /// the process, which is a child of ours all the same (CLONE_PARENT).
    public static func process(
        _ namespaces: Namespaces, in group: Cgroup? = nil, joining user: borrowing Descriptor
    ) throws(SystemError) -> CloneResult {
        let pair = try UnixSocket.pair(.sequencedPackets)
        let result = try process([], in: group)
        switch consume result {
        case .child:
            do {
                try Namespaces.join(user.rawValue, .user)
                let number = bh_clone3(UInt64(namespaces.rawValue) | 0x8000 /* CLONE_PARENT */, nil, -1)
                try SystemError.check(number, "clone3")
                if number == 0 { return .child }
                try UnixSocket.send(Array("\(number)".utf8), over: pair.second)
            } catch {
                // Whoever reads it finds no number in it.
                _ = try? UnixSocket.send(Array("\(error)".utf8), over: pair.second)
            }
            Program.exitNow(0)
        case .parent(_, let helper):
            guard let message = try UnixSocket.receive(upTo: 4096, over: pair.first) else {
                throw SystemError("make the process in a user namespace", code: EIO)
            }
            _ = try helper.waitForEnd()
            let text = String(decoding: message.bytes, as: UTF8.self)
            guard let number = Int32(text) else { throw SystemError("make the process: \(text)", code: EPERM) }
            return .parent(process: number, descriptor: try ProcessDescriptor(process: number))
        }
    }
}
