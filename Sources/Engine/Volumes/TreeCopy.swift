import Glibc
import Linux

/// Copies a directory's content with owners, modes, times and links, as a new volume is filled
/// from an image. The source is a layer of an image, which nothing changes.
enum TreeCopy {
    /// Copies what is in `source` to the directory `target`, which exists, and its own owner and mode as well.
    static func copyContent(of source: String, to target: String) throws(SystemError) {
        for name in try Files.entries(of: source) { try copy("\(source)/\(name)", to: "\(target)/\(name)") }
        guard let status = status(of: source + "/.") else { throw SystemError.last("stat", source) }
        try copyProperties(status, to: target)
    }

    private static func status(of path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }

    private static func copy(_ source: String, to target: String) throws(SystemError) {
        guard let status = status(of: source) else { throw SystemError.last("stat", source) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            try Files.makeDirectory(target, mode: 0o700)
            for name in try Files.entries(of: source) { try copy("\(source)/\(name)", to: "\(target)/\(name)") }
        case S_IFREG: try copyFile(source, to: target)
        case S_IFLNK:
            try copyLink(source, to: target)
            _ = lchown(target, status.st_uid, status.st_gid)
            return
        case S_IFCHR, S_IFBLK, S_IFIFO:
            guard mknod(target, status.st_mode, status.st_rdev) == 0 else { throw .last("make the node", target) }
        default: return
        }
        try copyProperties(status, to: target)
    }

    private static func copyFile(_ source: String, to target: String) throws(SystemError) {
        let input = try Descriptor.open(source, .noFollow)
        let output = try Descriptor.open(target, [.writeOnly, .create, .exclusive, .noFollow], mode: 0o600)
        while case .bytes(let bytes) = try input.read(upTo: 1 << 20) { try output.writeAll(bytes) }
    }

    private static func copyLink(_ source: String, to target: String) throws(SystemError) {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = readlink(source, &buffer, 4096)
        guard count >= 0 else { throw .last("read the link", source) }
        guard symlink(buffer, target) == 0 else { throw .last("link", target) }
    }

    private static func copyProperties(_ status: stat, to target: String) throws(SystemError) {
        guard lchown(target, status.st_uid, status.st_gid) == 0 else { throw .last("change the owner of", target) }
        guard chmod(target, status.st_mode & 0o7777) == 0 else { throw .last("change the mode of", target) }
        let times = [status.st_atim, status.st_mtim]
        guard utimensat(AT_FDCWD, target, times, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw .last("set the times of", target)
        }
    }
}
