import Glibc
import Linux

/// Making files by descriptor and last name: nothing here follows a symbolic link.
enum FileTree {
    private static func check(_ result: Int32, _ step: String, _ name: String) throws(SystemError) {
        guard result >= 0 else { throw .last(step, name) }
    }

    /// The path of what a descriptor stands for, for calls that take no O_PATH descriptor.
    private static func path(of descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

    static func makeFile(in parent: Int32, name: String) throws(SystemError) -> Descriptor {
        let number = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0o600)
        try check(number, "make the file", name)
        return Descriptor(adopting: number)
    }

    /// Makes a directory, or opens the one that is there.
    static func makeDirectory(in parent: Int32, name: String) throws(SystemError) -> Descriptor {
        if mkdirat(parent, name, 0o700) < 0, errno != EEXIST { throw .last("make the directory", name) }
        let number = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        try check(number, "open the directory", name)
        return Descriptor(adopting: number)
    }

    static func makeLink(in parent: Int32, name: String, to target: String) throws(SystemError) {
        try check(symlinkat(target, parent, name), "make the link", name)
    }

    static func makeHardLink(from folder: Int32, name: String, to parent: Int32, name newName: String)
        throws(SystemError)
    {
        try check(linkat(folder, name, parent, newName, 0), "make the link", newName)
    }

    static func makeNode(in parent: Int32, name: String, mode: UInt32, major: UInt32, minor: UInt32) throws(SystemError)
    {
        let device =
            UInt(major & 0xfff) << 8 | UInt(major & ~0xfff) << 32 | UInt(minor & 0xff) | UInt(minor & ~0xff) << 12
        try check(mknodat(parent, name, mode | 0o600, device), "make the node", name)
    }

    static func setOwner(of file: borrowing Descriptor, user: UInt32, group: UInt32) throws(SystemError) {
        try check(chown(path(of: file.rawValue), user, group), "change the owner", "")
    }

    static func setOwner(in parent: Int32, name: String, user: UInt32, group: UInt32) throws(SystemError) {
        try check(fchownat(parent, name, user, group, AT_SYMLINK_NOFOLLOW), "change the owner", name)
    }

    static func setPermissions(of file: borrowing Descriptor, _ permissions: UInt32) throws(SystemError) {
        try check(chmod(path(of: file.rawValue), permissions), "change the permissions", "")
    }

    /// Of a node just made by us, in a directory that nobody else writes to.
    static func setPermissions(in parent: Int32, name: String, _ permissions: UInt32) throws(SystemError) {
        try check(fchmodat(parent, name, permissions, 0), "change the permissions", name)
    }

    static func setTimes(of file: borrowing Descriptor, _ time: (seconds: Int64, nanoseconds: Int64))
        throws(SystemError)
    {
        let times = [
            timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)),
            timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)),
        ]
        try check(utimensat(AT_FDCWD, path(of: file.rawValue), times, 0), "change the time", "")
    }

    static func setTimes(in parent: Int32, name: String, _ time: (seconds: Int64, nanoseconds: Int64))
        throws(SystemError)
    {
        let times = [
            timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)),
            timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)),
        ]
        try check(utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW), "change the time", name)
    }

    /// What a name in a layer stands for.
    enum Presence {
        case nothing, directory, whiteout, other
    }

    /// Looks a name up, links not followed.
    static func presence(of name: String, in parent: Int32) -> Presence {
        var status = stat()
        guard fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return .nothing }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .directory
        case S_IFCHR where status.st_rdev == 0: return .whiteout
        default: return .other
        }
    }
}

extension Descriptor {
    /// Writes all bytes at an offset.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
        // an archive's map of holes may say anything
        guard offset >= 0, !offset.addingReportingOverflow(Int64(bytes.count)).overflow else {
            throw SystemError("write", code: EFBIG)
        }
        var done = 0
        while done < bytes.count {
            let count = pwrite(rawValue, bytes.baseAddress?.advanced(by: done), bytes.count - done, Int(offset) + done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .last("write") }
            done += count
        }
    }

    /// Cuts or extends the file to a size in bytes.
    func setSize(_ size: Int64) throws(SystemError) {
        guard ftruncate(rawValue, Int(size)) == 0 else { throw .last("set the size") }
    }
}
