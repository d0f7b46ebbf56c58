internal import Glibc

extension Mount {
    /// Makes a tree that is attached on "/" the root of the calling process, and leaves the old root below it: for a root on
    /// the initial RAM disk, which pivot_root(2) does not take.
    ///
    /// The present directory must be the tree's root. The old root's proc and sysfs go, so that a user namespace in the
    /// container can't take them for its own and be given new ones without what the container's hide (`mount_too_revealing`
    /// in the kernel's fs/namespace.c). Everything else is still there for whoever may unmount what covers it.
    public static func changeRootWithoutPivot(to tree: borrowing Descriptor) throws(SystemError) {
        let table = try MountTable()
        let number = try MountTable.mount(of: tree.rawValue)
        // Those on others come behind them in the table.
        for row in table.mounts(ofTypes: ["proc", "sysfs"], outside: number).reversed() {
            try hide(row, on: table[row.parent])
        }
        try Program.changeRoot()
    }

    private static func hide(_ row: MountTable.Row, on parent: MountTable.Row?) throws(SystemError) {
        let place = String(decoding: row.place, as: UTF8.self)
        do throws(SystemError) {
            // What it is on tells others of it, and what is on it as well: the host's must not go along.
            if let parent {
                try setPropagation(.private, at: String(decoding: parent.place, as: UTF8.self), recursive: false)
            }
            try setPropagation(.private, at: place, recursive: true)
            try unmount(place, detach: true)
        } catch {
            switch error.code {
            // It went with the mount that it was on.
            case ENOENT: return
            // A more privileged namespace has locked it, or covered the place.
            case EINVAL, EPERM: break
            default: throw error
            }
            try mount("tmpfs", at: place, type: "tmpfs", .readOnly)
        }
    }
}
