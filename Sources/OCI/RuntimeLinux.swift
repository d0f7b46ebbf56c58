/// What is about Linux: `linux` of config.json.
public struct RuntimeLinux: Sendable, Equatable {
    /// New namespaces, and those that are joined.
    public var namespaces: [RuntimeNamespace] = []
    /// Device nodes beside the usual ones.
    public var devices: [RuntimeDevice] = []
    /// The limits.
    public var resources = RuntimeResources()
    /// The cgroup, below the root of every hierarchy, or nil for `/bulkhead/ID`.
    public var cgroupsPath: String?
    /// Kernel parameters of the container's own namespaces.
    public var sysctl: [String: String] = [:]
    /// `private`, `slave`, `shared`, `unbindable`, or nil for what is usual (mounts of the host come, none go).
    public var rootPropagation: String?
    /// Paths that can't be seen.
    public var maskedPaths: [String] = []
    /// Paths that can't be written.
    public var readOnlyPaths: [String] = []
    /// The filter of system calls, or nil for none.
    public var seccomp: RuntimeSeccomp?
    /// Shares of caches and memory bandwidth, or nil for the parent's.
    public var cacheControl: RuntimeCacheControl?
    /// How the kernel presents itself, or nil for as it is.
    public var personality: RuntimePersonality?
    /// The users of its user namespace.
    public var userMappings: [RuntimeMapping] = []
    /// The groups of its user namespace.
    public var groupMappings: [RuntimeMapping] = []
    /// The clocks of its time namespace.
    public var timeOffsets: [RuntimeTimeOffset] = []
    /// On which memory nodes pages are taken, or nil for the parent's policy.
    public var memoryPolicy: RuntimeMemoryPolicy?
    /// Interfaces of the host that the container gets.
    public var networkDevices: [RuntimeNetworkDevice] = []
    /// The SELinux context of what is mounted, or nil for what the policy says.
    public var mountLabel: String?

    /// No namespaces, no limits.
    public init() {}

    init(_ field: JSONField) throws(JSONError) {
        namespaces = try field.list("namespaces") { field throws(JSONError) in try RuntimeNamespace(field) }
        devices = try field.list("devices") { field throws(JSONError) in try RuntimeDevice(field) }
        if let resources = try field.optional("resources") { self.resources = try RuntimeResources(resources) }
        cgroupsPath = try field.optional("cgroupsPath")?.string()
        sysctl = try field.optional("sysctl")?.stringMembers() ?? [:]
        rootPropagation = try field.optional("rootfsPropagation")?.string()
        if rootPropagation == "" { rootPropagation = nil }
        maskedPaths = try field.optional("maskedPaths")?.strings() ?? []
        readOnlyPaths = try field.optional("readonlyPaths")?.strings() ?? []
        seccomp = try field.read("seccomp") { field throws(JSONError) in try RuntimeSeccomp(field) }
        cacheControl = try field.read("intelRdt") { field throws(JSONError) in try RuntimeCacheControl(field) }
        personality = try field.read("personality") { field throws(JSONError) in try RuntimePersonality(field) }
        userMappings = try RuntimeMapping.list(field, "uidMappings")
        groupMappings = try RuntimeMapping.list(field, "gidMappings")
        if let offsets = try field.optional("timeOffsets") { timeOffsets = try RuntimeTimeOffset.list(offsets) }
        memoryPolicy = try field.read("memoryPolicy") { field throws(JSONError) in try RuntimeMemoryPolicy(field) }
        if let devices = try field.optional("netDevices") { networkDevices = try RuntimeNetworkDevice.list(devices) }
        mountLabel = try field.optional("mountLabel")?.string()
        if mountLabel == "" { mountLabel = nil }
    }

    var json: JSON {
        .members([
            "namespaces": .array(namespaces.map { $0.json }),
            "devices": devices.isEmpty ? nil : .array(devices.map { $0.json }),
            "resources": resources.json,
            "cgroupsPath": cgroupsPath.map { .string($0) },
            "sysctl": sysctl.isEmpty ? nil : JSON(sysctl),
            "rootfsPropagation": rootPropagation.map { .string($0) },
            "maskedPaths": maskedPaths.isEmpty ? nil : JSON(maskedPaths),
            "readonlyPaths": readOnlyPaths.isEmpty ? nil : JSON(readOnlyPaths),
            "seccomp": seccomp?.json,
            "intelRdt": cacheControl?.json,
            "personality": personality?.json,
            "memoryPolicy": memoryPolicy?.json,
            "uidMappings": RuntimeMapping.json(userMappings),
            "gidMappings": RuntimeMapping.json(groupMappings),
            "timeOffsets": RuntimeTimeOffset.json(timeOffsets),
            "netDevices": RuntimeNetworkDevice.json(networkDevices),
            "mountLabel": mountLabel.map { .string($0) },
        ])
    }
}

/// One namespace.
public struct RuntimeNamespace: Sendable, Equatable {
    /// Which aspect of the system it is about.
    public enum Kind: String, Sendable, CaseIterable { case mount, pid, network, ipc, uts, cgroup, user, time }

    /// The kind.
    public var kind: Kind
    /// The file that stands for the namespace to join, or nil for a new one.
    public var path: String?

    /// Creates it.
    public init(_ kind: Kind, path: String? = nil) {
        self.kind = kind
        self.path = path
    }

    init(_ field: JSONField) throws(JSONError) {
        let type = try field.required("type")
        guard let kind = Kind(rawValue: try type.string()) else { throw type.error("is no kind of namespace") }
        self.kind = kind
        path = try field.optional("path")?.string()
        if path == "" { path = nil }
    }

    var json: JSON { .members(["type": .string(kind.rawValue), "path": path.map { .string($0) }]) }
}

/// A device node to be made in the container.
public struct RuntimeDevice: Sendable, Equatable {
    /// `c` or `u` character, `b` block, `p` pipe.
    public var type: String
    /// Where, as an absolute path in the container.
    public var path: String
    /// Which device.
    public var major: UInt32
    /// Which one of that kind.
    public var minor: UInt32
    /// The permission bits.
    public var mode: UInt32
    /// The owner.
    public var uid: UInt32
    /// The owning group.
    public var gid: UInt32

    /// Creates it.
    public init(
        type: String, path: String, major: UInt32, minor: UInt32, mode: UInt32 = 0o666, uid: UInt32 = 0, gid: UInt32 = 0
    ) {
        self.type = type
        self.path = path
        self.major = major
        self.minor = minor
        self.mode = mode
        self.uid = uid
        self.gid = gid
    }

    init(_ field: JSONField) throws(JSONError) {
        let kind = try field.required("type")
        type = try kind.string()
        guard ["c", "u", "b", "p"].contains(type) else { throw kind.error("must be c, u, b or p") }
        path = try field.required("path").string()
        major = type == "p" ? 0 : try field.required("major").number()
        minor = type == "p" ? 0 : try field.required("minor").number()
        mode = try field.optional("fileMode")?.number() ?? 0o666
        uid = try field.optional("uid")?.number() ?? 0
        gid = try field.optional("gid")?.number() ?? 0
    }

    var json: JSON {
        .members([
            "type": .string(type), "path": .string(path), "major": JSON(major), "minor": JSON(minor),
            "fileMode": JSON(mode), "uid": JSON(uid), "gid": JSON(gid),
        ])
    }
}
