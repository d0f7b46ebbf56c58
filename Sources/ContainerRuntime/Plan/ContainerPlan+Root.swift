internal import Linux
internal import OCI

extension ContainerPlan {
    /// Whether it has mounts of its own. Without, it shares those of the host and has its root by chroot(2) only.
    var hasMountNamespace: Bool { created.contains(.mount) || joined.contains { $0.kind == .mount } }

    /// The directory that its root is made of; that of the bundle's where the root has layers.
    var rootDirectory: String { if case .directory(let path) = blueprint.root { path } else { blueprint.bundle } }

    /// What can't be had without a mount namespace: everything that is mounted would be the host's, and stay there.
    static func checkSharedMounts(_ blueprint: ContainerBlueprint, _ own: Namespaces) throws(RuntimeError) {
        let specification = blueprint.specification
        let linux = specification.linux
        let unmet: [(name: String, isAsked: Bool)] = [
            ("mounts", !specification.mounts.isEmpty || !blueprint.files.isEmpty),
            ("root.readonly", specification.root?.readOnly == true),
            ("linux.maskedPaths", !linux.maskedPaths.isEmpty), ("linux.readonlyPaths", !linux.readOnlyPaths.isEmpty),
            ("linux.rootfsPropagation", linux.rootPropagation != nil),
            ("process.terminal", specification.process?.terminal == true),
            ("linux.namespaces: user", own.contains(.user)),
        ]
        if let first = unmet.first(where: { $0.isAsked }) {
            throw .invalid("\(first.name): needs a mount namespace: without one its mounts would be the host's")
        }
        guard case .directory = blueprint.root else {
            throw .invalid("root: layers need a mount namespace: without one they would be mounted on the host")
        }
        if let process = specification.process { try checkSharedMounts(process, ownProcesses: own.contains(.pid)) }
    }

    /// By which capabilities a process leaves its root where that is not the root of its mounts.
    static func checkSharedMounts(_ process: RuntimeProcess, ownProcesses: Bool) throws(RuntimeError) {
        let advice = "give the container a mount namespace, or leave the capability out"
        guard let sets = process.capabilities else {
            throw .invalid("process.capabilities: with all of them the root can be left; \(advice)")
        }
        let names = sets.bounding + sets.effective + sets.permitted + sets.inheritable + sets.ambient
        let leaving = ["CAP_SYS_CHROOT", "CAP_SYS_ADMIN"] + (ownProcesses ? [] : ["CAP_SYS_PTRACE"])
        if let name = leaving.first(where: names.contains) {
            throw .invalid("process.capabilities: with \(name) the root can be left; \(advice)")
        }
    }
}
