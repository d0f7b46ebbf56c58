internal import CLinux
internal import Glibc

/// A path looked up below a directory in user space: what openat2 does in the kernel from Linux 5.6 on.
///
/// The way only ever leads down: each name is opened in the directory before it, never following a link; the text of a
/// link takes the link's place in what is left of the path; and for `..` everything begins anew at the root, with one
/// name less. So whatever is renamed, exchanged or mounted meanwhile, nothing is reached but what lay below the root when
/// it was passed. A directory can be moved away once it was passed, with all that is in it: therefore the names that were
/// passed, none of them a link, must lead to the same file once more at the end.
struct RootWalk {
    /// What the lookup may not do.
    struct Limits: OptionSet {
        let rawValue: Int
        /// Follow a link, wherever it is: ELOOP.
        static let noLinks = Limits(rawValue: 1)
        /// Cross into what is mounted below the root, or leave the root by `..` or a link: EXDEV.
        static let oneMount = Limits(rawValue: 2)
    }

    private let root: Int32
    private let limits: Limits
    private let mount: UInt64?
    /// How many names may be opened: links that lead to links make a path as long as they like.
    private var stepsLeft = 20_000
    private var linksLeft = 40
    /// The names passed since the root, and those still to come, the next one last.
    private var passed: [PathName] = []
    private var left: [PathName] = []
    private var wantsDirectory = false

    private init(_ root: borrowing Descriptor, _ limits: Limits) throws(SystemError) {
        self.root = root.rawValue
        self.limits = limits
        mount = limits.contains(.oneMount) ? try MountTable.mount(of: root.rawValue) : nil
    }

    /// Opens a path below `root`.
    static func open(
        _ path: String, in root: borrowing Descriptor, _ flags: OpenFlags, mode: UInt32 = 0, _ limits: Limits = []
    ) throws(SystemError) -> Descriptor {
        // As often as with openat2: anybody can make it last that what is looked up changes.
        for _ in 0..<RootDirectory.attempts {
            var walk = try RootWalk(root, limits)
            do { if let found = try walk.attempt(path, flags, mode) { return found } } catch {
                throw SystemError("open", path, code: error.code)
            }
        }
        throw SystemError("open", path, code: EAGAIN)
    }

    /// Nil where something has changed on the way.
    private mutating func attempt(
        _ path: String, _ flags: OpenFlags, _ mode: UInt32
    ) throws(SystemError) -> Descriptor? {
        guard !path.isEmpty else { throw SystemError("open", code: ENOENT) }
        try push(Array(path.utf8))
        wantsDirectory = wantsDirectory || flags.contains(.directory)
        var present = try Descriptor.duplicating(root)
        while let name = left.popLast() {
            if name.isParent {
                guard try FileStatus(of: present.rawValue).kind == .directory else {
                    throw SystemError("open", code: ENOTDIR)
                }
                try goUp()
                present = try Descriptor.duplicating(root)
                continue
            }
            let next: Descriptor
            do { next = try step(name, in: present.rawValue, .path) } catch {
                guard error.code == ENOENT, left.isEmpty, flags.contains(.create) else { throw error }
                return try step(name, in: present.rawValue, flags, mode)
            }
            let status = try FileStatus(of: next.rawValue)
            if status.kind == .link && !(left.isEmpty && !wantsDirectory && flags.contains(.noFollow)) {
                if try follow(next) { present = try Descriptor.duplicating(root) }
                continue
            }
            passed.append(name)
            if left.isEmpty { return try end(next, status, flags, mode, in: present) }
            present = next
        }
        // The root itself.
        return try end(try present.duplicate(), try FileStatus(of: present.rawValue), flags, mode, in: present)
    }

    /// Opens what was found, in the way that is wanted.
    private mutating func end(
        _ found: consuming Descriptor, _ status: FileStatus, _ flags: OpenFlags, _ mode: UInt32,
        in parent: borrowing Descriptor
    ) throws(SystemError) -> Descriptor? {
        if wantsDirectory && status.kind != .directory { throw SystemError("open", code: ENOTDIR) }
        if !flags.contains(.path) {
            let opened =
                if status.kind != .directory, let name = passed.last {
                    try step(name, in: parent.rawValue, flags, mode)
                } else {
                    try step(.itself, in: found.rawValue, flags, mode)
                }
            guard try FileStatus(of: opened.rawValue).isSameFile(as: status) else { return nil }
            found = opened
        }
        guard try isStillThere(status) else { return nil }
        return found
    }

