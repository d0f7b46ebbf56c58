internal import Glibc
internal import Linux

extension RunningContainer {
    /// Binds a path of the host into the container's mount namespace; the target is made where it is missing.
    ///
    /// The copy of the mount is made here and attached there, by a child of ours that enters the namespace.
    public func bind(source: String, target: String, readOnly: Bool) throws(RuntimeError) {
        let tree = try step("bind \(source)") { () throws(SystemError) in
            try Mount.cloneTree(at: source, recursive: true)
        }
        try inMountNamespace("bind \(source) on \(target) in container \(id)") { () throws(SystemError) in
            let root = try RootDirectory("/")
            let isDirectory = try FileStatus(of: tree.rawValue).kind == .directory
            let place = isDirectory ? try root.makeDirectories(target) : try root.makeFile(target)
            try Mount.attach(tree, on: place) { tree throws(SystemError) in
                if readOnly { try Mount.setAttributes(of: tree, set: .readOnly, recursive: true) }
            }
        }
    }

    /// Undoes `bind`: the mount goes, and its mount point where that is empty.
    public func unbind(target: String) throws(RuntimeError) {
        try inMountNamespace("unbind \(target) in container \(id)") { () throws(SystemError) in
            let root = try RootDirectory("/")
            let (parent, name) = RootDirectory.split(target)
            // By its name from the directory above: this child has no entry in the /proc of the container.
            try Program.changeDirectory(to: try root.open(parent, [.path, .directory]))
            try Mount.unmount(name, detach: true)
            guard let status = FileStatus(name) else { return }
            if status.kind == .directory {
                // Not empty, or still a mount point: it was not made for the mount.
                do throws(SystemError) {
                    try Files.removeDirectory(name)
                } catch  where error.code == ENOTEMPTY || error.code == EBUSY {}
            } else if status.size == 0 {
                do throws(SystemError) { try Files.remove(name) } catch  where error.code == EBUSY {}
            }
        }
    }

    /// Runs `body` in a child of ours in the container's mount namespace.
    private func inMountNamespace(
        _ name: String, _ body: () throws(SystemError) -> Void
    ) throws(RuntimeError) {
        let pair = try step(name) { () throws(SystemError) in try UnixSocket.pair(.sequencedPackets) }
        let ours = ChildChannel(pair.first)
        let theirs = ChildChannel(pair.second)
        let result = try step(name) { () throws(SystemError) in try Clone.process([]) }
        switch consume result {
        case .child:
            do {
                try step(name) { () throws(SystemError) in
                    try Namespaces.joinWithRoot(processDescriptor.rawValue, process: process, [])
                    try body()
                    try theirs.reportReady()
                }
            } catch {
                theirs.report(error)
            }
            Program.exitNow(0)
        case .parent(_, let descriptor):
            _ = consume theirs
            var nothing: Descriptor?
            do { try RunningContainer.awaitReady(ours, &nothing) } catch {
                throw RunningContainer.reaped(descriptor, error)
            }
            _ = try step(name) { () throws(SystemError) in try descriptor.waitForEnd() }
        }
    }
}
