internal import CLinux
internal import Glibc

/// A directory that is the root for every path looked up in it: symbolic links and `..` never lead out (openat2 with
/// RESOLVE_IN_ROOT, or ``RootWalk`` where the kernel has no openat2), and links of /proc that would are not followed.
public struct RootDirectory: ~Copyable, Sendable {
    /// A handle on the directory.
    public let descriptor: Descriptor

    private static let inRoot: UInt64 = 0x10 | 0x02
    private static let noLinks: UInt64 = 0x04

    /// Opens the directory at a path of the host.
    public init(_ path: String) throws(SystemError) {
        descriptor = try Descriptor.open(path, [.path, .directory])
    }

    /// Takes a handle over.
    public init(adopting descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Opens a path within.
    public func open(_ path: String, _ flags: OpenFlags, mode: UInt32 = 0) throws(SystemError) -> Descriptor {
        try open(path, flags, mode: mode, resolve: RootDirectory.inRoot)
    }

    private func open(
        _ path: String, _ flags: OpenFlags, mode: UInt32, resolve: UInt64
    ) throws(SystemError) -> Descriptor {
        guard !NewerCall.openat2.isMissing else { return try walk(path, flags, mode, resolve) }
        // EAGAIN: something on this machine was renamed or mounted while a ".." was looked up, so that the kernel can't
        // say whether that has left the root. Anybody can make that last, so there is an end to the attempts.
        for _ in 0..<RootDirectory.attempts {
            do {
                let number = try SystemError.retrying("open", path) {
                    // unsafe because the path is a C string; it lives for the call
                    unsafe bh_openat2(
                        descriptor.rawValue, path, UInt64(UInt32(bitPattern: flags.rawValue | O_CLOEXEC)), UInt64(mode),
                        resolve)
                }
                return Descriptor(adopting: number)
            } catch  where error.code == EAGAIN {
            } catch  where NewerCall.openat2.isMissing(after: error.code) {
                return try walk(path, flags, mode, resolve)
            }
        }
        throw SystemError("open", path, code: EAGAIN)
    }

    private func walk(
        _ path: String, _ flags: OpenFlags, _ mode: UInt32, _ resolve: UInt64
    ) throws(SystemError) -> Descriptor {
        let limits: RootWalk.Limits = resolve & RootDirectory.noLinks == 0 ? [] : .noLinks
        return try RootWalk.open(path, in: descriptor, flags, mode: mode, limits)
    }

    static let attempts = 256

    /// A handle on what a path within leads to; nil where there is nothing.
    public func find(_ path: String) throws(SystemError) -> Descriptor? {
        do { return try open(path, .path) } catch  where error.code == ENOENT || error.code == ENOTDIR { return nil }
    }

    /// A handle on a directory within, made with all that is missing above it.
    ///
    /// A symbolic link whose target is missing is followed too, within the root: the target is what is made.
    public func makeDirectories(
        _ path: String, mode: UInt32 = 0o755, linksLeft: Int = 40
    ) throws(SystemError) -> Descriptor {
        // A name right below is not even looked for: who asks for it has most probably just made the root.
        let isDeep = path.utf8.contains(UInt8(ascii: "/"))
        if !isDeep, let made = try makeNew(path, in: descriptor, mode, path) { return made }
        if let found = try find(path) { return found }
        let (parent, name) = RootDirectory.split(path)
        if isDeep, let above = try find(parent), let made = try makeNew(name, in: above, mode, path) {
            return made
        }
        var present = try open(".", [.path, .directory])
        var reached = ""
        for name in Files.names(in: path) {
            let above = reached
            reached += "/\(name)"
            if let next = try step(name, in: present, whole: reached) {
                present = next
                continue
            }
            // unsafe because the name is a C string; it lives for the call
            let result = unsafe mkdirat(present.rawValue, name, mode)
            if result == 0 {
                present = try open(reached, [.path, .directory])
                continue
            }
            guard errno == EEXIST else { throw .last("make the directory", path) }
            guard linksLeft > 0 else { throw SystemError("make the directory", path, code: ELOOP) }
            let target = try RootDirectory.linkTarget(name, in: present)
            let place = target.hasPrefix("/") ? target : "\(above)/\(target)"
            present = try makeDirectories(place, mode: mode, linksLeft: linksLeft - 1)
        }
        return present
    }

    /// The directory, where nothing has that name; else nil.
    private func makeNew(
        _ name: String, in directory: borrowing Descriptor, _ mode: UInt32, _ path: String
    ) throws(SystemError) -> Descriptor? {
        // unsafe because the name is a C string; it lives for the call
        guard unsafe mkdirat(directory.rawValue, name, mode) == 0 else {
            if errno == EEXIST || errno == ENOTDIR || errno == ENOENT { return nil }
            throw .last("make the directory", path)
        }
        return try directory.open(at: name, [.path, .directory, .noFollow])
    }

    private static func linkTarget(
        _ name: String, in directory: borrowing Descriptor
    ) throws(SystemError) -> String {
        var bytes = [CChar](repeating: 0, count: 4096)
        // unsafe because readlinkat fills the array through a pointer; it says how many bytes are valid
        let result = unsafe readlinkat(directory.rawValue, name, &bytes, bytes.count)
        let count = try SystemError.check(result, "read the link", name)
        return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The next directory on the way to `whole`. A plain one takes one step, where a lookup from the root takes as many
    /// as the path is deep: an image of deep paths would keep the daemon busy for minutes.
    private func step(
        _ name: String, in parent: borrowing Descriptor, whole: String
    ) throws(SystemError) -> Descriptor? {
        guard name != ".." else { return try find(whole) }
        let flags = OpenFlags.path.rawValue | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        // unsafe because the name is a C string; it lives for the call
        let number = unsafe openat(parent.rawValue, name, flags)
        if number >= 0 { return Descriptor(adopting: number) }
        return errno == ENOENT ? nil : try find(whole)
    }

    /// A handle on a file within, made empty where it is missing, with all that is missing above it.
    ///
    /// A symbolic link whose target is missing is followed too, within the root: Debian's /etc/resolv.conf is one.
    public func makeFile(
        _ path: String, mode: UInt32 = 0o644, linksLeft: Int = 40
    ) throws(SystemError) -> Descriptor {
        if let found = try find(path) { return found }
        let (parent, name) = RootDirectory.split(path)
        let directory = try makeDirectories(parent)
        // unsafe because the name is a C string; it lives for the call
        let number = unsafe openat(directory.rawValue, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, mode)
        if number >= 0 { return Descriptor(adopting: number) }
        guard errno == EEXIST else { throw .last("make the file", path) }
        guard linksLeft > 0 else { throw SystemError("make the file", path, code: ELOOP) }
        let target = try RootDirectory.linkTarget(name, in: directory)
        let place = target.hasPrefix("/") ? target : "\(parent)/\(target)"
        return try makeFile(place, mode: mode, linksLeft: linksLeft - 1)
    }

    /// A handle on what a path leads to in which no part is a symbolic link; one that is is an error.
    public func openWithoutLinks(_ path: String) throws(SystemError) -> Descriptor {
        try open(path, .path, mode: 0, resolve: RootDirectory.inRoot | RootDirectory.noLinks)
    }

    /// Makes a symbolic link in the directory, in place of what has the name.
    public static func replaceWithLink(
        in directory: borrowing Descriptor, name: String, to target: String
    ) throws(SystemError) {
        // unsafe because both are C strings; they live for the call
        if unsafe symlinkat(target, directory.rawValue, name) == 0 { return }
        guard errno == EEXIST else { throw .last("make the link", name) }
        // unsafe because the name is a C string; it lives for the call
        try SystemError.check(unsafe unlinkat(directory.rawValue, name, 0), "remove", name)
        // unsafe because both are C strings; they live for the call
        try SystemError.check(unsafe symlinkat(target, directory.rawValue, name), "make the link", name)
    }

    /// The kernel's number of a device.
    public static func deviceNumber(_ major: UInt32, _ minor: UInt32) -> UInt64 { UInt64(bh_makedev(major, minor)) }

    /// The directory part and the last name of a path.
    public static func split(_ path: String) -> (parent: String, name: String) {
        let separator = UInt8(ascii: "/")
        var text = path.utf8[...]
        while text.count > 1, text.last == separator { text.removeLast() }
        guard let slash = text.lastIndex(of: separator) else { return (".", String(Substring(text))) }
        let name = String(Substring(text[text.index(after: slash)...]))
        return (slash == text.startIndex ? "/" : String(Substring(text[..<slash])), name)
    }

    /// Makes a device node in the directory `directory` stands for; with that exact mode if the mask is 0.
    public static func makeNode(
        in directory: borrowing Descriptor, name: String, kind: FileStatus.Kind, permissions: UInt32, major: UInt32,
        minor: UInt32
    ) throws(SystemError) {
        let type: UInt32 =
            switch kind {
            case .characterDevice: S_IFCHR
            case .blockDevice: S_IFBLK
            default: S_IFIFO
            }
        // unsafe because the name is a C string; it lives for the call
        let result = unsafe mknodat(directory.rawValue, name, type | permissions, bh_makedev(major, minor))
        try SystemError.check(result, "make the device", name)
    }

    /// Makes a symbolic link in the directory `directory` stands for; one that is there already is left.
    public static func makeLink(
        in directory: borrowing Descriptor, name: String, to target: String
    ) throws(SystemError) {
        // unsafe because both are C strings; they live for the call
        let result = unsafe symlinkat(target, directory.rawValue, name)
        if result < 0 && errno != EEXIST { throw .last("make the link", name) }
    }

    /// Gives the file `name` in a directory to a user and a group.
    public static func setOwner(
        in directory: borrowing Descriptor, name: String, user: UInt32, group: UInt32
    ) throws(SystemError) {
        // unsafe because the name is a C string; it lives for the call
        try SystemError.check(
            unsafe fchownat(directory.rawValue, name, user, group, 0x100), "change the owner of", name)
    }
}
