internal import Linux
internal import OCI

/// A blueprint that has been looked through: everything that can be wrong without asking the kernel is right.
///
/// A class, because to pass on a value of this size counts a reference for each of its members: the process that is
/// cloned would copy nearly every page of its parent's memory for that.
final class ContainerPlan: Sendable {
    let blueprint: ContainerBlueprint
    let process: ProcessPlan
    let mounts: [MountPlan]
    /// Namespaces that are made new.
    let created: Namespaces
    /// Namespaces that are joined, by path.
    let joined: [(kind: Namespaces, path: String)]
    let cgroupPath: String
    let limits: CgroupLimits
    /// Whom the users and groups of its user namespace are outside; nil where config.json does not say.
    let identities: IdentityMap?
    let rootPropagation: MountPropagation?
    let rootPropagationIsRecursive: Bool
    /// Whether its maker has no rights over mounts and namespaces but those that a user namespace of the container's gives.
    let isUnprivileged: Bool

    var specification: RuntimeSpecification { blueprint.specification }

    /// The user namespace that is joined, or nil.
    var joinedUserNamespace: String? { joined.first { $0.kind == .user }?.path }
    /// Whether the container's superuser is not the host's.
    var hasUserNamespace: Bool { created.contains(.user) || joinedUserNamespace != nil }
    /// Whether the parent has to do something for the new process that it can't do itself.
    var needsAssistance: Bool {
        hasUserNamespace || created.contains(.time) || !specification.linux.networkDevices.isEmpty
    }

    /// Whether nothing has to be done for the process between its being set up and its program.
    var canStartUnattended: Bool {
        !needsAssistance && specification.hooks.isEmpty && blueprint.startSocket == nil
    }

    /// Namespaces that the process is made in: with a user namespace all of which that is to be the owner, without one
    /// only that of processes, which can't be had later.
    var createdAtOnce: Namespaces {
        hasUserNamespace ? created.subtracting([.cgroup, .time]) : created.intersection(.pid)
    }
    /// Namespaces that the process makes for itself, while its parent makes its control groups. That of the control
    /// groups and that of the clocks come later.
    var createdByItself: Namespaces { created.subtracting(createdAtOnce).subtracting([.cgroup, .time]) }

