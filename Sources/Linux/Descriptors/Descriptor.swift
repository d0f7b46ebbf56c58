internal import CLinux
internal import Glibc

/// An open file descriptor, closed exactly once: when its owner goes away.
///
/// Every descriptor made in this module closes on exec.
@frozen public struct Descriptor: ~Copyable, Sendable {
    // It is frozen because Embedded Swift compiles the `discard` below into other modules.

    /// The number, for as long as this value lives.
    public let rawValue: Int32

    /// Takes over the duty to close `rawValue`.
    public init(adopting rawValue: Int32) { self.rawValue = rawValue }

    deinit { close(rawValue) }

    /// Gives the duty to close away: the number stays open.
    public consuming func release() -> Int32 {
        let number = rawValue
        discard self
        return number
    }

    /// Another descriptor of the same open file.
    public func duplicate() throws(SystemError) -> Descriptor {
        try Descriptor.duplicating(rawValue)
    }

    /// Another descriptor of the open file that `number`, which belongs to somebody else, stands for.
    public static func duplicating(_ number: Int32, atLeast lowest: Int32 = 3) throws(SystemError) -> Descriptor {
        Descriptor(adopting: try SystemError.check(bh_fcntl(number, F_DUPFD_CLOEXEC, Int(lowest)), "dup"))
    }

    /// Whether the descriptor is closed when this process executes a program.
    public func setCloseOnExec(_ on: Bool) throws(SystemError) {
        try SystemError.check(bh_fcntl(rawValue, F_SETFD, on ? Int(FD_CLOEXEC) : 0), "fcntl")
    }

    /// Whether calls return at once where they would have to wait.
    public func setNonblocking(_ on: Bool) throws(SystemError) {
        let flags = try SystemError.check(bh_fcntl(rawValue, F_GETFL, 0), "fcntl")
        let wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
        try SystemError.check(bh_fcntl(rawValue, F_SETFL, Int(wanted)), "fcntl")
    }
}

/// How a file is opened: the flags of open(2).
public struct OpenFlags: OptionSet, Sendable {
    /// The kernel's bits.
    public let rawValue: Int32
    /// From the kernel's bits.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// Read only: the default.
    public static let readOnly = OpenFlags([])
    /// Write only.
    public static let writeOnly = OpenFlags(rawValue: O_WRONLY)
    /// Read and write.
    public static let readWrite = OpenFlags(rawValue: O_RDWR)
    /// Made where it is missing.
    public static let create = OpenFlags(rawValue: O_CREAT)
    /// An error where it exists.
    public static let exclusive = OpenFlags(rawValue: O_EXCL)
    /// Emptied.
    public static let truncate = OpenFlags(rawValue: O_TRUNC)
    /// Every write goes to the end.
    public static let append = OpenFlags(rawValue: O_APPEND)
    /// An error unless it is a directory.
    public static let directory = OpenFlags(rawValue: O_DIRECTORY)
    /// An error if it is a symbolic link (with `path`: the link itself).
    public static let noFollow = OpenFlags(rawValue: O_NOFOLLOW)
    /// Never waits.
    public static let nonblocking = OpenFlags(rawValue: O_NONBLOCK)
    /// Does not become the controlling terminal.
    public static let noControllingTerminal = OpenFlags(rawValue: O_NOCTTY)
    /// A handle on the path only, not on what is in the file (O_PATH).
    public static let path = OpenFlags(rawValue: 0o10000000)
}

extension Descriptor {
    /// Opens a path, with `mode` for a file that is made.
    public static func open(
        _ path: String, _ flags: OpenFlags = .readOnly, mode: UInt32 = 0o666
    ) throws(SystemError) -> Descriptor {
        let number = try SystemError.retrying("open", path) {
            // unsafe because the path is a C string; it lives for the call
            unsafe Glibc.open(path, flags.rawValue | O_CLOEXEC, mode)
        }
        return Descriptor(adopting: number)
    }

    /// Opens a path relative to the directory that this descriptor stands for.
    public func open(
        at path: String, _ flags: OpenFlags = .readOnly, mode: UInt32 = 0o666
    ) throws(SystemError) -> Descriptor {
        let number = try SystemError.retrying("open", path) {
            // unsafe because the path is a C string; it lives for the call
            unsafe openat(rawValue, path, flags.rawValue | O_CLOEXEC, mode)
        }
        return Descriptor(adopting: number)
    }
}

extension Descriptor {
    /// A file in memory; `sealable`: its content can be made unchangeable.
    public static func memory(_ name: String, sealable: Bool = false) throws(SystemError) -> Descriptor {
        // unsafe because the name is a C string; it lives for the call
        let number = unsafe bh_memfd(name, sealable ? 2 : 0)
        return Descriptor(adopting: try SystemError.check(number, "memfd_create", name))
    }
}
