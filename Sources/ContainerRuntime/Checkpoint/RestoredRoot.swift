internal import Glibc
internal import Linux

/// The root filesystem as criu wants it: a mount of its own, with something to mount on where it will mount.
///
/// It is made in the mount namespace of the process that will be criu: nothing of it is left on the host.
struct RestoredRoot {
    let path: String
    let mounts: [MountPlan]

    init(_ plan: ContainerPlan) { (path, mounts) = (plan.rootDirectory, plan.mounts) }

    func prepare() throws(SystemError) {
        try Mount.setPropagation(.slave, at: "/", recursive: true)
        let tree = try Mount.cloneTree(at: path, recursive: true)
        try Mount.attach(tree, on: try Descriptor.open(path, [.path, .directory]))
        let root = try RootDirectory(path)
        for mount in mounts where isOnRoot(mount) {
            var isDirectory = true
            if case .bind = mount.kind { isDirectory = Files.isDirectory(mount.source) }
            // Both find what is there already: of a container that comes back where it was, everything.
            if isDirectory {
                _ = try root.makeDirectories(mount.destination)
            } else {
                _ = try root.makeFile(mount.destination)
            }
        }
    }

    /// Whether it is mounted on the root filesystem itself: what is mounted on another mount finds its place in what criu
    /// puts there.
    private func isOnRoot(_ mount: MountPlan) -> Bool {
        !mounts.contains { mount.destination.hasPrefix("\($0.destination)/") }
    }
}

extension RunningContainer {
    /// Makes the root of a process, which is being restored and does not run yet, read-only. criu writes there, and does
    /// not bring that property back (3.17).
    ///
    /// The calling process is in the container's mount namespace afterwards.
    public static func makeRootReadOnly(of process: Int32) throws(RuntimeError) {
        try step("root.readonly: make the restored root read-only") { () throws(SystemError) in
            let descriptor = try ProcessDescriptor(process: process)
            try Namespaces.joinWithRoot(descriptor.rawValue, process: process, [])
            try Mount.setAttributes(of: try Descriptor.open("/", [.path, .directory]), set: .readOnly)
        }
    }
}
