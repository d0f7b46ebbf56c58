internal import CLinux
internal import Glibc

/// What the kernel says about a file.
public struct FileStatus: Equatable, Sendable {
    /// What kind of file it is.
    public enum Kind: Sendable { case file, directory, link, characterDevice, blockDevice, pipe, socket, other }

    /// The kind.
    public let kind: Kind
    /// The permission bits.
    public let permissions: UInt32
    /// Owner and group.
    public let user: UInt32
    /// The group's number.
    public let group: UInt32
    /// The size in bytes.
    public let size: Int64
    /// The file system and the number within it: together they name the file.
    public let device: UInt64
    /// The number within the file system.
    public let inode: UInt64
    /// Which device a device node stands for.
    public let deviceNumber: UInt64
    /// When its content was changed last, in nanoseconds since 1970.
    public let modifiedAt: Int64

    /// Of what a path leads to, or nil where there is nothing.
    public init?(_ path: String) {
        var status = stat()
        // unsafe because the path is a C string and the status comes back through a pointer to a local structure
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of an open file.
    public init(of descriptor: Int32) throws(SystemError) {
        var status = stat()
        // unsafe because the status comes back through a pointer to a local structure
        try SystemError.check(unsafe fstat(descriptor, &status), "fstat")
        self.init(status)
    }

    private init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            case S_IFCHR: .characterDevice
            case S_IFBLK: .blockDevice
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            default: .other
            }
        permissions = status.st_mode & 0o7777
        user = status.st_uid
        group = status.st_gid
        size = Int64(status.st_size)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        deviceNumber = UInt64(status.st_rdev)
        modifiedAt = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }
}
