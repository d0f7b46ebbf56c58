internal import Glibc

extension Files {
    /// Copies what is in a directory to another one, which exists, with owners, modes, times and links, and the
    /// directory's own owner and mode as well. Nobody may change either meanwhile; sockets are left out.
    public static func copyContent(of source: String, to target: String) throws(SystemError) {
        for name in try entries(of: source) { try copy("\(source)/\(name)", to: "\(target)/\(name)") }
        try copyProperties(try linkStatus(of: source + "/."), to: target + "/.")
    }

    private static func linkStatus(of path: String) throws(SystemError) -> stat {
        var status = stat()
        // unsafe because the path is a C string and the status a local value; both live for the call
        try SystemError.check(unsafe lstat(path, &status), "stat", path)
        return status
    }

    private static func copy(_ source: String, to target: String) throws(SystemError) {
        let status = try linkStatus(of: source)
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            try makeDirectory(target, mode: 0o700)
            for name in try entries(of: source) { try copy("\(source)/\(name)", to: "\(target)/\(name)") }
        case S_IFREG: try copyFile(source, to: target)
        case S_IFLNK:
            try copyLink(source, to: target)
            // unsafe because the path is a C string; it lives for the call
            try SystemError.check(
                unsafe lchown(target, status.st_uid, status.st_gid), "change the owner of", target)
            return
        case S_IFCHR, S_IFBLK, S_IFIFO:
            // unsafe because the path is a C string; it lives for the call
            try SystemError.check(unsafe mknod(target, status.st_mode, status.st_rdev), "make the node", target)
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
        // unsafe because readlink fills the array through a pointer, all but the zero at its end
        try SystemError.check(unsafe readlink(source, &buffer, 4096), "read the link", source)
        // unsafe because both are C strings; they live for the call
        try SystemError.check(unsafe symlink(buffer, target), "link", target)
    }

    private static func copyProperties(_ status: stat, to target: String) throws(SystemError) {
        // unsafe because the path is a C string; it lives for the call
        try SystemError.check(unsafe lchown(target, status.st_uid, status.st_gid), "change the owner of", target)
        // unsafe because the path is a C string; it lives for the call
        try SystemError.check(unsafe chmod(target, status.st_mode & 0o7777), "change the mode of", target)
        let times = [status.st_atim, status.st_mtim]
        // unsafe because the path is a C string, and the array has the two times that the call reads
        try SystemError.check(
            unsafe utimensat(AT_FDCWD, target, times, AT_SYMLINK_NOFOLLOW), "set the times of", target)
    }
}
