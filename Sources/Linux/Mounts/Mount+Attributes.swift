internal import CLinux
internal import Glibc

extension Mount {
    /// mount_setattr(2) on a mount, or the tree of mounts, that a descriptor stands for.
    ///
    /// Before Linux 5.12 only what is attached can be changed: see ``attach(_:on:settingUp:)``.
    public static func setAttributes(
        of tree: borrowing Descriptor, set: MountAttributes = [], clear: MountAttributes = [],
        propagation: MountPropagation? = nil, recursive: Bool = false
    ) throws(SystemError) {
        if !NewerCall.setMountAttributes.isMissing {
            let flags: UInt32 = 0x1000 | (recursive ? 0x8000 : 0)
            // unsafe because the path is a C string; it is empty: the descriptor says it all
            let result = unsafe bh_mount_setattr(
                tree.rawValue, "", flags, set.rawValue, clear.rawValue, propagation?.rawValue ?? 0)
            if result >= 0 { return }
            let code = errno
            guard NewerCall.setMountAttributes.isMissing(after: code) else {
                throw SystemError("mount_setattr", code: code)
            }
        }
        if !set.isEmpty || !clear.isEmpty {
            try OlderMountAttributes(set: set, clear: clear).apply(to: tree, recursive: recursive)
        }
        if let propagation { try OlderMountAttributes.setPropagation(propagation, of: tree, recursive: recursive) }
    }

    /// Attaches a copy, or a new mount, and has its attributes set by `settingUp`, which can be called twice: before, so
    /// that nobody ever sees it without them, or afterwards where the kernel can't do that (before Linux 5.12).
    public static func attach(
        _ tree: borrowing Descriptor, on target: borrowing Descriptor,
        settingUp: (borrowing Descriptor) throws(SystemError) -> Void
    ) throws(SystemError) {
        if !NewerCall.setMountAttributes.isMissing {
            do {
                try settingUp(tree)
                return try attach(tree, on: target)
            } catch {
                // The call was found missing only now: nothing has been set or attached.
                guard NewerCall.setMountAttributes.isMissing else { throw error }
            }
        }
        try attach(tree, on: target)
        try settingUp(tree)
    }
}

/// What mount_setattr(2) does, by mount(2).
struct OlderMountAttributes {
    let set: MountAttributes
    let clear: MountAttributes

    /// Changes an attached mount, and with `recursive` those on it: all that there are when it begins.
    func apply(to tree: borrowing Descriptor, recursive: Bool) throws(SystemError) {
        if recursive { try applyToMounts(below: tree) }
        try change(tree)
    }

    private func applyToMounts(below tree: borrowing Descriptor) throws(SystemError) {
        let table = try MountTable()
        let number: UInt64
        do { number = try MountTable.mount(of: tree.rawValue) } catch {
            guard error.code == EACCES else { throw error }
            return try OlderMountAttributes.checkThatNothingIs(below: tree, table)
        }
        guard let top = table[number] else { throw SystemError("find the mount", "\(number)", code: ENOENT) }
        for row in table.mounts(below: number) {
            try change(try OlderMountAttributes.open(row, below: tree, at: top.place))
        }
    }

    /// Before Linux 5.8 a process in a user namespace may not know which mount it has opened: then it must not matter.
    private static func checkThatNothingIs(
        below tree: borrowing Descriptor, _ table: MountTable
    ) throws(SystemError) {
        // What is on a file is on all of it, and a new mount has nothing like that.
        guard try FileStatus(of: tree.rawValue).kind == .directory else { return }
        let before = try Descriptor.open(".", [.path, .directory])
        try Program.changeDirectory(to: tree)
        let path = Result { () throws(SystemError) in try Program.directory() }
        try Program.changeDirectory(to: before)
        let start = try path.get() + [UInt8(ascii: "/")]
        guard let row = table.firstMount(placedBelow: start) else { return }
        throw SystemError(
            "change all mounts of a tree in a user namespace, which takes Linux 5.8 or later, also",
            String(decoding: row.place, as: UTF8.self), code: ENOTSUP)
    }