    private mutating func isStillThere(_ status: FileStatus) throws(SystemError) -> Bool {
        var present = try Descriptor.duplicating(root)
        for name in passed {
            do { present = try step(name, in: present.rawValue, .path) } catch {
                guard error.code == ENOENT || error.code == ENOTDIR else { throw error }
                return false
            }
        }
        return try FileStatus(of: present.rawValue).isSameFile(as: status)
    }

    private mutating func step(
        _ name: PathName, in directory: Int32, _ flags: OpenFlags, _ mode: UInt32 = 0
    ) throws(SystemError) -> Descriptor {
        stepsLeft -= 1
        guard stepsLeft >= 0 else { throw SystemError("open", code: ELOOP) }
        let number = try SystemError.retrying("open") {
            // unsafe because the name is a C string; it lives for the call
            unsafe openat(directory, name.text, flags.rawValue | O_NOFOLLOW | O_CLOEXEC, mode)
        }
        let opened = Descriptor(adopting: number)
        if let mount, try MountTable.mount(of: number) != mount { throw SystemError("open", code: EXDEV) }
        return opened
    }

    /// Puts the names that are passed before those to come, but for the last one.
    private mutating func goUp() throws(SystemError) {
        if passed.popLast() == nil && limits.contains(.oneMount) { throw SystemError("open", code: EXDEV) }
        while left.last?.isParent == true && !passed.isEmpty {
            left.removeLast()
            passed.removeLast()
        }
        if left.isEmpty { wantsDirectory = true }
        left += passed.reversed()
        passed = []
    }

    /// Puts the text of a link before the names to come.
    ///
    /// - Returns: whether that leads on from the root.
    private mutating func follow(_ link: borrowing Descriptor) throws(SystemError) -> Bool {
        linksLeft -= 1
        let flags = bh_mount_flags_of(link.rawValue)
        guard linksLeft >= 0, !limits.contains(.noLinks), flags >= 0, flags & 0x2000 /* ST_NOSYMFOLLOW */ == 0 else {
            throw SystemError("open", code: ELOOP)
        }
        var text = [CChar](repeating: 0, count: 4096)
        // unsafe because readlinkat fills the array through a pointer; it says how many bytes are valid
        let count = try SystemError.check(unsafe readlinkat(link.rawValue, "", &text, text.count), "read the link")
        let bytes = text.prefix(count).map { UInt8(bitPattern: $0) }
        let isAbsolute = bytes.first == UInt8(ascii: "/")
        if ProcessFileSystem.contains(link) {
            // What leads to a file that a process has open, or to its root, is a jump and no path. The others there are
            // the few relative ones: self, thread-self, mounts, net.
            if isAbsolute || bytes.contains(UInt8(ascii: "[")) { throw SystemError("open", code: ELOOP) }
        }
        if isAbsolute && limits.contains(.oneMount) { throw SystemError("open", code: EXDEV) }
        try push(bytes)
        if isAbsolute { passed = [] }
        return isAbsolute
    }

    private mutating func push(_ path: [UInt8]) throws(SystemError) {
        guard !path.isEmpty else { throw SystemError("open", code: ENOENT) }
        guard !path.contains(0) else { throw SystemError("open", code: EINVAL) }
        let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        // `a/` and `a/.` are directories.
        if left.isEmpty, let last = parts.last, last.isEmpty || last.elementsEqual([UInt8(ascii: ".")]) {
            wantsDirectory = true
        }
        for part in parts.reversed() where !part.isEmpty && !part.elementsEqual([UInt8(ascii: ".")]) {
            left.append(PathName(part))
        }
    }
}

/// One name of a path, as the bytes that the kernel takes.
private struct PathName {
    /// With a zero at the end.
    let text: [CChar]

    init(_ bytes: some Sequence<UInt8>) { text = bytes.map { CChar(bitPattern: $0) } + [0] }

    /// The directory itself.
    static let itself = PathName([UInt8(ascii: ".")])

    var isParent: Bool { text == [46, 46, 0] }
}

extension FileStatus {
    func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }
}
