internal import CLinux

/// What kind of file system something is on.
public struct FileSystemType: Sendable, Equatable {
    /// The kernel's number of it (linux/magic.h).
    public let number: UInt64

    /// The one that a path is on; 0 where there is nothing at the path.
    public init(of path: String) {
        // unsafe because the path is a C string; it lives for the call
        number = unsafe bh_file_system_type(path)
    }

    /// As Docker names it; nil where it has no name for it.
    public var name: String? {
        switch number {
        case 0xEF53: "extfs"
        case 0x5846_5342: "xfs"
        case 0x9123_683E: "btrfs"
        case 0x0102_1994: "tmpfs"
        case 0x794C_7630: "overlayfs"
        case 0x2FC1_2FC1: "zfs"
        case 0xF2F5_2010: "f2fs"
        default: nil
        }
    }

    /// Whether it is one of files in memory: tmpfs, or ramfs, which the initial RAM disk is.
    public var isInMemory: Bool { number == 0x0102_1994 || number == 0x8584_58F6 }

    /// The kernel's processes: what /proc should be.
    public static let processes = FileSystemType(number: 0x9FA0)

    private init(number: UInt64) { self.number = number }

    /// Control groups, version 1: one controller's tree.
    static let cgroup: UInt64 = 0x27_E0EB
    /// Control groups, version 2.
    static let cgroup2: UInt64 = 0x6367_7270
}
