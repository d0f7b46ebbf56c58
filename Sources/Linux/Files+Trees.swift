internal import Glibc

extension Files {
    /// Removes a file, or a directory with all that is in it, where it exists; links are removed, not followed.
    ///
    /// What a container or an image has made may be nested deeper than a path can be long or than there are
    /// descriptors, and its names may be no UTF-8. So directories that are not empty are moved up to the top before they
    /// are emptied: one descriptor is open at a time, whatever the depth.
    public static func removeTree(_ path: String) throws(SystemError) {
        let (parent, name) = RootDirectory.split(path)
        let folder: Descriptor
        do { folder = try Descriptor.open(parent, [.path, .directory]) } catch  where error.code == ENOENT { return }
        try removeTree(name, in: folder.rawValue)
    }

    /// The same for a name in an open directory.
    public static func removeTree(_ name: String, in parent: Int32) throws(SystemError) {
        var pending: [[CChar]] = []
        try removeOrMove(Array(name.utf8CString), in: parent, to: parent, &pending)
        while let next = pending.popLast() {
            // unsafe because the name is a C string; it lives for the call
            let number = unsafe openat(parent, next, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let directory = Descriptor(adopting: try SystemError.check(number, "open the directory", name))
            for entry in try rawEntries(of: directory) {
                try removeOrMove(entry, in: directory.rawValue, to: parent, &pending)
            }
            // unsafe because the name is a C string; it lives for the call
            try SystemError.check(unsafe unlinkat(parent, next, AT_REMOVEDIR), "remove the directory", name)
        }
    }

    /// Removes what is no directory with something in it; such a one is moved to `top` under a new name in `pending`.
    private static func removeOrMove(
        _ name: [CChar], in directory: Int32, to top: Int32, _ pending: inout [[CChar]]
    ) throws(SystemError) {
        // unsafe because the name is a C string; it lives for the call
        if unsafe unlinkat(directory, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR else { throw .last("remove", text(name)) }
        // unsafe because the name is a C string; it lives for the call
        if unsafe unlinkat(directory, name, AT_REMOVEDIR) == 0 { return }
        guard errno == ENOTEMPTY || errno == EEXIST else { throw .last("remove the directory", text(name)) }
        let moved = ".removing-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        // unsafe because both names are C strings; they live for the call
        try SystemError.check(unsafe renameat(directory, name, top, moved), "move the directory", text(name))
        pending.append(Array(moved.utf8CString))
    }

    /// The names in a directory as they are, without `.` and `..`.
    private static func rawEntries(of directory: borrowing Descriptor) throws(SystemError) -> [[CChar]] {
        // unsafe because the stream of a directory is an opaque pointer, closed below
        guard let stream = unsafe opendir("/proc/self/fd/\(directory.rawValue)") else {
            throw .last("read the directory")
        }
        // unsafe because the stream was opened above and is closed here only
        defer { unsafe closedir(stream) }
        var names: [[CChar]] = []
        // unsafe because readdir returns a pointer that is valid until the next call
        while let entry = unsafe readdir(stream) {
            // unsafe because d_name is a C string within the entry, which is copied at once
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1))
                }
            }
            if name != [46, 0] && name != [46, 46, 0] { names.append(name) }
        }
        return names
    }

    private static func text(_ name: [CChar]) -> String {
        String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
