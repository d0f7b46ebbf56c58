internal import Linux
internal import OCI

/// One mount with its options understood: what the kernel is told.
struct MountPlan: Sendable, Equatable {
    /// What is mounted.
    enum Kind: Sendable, Equatable {
        /// A path of the host, with or without the mounts below it.
        case bind(recursive: Bool)
        /// The container's own control groups.
        case controlGroups
        /// A new file system.
        case fileSystem(type: String)
        /// Other options for what is mounted there already: of that mount alone, or of its file system.
        case change(mountOnly: Bool)
    }

    /// Whom the owners of its files become.
    struct Mapping: Sendable, Equatable {
        var map: IdentityMap
        var recursive: Bool
    }

    var destination: String
    var source: String
    var kind: Kind
    /// Flags of a new file system, and its own options.
    var flags: MountFlags = []
    var data = ""
    /// For a bind: what is switched on and off, for the mount itself and for the whole tree.
    var set: MountAttributes = []
    var clear: MountAttributes = []
    var recursiveSet: MountAttributes = []
    var recursiveClear: MountAttributes = []
    var propagation: MountPropagation?
    var propagationIsRecursive = false
    /// For a new tmpfs: whether it begins with what the directory below it has.
    var copiesUp = false
    var mapping: Mapping?
    /// The SELinux context of a new file system.
    var label: String?

    /// Whether it is the same in every network namespace and control group, and takes next to no memory: what can be
    /// mounted before those are there.
    var isIndependent: Bool {
        guard case .fileSystem(let type) = kind, !copiesUp else { return false }
        return ["proc", "tmpfs", "devpts", "mqueue"].contains(type)
    }

    /// - Parameter container: the mappings of the container's own user namespace.
    init(_ mount: RuntimeMount, container: IdentityMap? = nil) throws(RuntimeError) {
        // Relative ones have been taken as relative to the root for long, and are by runc.
        destination = mount.destination.hasPrefix("/") ? mount.destination : "/\(mount.destination)"
        guard destination.utf8.contains(where: { $0 != UInt8(ascii: "/") }) else {
            throw .invalid("mounts: the destination \(destination) must be a path below /")
        }
        source = mount.source ?? mount.type ?? "none"
        let type = mount.type ?? ""
        kind =
            switch type {
            case "cgroup", "cgroup2": .controlGroups
            case "bind", "rbind": .bind(recursive: type == "rbind")
            default: .fileSystem(type: type)
            }
        var own: [String] = []
        var remount = false
        var idmap: Bool?
        for option in mount.options where !understand(option) {
            switch option {
            case "remount": remount = true
            case "tmpcopyup": copiesUp = true
            case "idmap", "ridmap": idmap = option == "ridmap"
            default: own.append(option)
            }
        }
        data = own.concatenated(separator: ",")
        if remount {
            if case .bind = kind { kind = .change(mountOnly: true) } else { kind = .change(mountOnly: false) }
        }
        if copiesUp, kind != .fileSystem(type: "tmpfs") {
            throw .invalid("mounts: the option tmpcopyup of \(destination) is for a tmpfs only")
        }
        mapping = try MountPlan.mapping(mount, recursive: idmap, container)
        if mapping != nil {
            guard case .bind = kind else {
                throw .invalid("mounts: \(destination): only what is bound can have mappings of its own")
            }
        }
        switch kind {
        case .change: break
        case .bind:
            guard source.hasPrefix("/") else {
                throw .invalid("mounts: the source \(source) of \(destination) must be an absolute path")
            }
            guard own.isEmpty else {
                throw .invalid("mounts: the option \(own[0]) of \(destination) is not known")
            }
        case .fileSystem(let type):
            guard !type.isEmpty else { throw .invalid("mounts: the type of \(destination) is missing") }
        case .controlGroups: break
        }
    }

    private static func mapping(
        _ mount: RuntimeMount, recursive: Bool?, _ container: IdentityMap?
    ) throws(RuntimeError) -> Mapping? {
        let own = !mount.userMappings.isEmpty || !mount.groupMappings.isEmpty
        guard own || recursive != nil else { return nil }
        guard own else {
            guard let container else {
                throw .invalid(
                    "mounts: \(mount.destination): idmap needs uidMappings and gidMappings, its own or the container's")
            }
            return Mapping(map: container, recursive: recursive ?? false)
        }
        guard !mount.userMappings.isEmpty, !mount.groupMappings.isEmpty else {
            throw .invalid("mounts: \(mount.destination): uidMappings and gidMappings must both be there")
        }
        return Mapping(
            map: IdentityMap(mount.userMappings, mount.groupMappings), recursive: recursive ?? false)
    }

