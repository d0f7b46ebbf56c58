internal import CLinux
internal import Glibc

/// The kernel's calls about mounts, one to one.
public enum Mount {
    /// The present directory, where a call takes the descriptor of one.
    public static let currentDirectory: Int32 = -100

    /// mount(2): a new file system, or a bind, at a path.
    public static func mount(
        _ source: String, at target: String, type: String, _ flags: MountFlags = [], data: String = ""
    ) throws(SystemError) {
        // unsafe because the arguments are C strings; they live for the call
        let result = unsafe Glibc.mount(source, target, type, UInt(flags.rawValue), data)
        try SystemError.check(result, "mount \(type.isEmpty ? source : type) on", target)
    }

    /// mount(2) on what a descriptor stands for, through the host's /proc.
    public static func mount(
        _ source: String, on target: borrowing Descriptor, type: String, _ flags: MountFlags = [], data: String = ""
    ) throws(SystemError) {
        try mount(source, at: "/proc/self/fd/\(target.rawValue)", type: type, flags, data: data)
    }

    /// Changes how mounts travel, of the tree at a path (`recursive`) or of that mount alone.
    public static func setPropagation(
        _ propagation: MountPropagation, at path: String, recursive: Bool
    ) throws(SystemError) {
        let flags = UInt(propagation.rawValue) | (recursive ? 0x4000 : 0)
        // unsafe because the path is a C string; it lives for the call
        let result = unsafe Glibc.mount(nil, path, nil, flags, nil)
        try SystemError.check(result, "make \(propagation) the mount", path)
    }

    /// umount2(2).
    public static func unmount(
        _ path: String, detach: Bool = false, follow: Bool = false
    ) throws(SystemError) {
        let flags: Int32 = (detach ? 2 : 0) | (follow ? 0 : 8)
        // unsafe because the path is a C string; it lives for the call
        try SystemError.check(unsafe umount2(path, flags), "unmount", path)
    }

    /// open_tree(2) with OPEN_TREE_CLONE: a copy of a mount, or of the tree of mounts, that is attached nowhere yet.
    public static func cloneTree(
        at path: String, relativeTo directory: Int32 = currentDirectory, recursive: Bool, follow: Bool = true
    ) throws(SystemError) -> Descriptor {
        var flags: UInt32 = 1 | 0o2000000
        if recursive { flags |= 0x8000 }
        if path.isEmpty { flags |= 0x1000 }
        if !follow { flags |= 0x100 }
        // unsafe because the path is a C string; it lives for the call
        let number = unsafe bh_open_tree(directory, path, flags)
        return Descriptor(adopting: try RequiredCall.openTree.check(number, "copy the mount", path))
    }

    /// move_mount(2): attaches a copy, or a new mount, to what a descriptor stands for.
    public static func attach(
        _ tree: borrowing Descriptor, on target: borrowing Descriptor
    ) throws(SystemError) {
        // unsafe because the paths are C strings; both are empty: the descriptors say it all
        let result = unsafe bh_move_mount(tree.rawValue, "", target.rawValue, "", 0x04 | 0x40)
        try RequiredCall.moveMount.check(result, "attach the mount")
    }

    /// Maps the owners of files on a mount that is attached nowhere yet, or on its whole tree, as a user namespace maps
    /// its users (Linux 5.12).
    public static func mapOwners(
        of tree: borrowing Descriptor, as userNamespace: borrowing Descriptor, recursive: Bool
    ) throws(SystemError) {
        if bh_mount_idmap(tree.rawValue, recursive ? 0x8000 : 0, userNamespace.rawValue) >= 0 { return }
        let code = errno
        guard NewerCall.setMountAttributes.isMissing(after: code) else {
            throw SystemError("map the owners of a mount", code: code)
        }
        throw SystemError("mappings of a mount's owners need Linux 5.12 or later", code: ENOTSUP)
    }

    /// A new file system that is attached nowhere yet, by fsopen, fsconfig and fsmount.
    public static func make(
        _ type: String, source: String = "none", options: [(String, String?)] = [], _ attributes: MountAttributes = []
    ) throws(SystemError) -> Descriptor {
        // unsafe because the type is a C string; it lives for the call
        let number = unsafe bh_fsopen(type, 1)
        let context = Descriptor(adopting: try RequiredCall.fsopen.check(number, "make the file system", type))
        try configure(context, 1, "source", source, type)
        for (key, value) in options { try configure(context, value == nil ? 0 : 1, key, value, type) }
        try configure(context, 6, nil, nil, type)
        let mount = bh_fsmount(context.rawValue, 1, UInt32(truncatingIfNeeded: attributes.rawValue))
        return Descriptor(adopting: try SystemError.check(mount, "fsmount", type))
    }

    private static func configure(
        _ context: borrowing Descriptor, _ command: UInt32, _ key: String?, _ value: String?, _ type: String
    ) throws(SystemError) {
        // unsafe because key and value are C strings or nil; they live for the call
        let result = unsafe bh_fsconfig(context.rawValue, command, key, value, 0)
        try SystemError.check(result, "fsconfig \(key ?? "create")", type)
    }

    /// Makes the directory that is the current one the root of the mount namespace, and lets the old root go.
    ///
    /// The present directory must be the root of a mount.
    public static func pivotToCurrentDirectory() throws(SystemError) {
        let old = try Descriptor.open("/", [.path, .directory])
        // unsafe because the paths are C strings; "." twice stacks the old root over the new one (pivot_root(2))
        try SystemError.check(unsafe bh_pivot_root(".", "."), "pivot_root")
        try SystemError.check(fchdir(old.rawValue), "fchdir", "the old root")
        // The old tree must not take the host's mounts along when it goes.
        try setPropagation(.slave, at: ".", recursive: true)
        try unmount(".", detach: true)
        // unsafe because the path is a C string; it lives for the call
        try SystemError.check(unsafe chdir("/"), "chdir", "/")
    }
}
