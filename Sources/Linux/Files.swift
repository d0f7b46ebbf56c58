internal import CLinux
internal import Glibc

/// Whole files and directories by path.
public enum Files {
    /// All bytes of a file, at most `limit`.
    public static func read(_ path: String, limit: Int = 1 << 26) throws(SystemError) -> [UInt8] {
        let file = try Descriptor.open(path)
        do { return try file.readAll(limit: limit) } catch { throw SystemError("read", path, code: error.code) }
    }

    /// A file as text; bytes that are no UTF-8 are replaced.
    public static func readText(_ path: String) throws(SystemError) -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    /// Writes to a file, made or emptied first; nothing is synced.
    public static func write(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(SystemError) {
        let file = try Descriptor.open(path, [.writeOnly, .create, .truncate], mode: mode)
        do { try file.writeAll(bytes) } catch { throw SystemError("write", path, code: error.code) }
    }

    /// Writes to a file that must be there, in one write, as kernel interfaces want it.
    public static func set(_ path: String, _ text: String) throws(SystemError) {
        let file = try Descriptor.open(path, .writeOnly)
        do { try file.writeAll(text) } catch { throw SystemError("write", path, code: error.code) }
    }

    /// Replaces a file so that after a power cut either the old or the new content is there, whole.
    public static func writeDurably(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(SystemError) {
        let temporary = "\(path).\(getpid()).new"
        do {
            let file = try Descriptor.open(temporary, [.writeOnly, .create, .truncate], mode: mode)
            try file.writeAll(bytes)
            try file.synchronize()
        } catch {
            // The temporary file is only removed for tidiness; the error that matters is the one before.
            try? remove(temporary)
            throw SystemError(error.operation, path, code: error.code)
        }
        try rename(temporary, to: path)
        let directory = try Descriptor.open(parent(of: path), .directory)
        try directory.synchronize()
    }

    /// Renames, replacing what has the new name.
    public static func rename(_ path: String, to newPath: String) throws(SystemError) {
        // unsafe because the paths are C strings; they live for the call
        try SystemError.check(unsafe Glibc.rename(path, newPath), "rename", path)
    }

    /// Removes a file.
    public static func remove(_ path: String) throws(SystemError) {
        // unsafe because the path is a C string; it lives for the call
        try SystemError.check(unsafe unlink(path), "remove", path)
    }

    /// Removes a file, if it is there.
    public static func removeIfThere(_ path: String) throws(SystemError) {
        do { try remove(path) } catch  where error.code == ENOENT {}
    }

    /// Removes an empty directory, if it is there.
    public static func removeDirectoryIfThere(_ path: String) throws(SystemError) {
        do { try removeDirectory(path) } catch  where error.code == ENOENT {}
    }

    /// Removes an empty directory.
    public static func removeDirectory(_ path: String) throws(SystemError) {
        // unsafe because the path is a C string; it lives for the call
        try SystemError.check(unsafe rmdir(path), "remove", path)
    }

    /// Makes a directory, which must not exist.
    public static func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        // unsafe because the path is a C string; it lives for the call
        try SystemError.check(unsafe mkdir(path, mode), "make the directory", path)
    }

    /// Makes a directory and those above it that are missing.
    public static func makeDirectories(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        do {
            try makeDirectory(path, mode: mode)
        } catch  where error.code == ENOENT && path != parent(of: path) {
            try makeDirectories(parent(of: path), mode: mode)
            do { try makeDirectory(path, mode: mode) } catch  where error.code == EEXIST {}
        } catch  where error.code == EEXIST {
            guard isDirectory(path) else { throw error }
        }
    }

    /// Whether the path leads to something.
    public static func exists(_ path: String) -> Bool {
        // unsafe because the path is a C string; it lives for the call
        unsafe access(path, F_OK) == 0
    }

    /// Whether the path leads to a directory.
    public static func isDirectory(_ path: String) -> Bool {
        FileStatus(path)?.kind == .directory
    }

    /// The names in a directory, without `.` and `..`, in no order.
    public static func entries(of path: String) throws(SystemError) -> [String] {
        // unsafe because the stream of a directory is an opaque pointer, closed below
        guard let stream = unsafe opendir(path) else { throw .last("open", path) }
        // unsafe because the stream was opened above and is closed here only
        defer { unsafe closedir(stream) }
        var names: [String] = []
        // unsafe because readdir returns a pointer that is valid until the next call
        while let entry = unsafe readdir(stream) {
            // unsafe because d_name is a C string within the entry, which is copied at once
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// What a symbolic link says.
    public static func target(ofLink path: String) throws(SystemError) -> String {
        var bytes = [CChar](repeating: 0, count: 4096)
        // unsafe because readlink fills the array through a pointer; it says how many bytes are valid
        let count = try SystemError.check(unsafe readlink(path, &bytes, bytes.count), "read the link", path)
        return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The names in a path, without empty ones and `.`; `..` is a name like any other.
    public static func names(in path: String) -> [String] {
        // By bytes: a slash is never part of another character, and looking for characters takes ten times as long.
        let bytes = path.utf8
        var names: [String] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
            let name = String(Substring(bytes[start..<end]))
            if !name.isEmpty && name != "." { names.append(name) }
            start = end < bytes.endIndex ? bytes.index(after: end) : end
        }
        return names
    }

    /// A path that begins at the root, with one slash before each of its names.
    public static func absolute(_ names: [String]) -> String {
        var path = ""
        for name in names {
            path += "/"
            path += name
        }
        return path.isEmpty ? "/" : path
    }

    /// The directory part of a path.
    public static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
