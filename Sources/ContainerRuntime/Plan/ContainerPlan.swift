internal import Linux
internal import OCI

/// A blueprint that has been looked through: everything that can be wrong without asking the kernel is right.
struct ContainerPlan: Sendable {
    let blueprint: ContainerBlueprint
    let process: ProcessPlan
    let mounts: [MountPlan]
    /// Namespaces that are made new, all by the one clone3 except for the cgroup namespace.
    let created: Namespaces
    /// Namespaces that are joined, by path.
    let joined: [(kind: Namespaces, path: String)]
    let cgroupPath: String
    let limits: CgroupLimits
    let rootPropagation: MountPropagation?
    let rootPropagationIsRecursive: Bool

    var specification: RuntimeSpecification { blueprint.specification }

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
            groups: specification.annotations["org.bulkhead.groups"])
        var mounts: [MountPlan] = []
        for mount in specification.mounts { mounts.append(try MountPlan(mount)) }
        self.mounts = mounts
        (created, joined) = try ContainerPlan.namespaces(linux.namespaces)
        try ContainerPlan.check(specification, created, joined.map(\.kind))
        cgroupPath = linux.cgroupsPath.map { $0.hasPrefix("/") ? $0 : "/\($0)" } ?? "/\(blueprint.id)"
        limits = try ContainerPlan.limits(linux)
        (rootPropagation, rootPropagationIsRecursive) = try ContainerPlan.propagation(linux.rootPropagation)
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
            case .user, .time: throw .invalid("linux.namespaces: \(namespace.kind) is not supported yet")
            }
            guard created.isDisjoint(with: kind), !joined.contains(where: { $0.kind == kind }) else {
                throw .invalid("linux.namespaces: \(namespace.kind) is there twice")
            }
            if let path = namespace.path { joined.append((kind, path)) } else { created.insert(kind) }
        }
        guard created.contains(.mount) else {
            throw .invalid("linux.namespaces: a container without a new mount namespace is not supported yet")
        }
        return (created, joined)
    }

    /// What touches the host unless the container has the namespace for it.
    private static func check(
        _ specification: RuntimeSpecification, _ created: Namespaces, _ joined: [Namespaces]
    ) throws(RuntimeError) {
        let own = joined.reduce(created) { $0.union($1) }
        if specification.hostname != nil && !created.contains(.uts) {
            throw .invalid("hostname: needs a new UTS namespace")
        }
        if specification.domainname != nil && !created.contains(.uts) {
            throw .invalid("domainname: needs a new UTS namespace")
        }
        for name in specification.linux.sysctl.keys.sorted() {
            let path = name.replacingDots
            let needed: Namespaces
            switch path {
            case _ where path.split(separator: "/").contains(".."):
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
        contains("/") ? self : String(map { $0 == "." ? "/" : $0 })
    }
}
