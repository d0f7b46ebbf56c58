internal import Glibc
internal import Linux
internal import OCI

/// Copies of the host's mounts that are made before the container's process is, attached nowhere: what a user namespace
/// of the container's own takes away is the right to reach their sources, and owners can be mapped only with the host's
/// rights. The new process finds the descriptors under the same numbers.
struct HostMounts: ~Copyable {
    /// The root filesystem, where there is one here.
    private(set) var root: Int32?
    private var binds: [Int: Int32] = [:]
    private var devices: [String: Int32] = [:]

    /// Makes what the plan needs; nothing for an ordinary container.
    init(_ plan: ContainerPlan) throws(RuntimeError) {
        do throws(SystemError) {
            try make(plan)
        } catch {
            close()
            throw RuntimeError("copy the host's mounts", error)
        }
    }

    deinit { close() }

    private func close() {
        if let root { Glibc.close(root) }
        for number in binds.values { Glibc.close(number) }
        for number in devices.values { Glibc.close(number) }
    }

    private mutating func make(_ plan: ContainerPlan) throws(SystemError) {
        // Without rights on the host the container's process does what it can with those in its user namespace.
        if plan.isUnprivileged { return }
        if plan.hasUserNamespace {
            root = try RootSetup.makeTree(plan.blueprint.root).release()
            for path in DeviceNodes(plan.specification.linux.devices).paths {
                devices[path] = try Mount.cloneTree(at: path, recursive: false).release()
            }
        }
        for (index, mount) in plan.mounts.enumerated() {
            guard case .bind(let recursive) = mount.kind, plan.hasUserNamespace || mount.mapping != nil else {
                continue
            }
            let tree = try Mount.cloneTree(at: mount.source, recursive: recursive)
            if let mapping = mount.mapping {
                let namespace = try mapping.map.makeNamespace()
                do { try Mount.mapOwners(of: tree, as: namespace, recursive: mapping.recursive) } catch {
                    throw SystemError("mounts: \(mount.destination): \(error.operation)", code: error.code)
                }
            }
            binds[index] = tree.release()
        }
    }

    /// That of a bind, by its place in the list of mounts.
    func bind(_ index: Int) throws(SystemError) -> Descriptor? {
        guard let number = binds[index] else { return nil }
        return try Descriptor.duplicating(number)
    }

    /// That of a device of the host.
    func device(_ path: String) throws(SystemError) -> Descriptor? {
        guard let number = devices[path] else { return nil }
        return try Descriptor.duplicating(number)
    }
}
