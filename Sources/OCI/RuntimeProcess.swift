/// A program to be executed in a container: `process` of config.json, or the argument of `exec --process`.
public struct RuntimeProcess: Sendable, Equatable {
    /// Whether it has a terminal.
    public var terminal = false
    /// The terminal's first size.
    public var consoleSize: ConsoleSize?
    /// The working directory, absolute; made where it is missing.
    public var workingDirectory = "/"
    /// `NAME=value`.
    public var environment: [String] = []
    /// The program and its arguments.
    public var arguments: [String] = []
    /// As whom.
    public var user = RuntimeUser()
    /// The resource limits.
    public var limits: [ResourceLimit] = []
    /// Whether executing a program can never give more privileges.
    public var noNewPrivileges = false
    /// The capabilities, or nil to leave them as they are.
    public var capabilities: RuntimeCapabilities?
    /// How likely the kernel's choice falls on it when memory runs out, -1000 to 1000; nil leaves it.
    public var oomScoreAdjustment: Int?
    /// How it is scheduled; nil: as its parent.
    public var scheduler: RuntimeScheduler?
    /// The priority of its input and output; nil: its parent's.
    public var ioPriority: RuntimeIOPriority?
    /// Its processors, where it is executed in a running container.
    public var affinity: RuntimeAffinity?
    /// The AppArmor profile that the program gets; nil: the parent's.
    public var appArmorProfile: String?
    /// The SELinux label that the program gets; nil: what the policy says.
    public var selinuxLabel: String?

    /// A terminal's size in characters.
    public struct ConsoleSize: Sendable, Equatable {
        /// Rows and columns.
        public var height: UInt16
        /// Columns.
        public var width: UInt16

        /// Creates it.
        public init(height: UInt16, width: UInt16) {
            self.height = height
            self.width = width
        }
    }

    /// One resource limit.
    public struct ResourceLimit: Sendable, Equatable {
        /// `RLIMIT_NOFILE`.
        public var type: String
        /// The limit that counts.
        public var soft: UInt64
        /// As far as it can be raised.
        public var hard: UInt64

        /// Creates it.
        public init(type: String, soft: UInt64, hard: UInt64) {
            self.type = type
            self.soft = soft
            self.hard = hard
        }

        init(_ field: JSONField) throws(JSONError) {
            type = try field.required("type").string()
            soft = try field.required("soft").number()
            hard = try field.required("hard").number()
            guard soft <= hard else { throw field.error("the soft limit \(soft) is above the hard one, \(hard)") }
        }
    }

    /// Nothing but defaults.
    public init() {}

    /// Reads a `process` object.
    public init(_ field: JSONField) throws(JSONError) {
        terminal = try field.optional("terminal")?.bool() ?? false
        if let size = try field.optional("consoleSize") {
            consoleSize = ConsoleSize(
                height: try size.required("height").number(), width: try size.required("width").number())
        }
        workingDirectory = try field.required("cwd").string()
        guard workingDirectory.hasPrefix("/") else {
            throw JSONError(path: "\(field.path).cwd", problem: "must be an absolute path")
        }
        environment = try field.optional("env")?.strings() ?? []
        arguments = try field.optional("args")?.strings() ?? []
        user = try field.read("user") { field throws(JSONError) in try RuntimeUser(field) } ?? RuntimeUser()
        limits = try field.list("rlimits") { field throws(JSONError) in
            try ResourceLimit(field)
        }
        for (index, limit) in limits.enumerated() where limits[..<index].contains(where: { $0.type == limit.type }) {
            throw JSONError(path: "\(field.path).rlimits[\(index)].type", problem: "\(limit.type) is there twice")
        }
        noNewPrivileges = try field.optional("noNewPrivileges")?.bool() ?? false
        capabilities = try field.read("capabilities") { field throws(JSONError) in try RuntimeCapabilities(field) }
        if let score = try field.optional("oomScoreAdj") {
            oomScoreAdjustment = try score.number()
            guard (-1000...1000).contains(oomScoreAdjustment ?? 0) else { throw score.error("must be -1000 to 1000") }
        }
        scheduler = try field.read("scheduler") { field throws(JSONError) in try RuntimeScheduler(field) }
        ioPriority = try field.read("ioPriority") { field throws(JSONError) in try RuntimeIOPriority(field) }
        affinity = try field.read("execCPUAffinity") { field throws(JSONError) in try RuntimeAffinity(field) }
        appArmorProfile = try field.optional("apparmorProfile")?.string()
        if appArmorProfile == "" { appArmorProfile = nil }
        selinuxLabel = try field.optional("selinuxLabel")?.string()
        if selinuxLabel == "" { selinuxLabel = nil }
    }