    /// Whether the option is one of those that are the same for every file system.
    private mutating func understand(_ option: String) -> Bool {
        if option == "defaults" { return true }
        if option == "bind" || option == "rbind" {
            kind = .bind(recursive: option == "rbind")
            return true
        }
        if let (propagation, recursive) = MountPlan.propagation(option) {
            self.propagation = propagation
            propagationIsRecursive = recursive
            return true
        }
        if let (attributes, on) = MountPlan.attributes(option) {
            (set, clear) = MountPlan.switching(attributes, on, set, clear)
            if on { flags.formUnion(MountPlan.flags(attributes)) } else { flags.subtract(MountPlan.flags(attributes)) }
            return true
        }
        if option.hasPrefix("r"), let (attributes, on) = MountPlan.attributes(String(option.dropFirst())) {
            (recursiveSet, recursiveClear) = MountPlan.switching(attributes, on, recursiveSet, recursiveClear)
            return true
        }
        if let (flag, on) = MountPlan.superblockFlag(option) {
            if on { flags.insert(flag) } else { flags.remove(flag) }
            return true
        }
        return false
    }

    private static func switching(
        _ attributes: MountAttributes, _ on: Bool, _ set: MountAttributes, _ clear: MountAttributes
    ) -> (MountAttributes, MountAttributes) {
        // The settings of the access time exclude one another: the kernel wants all of them cleared together.
        if !attributes.isDisjoint(with: .accessTime) || attributes.isEmpty {
            return (set.subtracting(.accessTime).union(on ? attributes : []), clear.union(.accessTime))
        }
        return on
            ? (set.union(attributes), clear.subtracting(attributes))
            : (set.subtracting(attributes), clear.union(attributes))
    }

    private static func propagation(_ option: String) -> (MountPropagation, Bool)? {
        switch option {
        case "private": (.private, false)
        case "rprivate": (.private, true)
        case "slave": (.slave, false)
        case "rslave": (.slave, true)
        case "shared": (.shared, false)
        case "rshared": (.shared, true)
        case "unbindable": (.unbindable, false)
        case "runbindable": (.unbindable, true)
        default: nil
        }
    }

    /// An option that every mount can have. An empty set stands for relative access times, the kernel's default.
    private static func attributes(_ option: String) -> (MountAttributes, Bool)? {
        switch option {
        case "ro": (.readOnly, true)
        case "rw": (.readOnly, false)
        case "nosuid": (.noSetUserID, true)
        case "suid": (.noSetUserID, false)
        case "nodev": (.noDevices, true)
        case "dev": (.noDevices, false)
        case "noexec": (.noExecute, true)
        case "exec": (.noExecute, false)
        case "nodiratime": (.noDirectoryAccessTime, true)
        case "diratime": (.noDirectoryAccessTime, false)
        case "nosymfollow": (.noSymbolicLinks, true)
        case "symfollow": (.noSymbolicLinks, false)
        case "noatime": (.noAccessTime, true)
        case "atime": (.noAccessTime, false)
        case "strictatime": (.strictAccessTime, true)
        case "nostrictatime": (.strictAccessTime, false)
        case "relatime", "norelatime": ([], true)
        default: nil
        }
    }

    private static func flags(_ attributes: MountAttributes) -> MountFlags {
        switch attributes {
        case .readOnly: .readOnly
        case .noSetUserID: .noSetUserID
        case .noDevices: .noDevices
        case .noExecute: .noExecute
        case .noDirectoryAccessTime: .noDirectoryAccessTime
        case .noSymbolicLinks: .noSymbolicLinks
        case .noAccessTime: .noAccessTime
        case .strictAccessTime: .strictAccessTime
        default: .relativeAccessTime
        }
    }

    /// An option of a whole file system.
    private static func superblockFlag(_ option: String) -> (MountFlags, Bool)? {
        switch option {
        case "sync": (.synchronous, true)
        case "async": (.synchronous, false)
        case "dirsync": (.synchronousDirectories, true)
        case "mand": (.mandatoryLocks, true)
        case "nomand": (.mandatoryLocks, false)
        case "silent": (.silent, true)
        case "loud": (.silent, false)
        case "iversion": (.version, true)
        case "noiversion": (.version, false)
        case "lazytime": (.lazyTime, true)
        case "nolazytime": (.lazyTime, false)
        default: nil
        }
    }
}

extension IdentityMap {
    /// That of the container's user namespace; nil where config.json does not say who is in it.
    init?(_ linux: RuntimeLinux) {
        guard !linux.userMappings.isEmpty, !linux.groupMappings.isEmpty else { return nil }
        self.init(linux.userMappings, linux.groupMappings)
    }

    init(_ users: [RuntimeMapping], _ groups: [RuntimeMapping]) {
        func ranges(_ list: [RuntimeMapping]) -> [IdentityRange] {
            list.map { IdentityRange(inside: $0.inside, outside: $0.outside, count: $0.count) }
        }
        self.init(users: ranges(users), groups: ranges(groups))
    }
}