    init(_ blueprint: ContainerBlueprint) throws(RuntimeError) {
        let specification = blueprint.specification
        let linux = specification.linux
        guard ContainerPlan.isName(blueprint.id) else {
            throw .invalid("the container's name \"\(blueprint.id)\" must consist of letters, digits and _ . - +")
        }
        guard let process = specification.process else { throw .invalid("process: is missing") }
        self.blueprint = blueprint
        var described = process
        if described.user.name == nil { described.user.name = specification.annotations["org.bulkhead.user"] }
        self.process = try ProcessPlan(
            described, filter: blueprint.seccompFilter, linux: linux,
            state: blueprint.state(.created, process: 0),
            groups: specification.annotations["org.bulkhead.groups"])
        var mounts: [MountPlan] = []
        (created, joined) = try ContainerPlan.namespaces(linux.namespaces)
        identities = try ContainerPlan.identities(linux, created)
        try SecurityLabel.check(mountLabel: linux.mountLabel)
        for mount in specification.mounts {
            var mount = try MountPlan(mount, container: identities)
            mount.label = linux.mountLabel
            mounts.append(mount)
        }
        self.mounts = mounts
        try ContainerPlan.check(blueprint, created, joined.map { $0.kind })
        cgroupPath = ContainerBlueprint.controlGroup(of: blueprint.id, specification)
        if !blueprint.usesSystemd { try ContainerPlan.check(cgroupPath: cgroupPath) }
        var limits = try ContainerPlan.limits(linux)
        if blueprint.isRootless { limits.devices = nil }
        self.limits = limits
        (rootPropagation, rootPropagationIsRecursive) = try ContainerPlan.propagation(linux.rootPropagation)
        isUnprivileged = try !step("look for privileges") { () throws(SystemError) in
            try CapabilitySet.mayAdministrate()
        }
        try checkUsers()
    }

    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 1024 && text != "." && text != ".."
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
                    UInt8(ascii: "+"):
                    true
                default: false
                }
            }
    }

    private static func namespaces(
        _ list: [RuntimeNamespace]
    ) throws(RuntimeError) -> (Namespaces, [(kind: Namespaces, path: String)]) {
        var created: Namespaces = []
        var joined: [(kind: Namespaces, path: String)] = []
        for namespace in list {
            let kind: Namespaces
            switch namespace.kind {
            case .mount: kind = .mount
            case .pid: kind = .pid
            case .network: kind = .network
            case .ipc: kind = .ipc
            case .uts: kind = .uts
            case .cgroup: kind = .cgroup
            case .user: kind = .user
            case .time: kind = .time
            }
            guard created.isDisjoint(with: kind), !joined.contains(where: { $0.kind == kind }) else {
                throw .invalid("linux.namespaces: \(namespace.kind) is there twice")
            }
            if let path = namespace.path { joined.append((kind, path)) } else { created.insert(kind) }
        }
        return (created, joined)
    }

    /// What touches the host unless the container has the namespace for it.
    private static func check(
        _ blueprint: ContainerBlueprint, _ created: Namespaces, _ joined: [Namespaces]
    ) throws(RuntimeError) {
        let specification = blueprint.specification
        let own = joined.reduce(created) { $0.union($1) }
        if !own.contains(.mount) { try checkSharedMounts(blueprint, own) }
        if specification.hostname != nil && !created.contains(.uts) {
            throw .invalid("hostname: needs a new UTS namespace")
        }
        if specification.domainname != nil && !created.contains(.uts) {
            throw .invalid("domainname: needs a new UTS namespace")
        }
        if !specification.linux.timeOffsets.isEmpty && !created.contains(.time) {
            throw .invalid("linux.timeOffsets: needs a new time namespace")
        }
        if !specification.linux.networkDevices.isEmpty && !own.contains(.network) {
            throw .invalid("linux.netDevices: needs a network namespace of the container's own")
        }
        for name in specification.linux.sysctl.keys.sorted() {
            let path = name.replacingDots
            let needed: Namespaces
            switch path {
            case _ where path.parts(between: "/").contains(".."):
                throw .invalid("linux.sysctl: \(name) is no kernel parameter")
            case _ where path.hasPrefix("net/"): needed = .network
            case "kernel/domainname", "kernel/hostname": needed = .uts
            case _ where path.hasPrefix("fs/mqueue/") || path.hasPrefix("kernel/shm") || path.hasPrefix("kernel/msg"),
                "kernel/sem":
                needed = .ipc
            default: throw .invalid("linux.sysctl: \(name) is not separate for each container")
            }
            guard own.contains(needed) else {
                throw .invalid("linux.sysctl: \(name) needs a namespace of the container's own")
            }
        }
    }

    private static func check(cgroupPath path: String) throws(RuntimeError) {
        let names = path.parts(between: "/")
        guard !names.isEmpty, !names.contains(".."), !names.contains("."), !path.utf8.contains(0) else {
            throw .invalid("linux.cgroupsPath: \(path) is no path of a group below the root of the control groups")
        }
    }

    private static func propagation(_ name: String?) throws(RuntimeError) -> (MountPropagation?, Bool) {
        switch name {
        case nil: (nil, false)
        case "private": (.private, false)
        case "rprivate": (.private, true)
        case "slave": (.slave, false)
        case "rslave": (.slave, true)
        case "shared": (.shared, false)
        case "rshared": (.shared, true)
        case "unbindable": (.unbindable, false)
        case "runbindable": (.unbindable, true)
        case .some(let name): throw .invalid("linux.rootfsPropagation: \(name) is not known")
        }
    }
}

extension String {
    /// `net.ipv4.ip_forward` as a path below /proc/sys; a name with slashes is one already.
    var replacingDots: String {
        if utf8.contains(UInt8(ascii: "/")) { return self }
        return String(decoding: utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "/") : $0 }, as: UTF8.self)
    }
}