    /// The object.
    public var json: JSON {
        .members([
            "terminal": terminal ? true : nil,
            "consoleSize": consoleSize.map { .object(["height": JSON($0.height), "width": JSON($0.width)]) },
            "cwd": .string(workingDirectory),
            "env": environment.isEmpty ? nil : JSON(environment),
            "args": JSON(arguments),
            "user": user.json,
            "rlimits": limits.isEmpty
                ? nil
                : .array(
                    limits.map { .object(["type": .string($0.type), "soft": JSON($0.soft), "hard": JSON($0.hard)]) }),
            "noNewPrivileges": noNewPrivileges ? true : nil,
            "capabilities": capabilities?.json,
            "oomScoreAdj": oomScoreAdjustment.map { JSON($0) },
            "scheduler": scheduler?.json,
            "ioPriority": ioPriority?.json,
            "execCPUAffinity": affinity?.json,
            "apparmorProfile": appArmorProfile.map { .string($0) },
            "selinuxLabel": selinuxLabel.map { .string($0) },
        ])
    }
}

/// As whom a program runs.
public struct RuntimeUser: Sendable, Equatable {
    /// The user's number.
    public var uid: UInt32 = 0
    /// The group's number.
    public var gid: UInt32 = 0
    /// The file mode creation mask; nil leaves 022.
    public var umask: UInt32?
    /// Further groups.
    public var additionalGroups: [UInt32] = []
    /// Docker's `user`, `user:group`, `uid:gid`: where it is there, the numbers above are looked up in the container's
    /// own /etc/passwd and /etc/group. (The specification has the name for other systems only.)
    public var name: String?

    /// The superuser.
    public init(uid: UInt32 = 0, gid: UInt32 = 0, additionalGroups: [UInt32] = []) {
        self.uid = uid
        self.gid = gid
        self.additionalGroups = additionalGroups
    }

    init(_ field: JSONField) throws(JSONError) {
        uid = try field.optional("uid")?.number() ?? 0
        gid = try field.optional("gid")?.number() ?? 0
        umask = try field.optional("umask")?.number()
        additionalGroups = try field.list("additionalGids") { field throws(JSONError) in try field.number() }
        name = try field.optional("username")?.string()
        if name == "" { name = nil }
    }

    var json: JSON {
        .members([
            "uid": JSON(uid), "gid": JSON(gid),
            "umask": umask.map { JSON($0) },
            "additionalGids": additionalGroups.isEmpty ? nil : .array(additionalGroups.map { JSON($0) }),
            "username": name.map { .string($0) },
        ])
    }
}

/// The five sets of capabilities, by name.
public struct RuntimeCapabilities: Sendable, Equatable {
    /// The most that can ever be had.
    public var bounding: [String] = []
    /// What counts.
    public var effective: [String] = []
    /// What is kept through exec where the file says so.
    public var inheritable: [String] = []
    /// What may be made effective.
    public var permitted: [String] = []
    /// What is kept through exec of an ordinary file.
    public var ambient: [String] = []

    /// Bounding, effective and permitted the same, the others empty: Docker's choice.
    public init(_ names: [String] = []) {
        bounding = names
        effective = names
        permitted = names
    }

    init(_ field: JSONField) throws(JSONError) {
        bounding = try field.optional("bounding")?.strings() ?? []
        effective = try field.optional("effective")?.strings() ?? []
        inheritable = try field.optional("inheritable")?.strings() ?? []
        permitted = try field.optional("permitted")?.strings() ?? []
        ambient = try field.optional("ambient")?.strings() ?? []
    }

    var json: JSON {
        .members([
            "bounding": JSON(bounding), "effective": JSON(effective), "permitted": JSON(permitted),
            "inheritable": inheritable.isEmpty ? nil : JSON(inheritable),
            "ambient": ambient.isEmpty ? nil : JSON(ambient),
        ])
    }
}
