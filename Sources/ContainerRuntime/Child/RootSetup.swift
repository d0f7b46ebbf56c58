internal import Glibc
internal import Linux
internal import OCI

/// The container's file system, built within its own mount namespace.
///
/// Every path in it is looked up with openat2(RESOLVE_IN_ROOT) and then used as a descriptor: a symbolic link in an
/// image can lead nowhere else, and a file that changes in between makes no difference.
struct RootSetup: ~Copyable {
    let plan: ContainerPlan
    private let tree: Descriptor
    private let directory: RootDirectory

    /// Mounts the root filesystem.
    init(plan: ContainerPlan, host: borrowing HostMounts) throws(RuntimeError) {
        self.plan = plan
        let made = host.root
        guard plan.hasMountNamespace else {
            let opened = try step("open the root") { () throws(SystemError) in
                try Descriptor.open(plan.rootDirectory, [.path, .directory])
            }
            directory = RootDirectory(
                adopting: try step("open the root") { () throws(SystemError) in try opened.duplicate() })
            tree = opened
            return
        }
        let tree = try step("mount the root filesystem") { () throws(SystemError) in
            switch plan.rootPropagation {
            // Mounts that the host shares must stay shared, or binds of them could not be.
            case .shared: break
            case .private, .unbindable: try Mount.setPropagation(.private, at: "/", recursive: true)
            default: try Mount.setPropagation(.slave, at: "/", recursive: true)
            }
            // What is mounted on "/" now must not be seen by the host.
            try Mount.setPropagation(.private, at: "/", recursive: false)
            let tree =
                if let made { try Descriptor.duplicating(made) } else { try RootSetup.makeTree(plan.blueprint.root) }
            // On top of "/": a path that always exists, and where nobody else looks.
            try Mount.attach(tree, on: try Descriptor.open("/", [.path, .directory]))
            // One that was made on the host is shared with it where "/" is, as systemd has it: pivot_root refuses that.
            if made != nil {
                try Mount.setAttributes(of: tree, propagation: .slave, recursive: plan.rootPropagation != .shared)
            }
            return tree
        }
        directory = RootDirectory(
            adopting: try step("open the root") { () throws(SystemError) in try tree.duplicate() })
        self.tree = tree
    }

    static func makeTree(_ root: ContainerRoot) throws(SystemError) -> Descriptor {
        switch root {
        case .directory(let path): return try Mount.cloneTree(at: path, recursive: true)
        case .overlay(let lower, let upper, let work, let isTransient):
            if let upper { try Files.makeDirectories(upper) }
            if let work { try Files.makeDirectories(work) }
            return try Overlay(lower: lower, upper: upper, work: work).mount(isTransient: isTransient)
        }
    }

    /// Carries out one mount; `tree`: what it binds, where that has been copied already.
    func mount(
        _ mount: MountPlan, tree: consuming Descriptor?, cgroup: Cgroup, ownView: Bool
    ) throws(RuntimeError) {
        do {
            switch mount.kind {
            case .bind(let recursive):
                if tree == nil { tree = try Mount.cloneTree(at: mount.source, recursive: recursive) }
                switch tree {
                case .some(let tree): try bind(mount, tree)
                case .none: break
                }
            case .change(let mountOnly): try change(mount, mountOnly: mountOnly)
            case .controlGroups: try ControlGroupMount(cgroup, ownView: ownView).mount(mount, in: directory)
            case .fileSystem(let type): try newFileSystem(mount, type)
            }
        } catch {
            let property = error.code == ENOTSUP ? "mounts: " : ""
            throw RuntimeError("\(property)mount \(mount.source) on \(mount.destination)", error)
        }
    }

    /// Other options for what is mounted at the place already.
    private func change(_ mount: MountPlan, mountOnly: Bool) throws(SystemError) {
        let target = try directory.open(mount.destination, .path)
        guard mountOnly else {
            let flags = mount.flags.union(MountFlags(rawValue: 0x20 /* MS_REMOUNT */))
            return try Mount.mount(mount.source, on: target, type: "", flags, data: mount.data)
        }
        try Mount.setAttributes(of: target, set: mount.set, clear: mount.clear)
        if !mount.recursiveSet.isEmpty || !mount.recursiveClear.isEmpty {
            try Mount.setAttributes(of: target, set: mount.recursiveSet, clear: mount.recursiveClear, recursive: true)
        }
    }