    /// A handle on the root of a mount: on that very mount, whatever has become of the path to it.
    private static func open(
        _ row: MountTable.Row, below tree: borrowing Descriptor, at place: [UInt8]
    ) throws(SystemError) -> Descriptor {
        let path = row.place.dropFirst(place == [UInt8(ascii: "/")] ? 0 : place.count).drop { $0 == UInt8(ascii: "/") }
        let found = try tree.open(at: path.isEmpty ? "." : String(decoding: path, as: UTF8.self), [.path, .noFollow])
        guard try MountTable.mount(of: found.rawValue) == row.number else {
            throw SystemError(
                "change all mounts of a tree (before Linux 5.12 only those that nothing is mounted over), also",
                String(decoding: row.place, as: UTF8.self), code: EBUSY)
        }
        return found
    }

    private func change(_ mount: borrowing Descriptor) throws(SystemError) {
        let present = try MountAttributes(of: mount)
        let wanted = present.subtracting(clear).union(set)
        try OlderMountAttributes.remount(mount, MountFlags(wanted).rawValue | 0x1020 /* MS_BIND, MS_REMOUNT */)
        // mount(2) ignores what it does not know.
        if wanted.contains(.noSymbolicLinks) { try MountAttributes(of: mount).checkNoSymbolicLinks() }
    }

    static func setPropagation(
        _ propagation: MountPropagation, of mount: borrowing Descriptor, recursive: Bool
    ) throws(SystemError) {
        try remount(mount, UInt(propagation.rawValue) | (recursive ? 0x4000 : 0))
    }

    /// Directories are the present one for a moment: that needs no /proc, which may be the container's by now.
    private static func remount(_ mount: borrowing Descriptor, _ flags: UInt) throws(SystemError) {
        guard try FileStatus(of: mount.rawValue).kind == .directory else { return try remountByNumber(mount, flags) }
        let before = try Descriptor.open(".", [.path, .directory])
        // An ordinary user may not enter every directory of the host's, /sys/kernel/debug for one.
        do { try Program.changeDirectory(to: mount) } catch  where error.code == EACCES {
            return try remountByNumber(mount, flags)
        }
        // unsafe because the path is a C string; it lives for the call
        let result = unsafe Glibc.mount(nil, ".", nil, flags, nil)
        let code = errno
        try Program.changeDirectory(to: before)
        guard result >= 0 else { throw SystemError("change the mount", code: code) }
    }

    private static func remountByNumber(_ mount: borrowing Descriptor, _ flags: UInt) throws(SystemError) {
        // unsafe because the path is a C string; it lives for the call
        let result = unsafe Glibc.mount(nil, "/proc/self/fd/\(mount.rawValue)", nil, flags, nil)
        try SystemError.check(result, "change the mount")
    }
}

extension MountAttributes {
    /// Those that a mount has. One that its file system has for all mounts, to be read-only, counts as well.
    public init(of mount: borrowing Descriptor) throws(SystemError) {
        let bits = try SystemError.check(bh_mount_flags_of(mount.rawValue), "ask for the mount's options")
        // ST_RDONLY, ST_NOSUID, ST_NODEV and ST_NOEXEC have the same bits.
        self.init(rawValue: UInt64(bits) & 0xF)
        if bits & 0x400 != 0 {
            insert(.noAccessTime)
        } else if bits & 0x1000 == 0 {
            insert(.strictAccessTime)
        }
        if bits & 0x800 != 0 { insert(.noDirectoryAccessTime) }
        if bits & 0x2000 != 0 { insert(.noSymbolicLinks) }
    }

    /// To be asked of a mount that mount(2) was to give the option, for kernels ignore what they don't know there.
    public func checkNoSymbolicLinks() throws(SystemError) {
        guard contains(.noSymbolicLinks) else {
            throw SystemError("the option nosymfollow needs Linux 5.10 or later", code: ENOTSUP)
        }
    }
}

extension MountFlags {
    /// The same for mount(2). None of the access time settings stands for relative ones.
    init(_ attributes: MountAttributes) {
        self.init(rawValue: UInt(attributes.rawValue & 0xF))
        if attributes.contains(.noAccessTime) {
            insert(.noAccessTime)
        } else if attributes.contains(.strictAccessTime) {
            insert(.strictAccessTime)
        } else {
            insert(.relativeAccessTime)
        }
        if attributes.contains(.noDirectoryAccessTime) { insert(.noDirectoryAccessTime) }
        if attributes.contains(.noSymbolicLinks) { insert(.noSymbolicLinks) }
    }
}
