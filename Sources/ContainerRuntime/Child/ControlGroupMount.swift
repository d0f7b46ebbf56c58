internal import Glibc
internal import Linux

/// The container's view of its own control groups.
struct ControlGroupMount {
    let cgroup: Cgroup
    /// Whether it has a cgroup namespace of its own, in which its group is the root.
    let ownView: Bool

    init(_ cgroup: Cgroup, ownView: Bool) {
        self.cgroup = cgroup
        self.ownView = ownView
    }

    /// Mounts the view: version 2 as it is, version 1 as a directory with one mount for each controller.
    func mount(_ mount: MountPlan, in root: borrowing RootDirectory) throws(SystemError) {
        let target = try root.makeDirectories(mount.destination)
        var set = mount.set
        set.formUnion(mount.recursiveSet)
        if cgroup.hasControllersInUnified, ownView {
            do throws(SystemError) {
                return try Mount.mount("cgroup", on: target, type: "cgroup2", mount.flags, data: "")
            } catch  where error.code == EBUSY {
                // On what came with a bind of the host's /sys, mount(2) takes it for the very same file system.
                return try Mount.attach(try Mount.make("cgroup2", source: "cgroup", set), on: target)
            }
        }
        if let unified = cgroup.unifiedDirectory, cgroup.hasControllersInUnified {
            let tree = try Mount.cloneTree(at: unified, recursive: false)
            return try Mount.attach(tree, on: target) { tree throws(SystemError) in
                try Mount.setAttributes(of: tree, set: set)
            }
        }
        // What comes into it is found from its own root: its place may be called otherwise by then.
        let data = MountPlan.adding(mount.label, to: "mode=755,size=64k")
        let made = try Mount.make("tmpfs", source: "cgroup", mount.flags.subtracting(.readOnly), data: data)
        try Mount.attach(made, on: target)
        let view = RootDirectory(adopting: try made.duplicate())
        for (name, path) in cgroup.controllerDirectories {
            let place = try view.makeDirectories(name)
            let tree = try Mount.cloneTree(at: path, recursive: false)
            try Mount.attach(tree, on: place) { tree throws(SystemError) in
                try Mount.setAttributes(of: tree, set: set, clear: mount.clear)
            }
        }
        if set.contains(.readOnly) { try Mount.setAttributes(of: made, set: .readOnly) }
    }
}