    private func bind(_ mount: MountPlan, _ tree: borrowing Descriptor) throws(SystemError) {
        let isDirectory = try FileStatus(of: tree.rawValue).kind == .directory
        try place(tree, isDirectory: isDirectory, at: mount.destination) { tree throws(SystemError) in
            if !mount.set.isEmpty || !mount.clear.isEmpty {
                try Mount.setAttributes(of: tree, set: mount.set, clear: mount.clear)
            }
            if !mount.recursiveSet.isEmpty || !mount.recursiveClear.isEmpty {
                try Mount.setAttributes(of: tree, set: mount.recursiveSet, clear: mount.recursiveClear, recursive: true)
            }
            if let propagation = mount.propagation {
                try Mount.setAttributes(of: tree, propagation: propagation, recursive: mount.propagationIsRecursive)
            }
        }
    }

    private func place(
        _ tree: borrowing Descriptor, isDirectory: Bool, at path: String,
        settingUp: (borrowing Descriptor) throws(SystemError) -> Void
    ) throws(SystemError) {
        let target = isDirectory ? try directory.makeDirectories(path) : try directory.makeFile(path)
        try ProcessFileSystem.checkMount(on: target, path, isOneItself: ProcessFileSystem.contains(tree))
        try Mount.attach(tree, on: target, settingUp: settingUp)
    }

    private func newFileSystem(_ mount: MountPlan, _ type: String) throws(SystemError) {
        // A link in place of /proc or /sys would lead the protection of paths below it astray (CVE-2019-19921).
        let isKernels = type == "proc" || type == "sysfs"
        var target = try directory.makeDirectories(mount.destination)
        // Looked up once more, as the very directory that is mounted on: what was a link may be none a moment later.
        if isKernels { target = try directory.openWithoutLinks(mount.destination) }
        try ProcessFileSystem.checkMount(
            on: target, mount.destination, isOneItself: type == "proc", isEmpty: type == "tmpfs")
        let data = mount.data(ofType: type)
        let label = mount.rootLabel(ofType: type)
        let hasOptions = !mount.recursiveSet.isEmpty || !mount.recursiveClear.isEmpty
        guard mount.copiesUp || mount.propagation != nil || hasOptions || label != nil else {
            do throws(SystemError) {
                try Mount.mount(mount.source, on: target, type: type, mount.flags, data: data)
            } catch  where error.code == EPERM {
                guard let host = plan.placeOnHost(of: type) else { throw error }
                let tree = try Mount.cloneTree(at: host, recursive: true)
                return try Mount.attach(tree, on: target) { tree throws(SystemError) in
                    // What the kernel has locked about the host's mounts is left as it is.
                    try Mount.setAttributes(of: tree, set: mount.set.subtracting(.accessTime), recursive: true)
                }
            }
            // A kernel before 5.10 ignores the option.
            guard mount.flags.contains(.noSymbolicLinks) else { return }
            let made = try directory.open(mount.destination, .path)
            return try MountAttributes(of: made).checkNoSymbolicLinks()
        }
        // Its place is not looked up again for what is left to be done, for that could be another one by then.
        // Only from Linux 5.14 on can it be made without links, from 5.10 on it can be told so once it is attached.
        let hasNoLinks = mount.flags.contains(.noSymbolicLinks)
        let flags = mount.flags.subtracting(mount.copiesUp ? [.readOnly, .noSymbolicLinks] : .noSymbolicLinks)
        let made = try Mount.make(type, source: mount.source, flags, data: data)
        if let label { try Files.setAttribute("security.selinux", to: Array(label.utf8) + [0], on: made) }
        if mount.copiesUp { try copyUp(from: target, to: made) }
        try Mount.attach(made, on: target) { tree throws(SystemError) in
            if mount.copiesUp && mount.flags.contains(.readOnly) { try Mount.setAttributes(of: tree, set: .readOnly) }
            if hasNoLinks { try Mount.setAttributes(of: tree, set: .noSymbolicLinks) }
            if hasOptions { try Mount.setAttributes(of: tree, set: mount.recursiveSet, clear: mount.recursiveClear) }
        }
        if let propagation = mount.propagation { try Mount.setAttributes(of: made, propagation: propagation) }
    }

    /// A tmpfs that begins with a copy of the directory that it covers.
    private func copyUp(
        from target: borrowing Descriptor, to made: borrowing Descriptor
    ) throws(SystemError) {
        let below = try target.open(at: ".", [.readOnly, .directory])
        try Files.copyContent(of: "/proc/self/fd/\(below.rawValue)", to: "/proc/self/fd/\(made.rawValue)")
    }

    /// Small files, out of one file system in memory.
    func placeFiles() throws(RuntimeError) {
        guard !plan.blueprint.files.isEmpty else { return }
        try step("place files") { () throws(SystemError) in
            var options: [(String, String?)] = [("size", "1m"), ("mode", "755")]
            if let label = plan.specification.linux.mountLabel { options.append(("context", label)) }
            let memory = try Mount.make(
                "tmpfs", options: options, [.noSetUserID, .noDevices, .noExecute])
            // Kernels before 6.15 copy mounts only from a tree that is attached: on top of the old "/", which goes away.
            try Mount.attach(memory, on: try Descriptor.open("/", [.path, .directory]))
            for (index, file) in plan.blueprint.files.enumerated() {
                let made = try memory.open(at: "\(index)", [.writeOnly, .create, .exclusive], mode: 0o644)
                try made.writeAll(file.content)
                let tree = try Mount.cloneTree(at: "\(index)", relativeTo: memory.rawValue, recursive: false)
                let isReadOnly = plan.specification.root?.readOnly == true
                try place(tree, isDirectory: false, at: file.destination) { tree throws(SystemError) in
                    if isReadOnly { try Mount.setAttributes(of: tree, set: .readOnly) }
                }
            }
        }
    }

    /// Device nodes and the usual links.
    func makeDevices(_ host: borrowing HostMounts) throws(RuntimeError) {
        do throws(SystemError) {
            try DeviceNodes(plan.specification.linux.devices).make(in: directory, mounts: plan.mounts, host: host)
        } catch {
            throw RuntimeError("make the devices", error)
        }
    }

    /// Paths that can't be seen or written.
    func protectPaths() throws(RuntimeError) {
        try PathProtection(plan.specification.linux, mounts: plan.mounts).apply(in: directory)
    }

    /// Makes it the root, and the host's file system disappear where the root can be changed by pivot_root.
    func enter() throws(RuntimeError) {
        do throws(SystemError) { try changeRoot() } catch {
            guard error.code == EINVAL, FileSystemType(of: "/").isInMemory else {
                throw RuntimeError("change the root", error)
            }
            // The host's "/" still: pivot_root(2) refuses the kernel's first file system, whatever is in it.
            throw .failed("change the root: \(error): this host's root is its initial RAM disk; use --no-pivot")
        }
    }

    private func changeRoot() throws(SystemError) {
        try Program.changeDirectory(to: tree)
        guard plan.hasMountNamespace else { return try Program.changeRoot() }
        if plan.blueprint.pivots {
            try Mount.pivotToCurrentDirectory()
        } else {
            try Mount.changeRootWithoutPivot(to: tree)
        }
        if let propagation = plan.rootPropagation {
            try Mount.setPropagation(propagation, at: "/", recursive: plan.rootPropagationIsRecursive)
        }
        if plan.specification.root?.readOnly == true { try Mount.setAttributes(of: tree, set: .readOnly) }
    }

    /// The root, for looking paths up.
    func root() throws(RuntimeError) -> RootDirectory {
        try step("open the root") { () throws(SystemError) in RootDirectory(adopting: try tree.duplicate()) }
    }
}
