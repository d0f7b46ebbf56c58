/// The limits of a container: `linux.resources`. Nil is unlimited, or what the kernel begins with.
public struct RuntimeResources: Sendable, Equatable {
    /// Which devices may be used: later rules win.
    public var devices: [DeviceRule] = []
    /// Memory.
    public var memory = Memory()
    /// Processors.
    public var processor = Processor()
    /// How many processes and threads; 0 or below: unlimited.
    public var processes: Int64?
    /// The share of block devices' time, 10 to 1000.
    public var blockWeight: UInt16?
    /// Files of cgroup v2 by name.
    public var unified: [String: String] = [:]

    /// No limits.
    public init() {}

    /// Memory limits, in bytes; -1 is unlimited.
    public struct Memory: Sendable, Equatable {
        /// The hard limit.
        public var limit: Int64?
        /// The soft limit.
        public var reservation: Int64?
        /// Memory and swap together.
        public var swap: Int64?
        /// How eagerly it is swapped, 0 to 100.
        public var swappiness: UInt64?
        /// Whether processes wait for memory where they would be killed (cgroup v1 only).
        public var disableKiller = false

        /// No limits.
        public init() {}
    }

    /// Processor limits.
    public struct Processor: Sendable, Equatable {
        /// The weight against others, 2 to 262144; 1024 is usual.
        public var shares: UInt64?
        /// Microseconds of processor time in each period; -1 is unlimited.
        public var quota: Int64?
        /// Microseconds that may be saved up.
        public var burst: UInt64?
        /// The period in microseconds.
        public var period: UInt64?
        /// Processors, `0-3,7`.
        public var cpus: String?
        /// Memory nodes, `0-1`.
        public var memories: String?
        /// 1: only when nobody else wants to run.
        public var idle: Int64?

        /// No limits.
        public init() {}
    }

    /// One rule of the list of devices.
    public struct DeviceRule: Sendable, Equatable {
        /// Whether it allows or denies.
        public var allow: Bool
        /// `a` all, `c` character, `b` block.
        public var type: String
        /// The device's major number, or nil for any.
        public var major: Int64?
        /// The minor number, or nil for any.
        public var minor: Int64?
        /// Of `r` read, `w` write, `m` make a node.
        public var access: String

        /// Creates it.
        public init(allow: Bool, type: String = "a", major: Int64? = nil, minor: Int64? = nil, access: String = "rwm") {
            self.allow = allow
            self.type = type
            self.major = major
            self.minor = minor
            self.access = access
        }
    }
}

extension RuntimeResources {
    init(_ field: JSONField) throws(JSONError) {
        try field.refuse(["hugepageLimits", "network", "rdma"])
        devices = try field.list("devices") { field throws(JSONError) in try DeviceRule(field) }
        if let memory = try field.optional("memory") { self.memory = try Memory(memory) }
        if let cpu = try field.optional("cpu") { processor = try Processor(cpu) }
        processes = try field.optional("pids")?.optional("limit")?.number()
        if let block = try field.optional("blockIO") {
            try block.refuse([
                "leafWeight", "weightDevice", "throttleReadBpsDevice", "throttleWriteBpsDevice",
                "throttleReadIOPSDevice", "throttleWriteIOPSDevice",
            ])
            blockWeight = try block.optional("weight")?.number()
            if blockWeight == 0 { blockWeight = nil }
        }
        unified = try field.optional("unified")?.stringMembers() ?? [:]
    }

    var json: JSON? {
        let members: [String: JSON?] = [
            "devices": devices.isEmpty ? nil : .array(devices.map(\.json)),
            "memory": memory.json,
            "cpu": processor.json,
            "pids": processes.map { .object(["limit": JSON($0)]) },
            "blockIO": blockWeight.map { .object(["weight": JSON($0)]) },
            "unified": unified.isEmpty ? nil : JSON(unified),
        ]
        return members.values.contains { $0 != nil } ? .members(members) : nil
    }
}

extension RuntimeResources.Memory {
    init(_ field: JSONField) throws(JSONError) {
        try field.refuse(["kernelTCP"])
        limit = try field.optional("limit")?.number()
        reservation = try field.optional("reservation")?.number()
        swap = try field.optional("swap")?.number()
        swappiness = try field.optional("swappiness")?.number()
        disableKiller = try field.optional("disableOOMKiller")?.bool() ?? false
    }

    var json: JSON? {
        self == Self()
            ? nil
            : .members([
                "limit": limit.map { JSON($0) }, "reservation": reservation.map { JSON($0) },
                "swap": swap.map { JSON($0) }, "swappiness": swappiness.map { JSON($0) },
                "disableOOMKiller": disableKiller ? true : nil,
            ])
    }
}

extension RuntimeResources.Processor {
    init(_ field: JSONField) throws(JSONError) {
        for name in ["realtimeRuntime", "realtimePeriod"] {
            if let value = try field.optional(name), try value.number(Int64.self) != 0 {
                throw value.error("is not supported yet")
            }
        }
        shares = try field.optional("shares")?.number()
        quota = try field.optional("quota")?.number()
        burst = try field.optional("burst")?.number()
        period = try field.optional("period")?.number()
        cpus = try field.optional("cpus")?.string()
        memories = try field.optional("mems")?.string()
        idle = try field.optional("idle")?.number()
        if cpus == "" { cpus = nil }
        if memories == "" { memories = nil }
    }

    var json: JSON? {
        self == Self()
            ? nil
            : .members([
                "shares": shares.map { JSON($0) }, "quota": quota.map { JSON($0) }, "burst": burst.map { JSON($0) },
                "period": period.map { JSON($0) }, "cpus": cpus.map { .string($0) },
                "mems": memories.map { .string($0) }, "idle": idle.map { JSON($0) },
            ])
    }
}

extension RuntimeResources.DeviceRule {
    init(_ field: JSONField) throws(JSONError) {
        allow = try field.required("allow").bool()
        let kind = try field.optional("type")
        type = try kind?.string() ?? "a"
        if let kind, !["a", "b", "c"].contains(type) { throw kind.error("must be a, b or c") }
        major = try field.optional("major")?.number()
        minor = try field.optional("minor")?.number()
        if major == -1 { major = nil }
        if minor == -1 { minor = nil }
        access = try field.optional("access")?.string() ?? "rwm"
        guard access.allSatisfy({ "rwm".contains($0) }) else {
            throw JSONError(path: "\(field.path).access", problem: "must consist of r, w and m")
        }
    }

    var json: JSON {
        .members([
            "allow": .bool(allow), "type": .string(type), "major": major.map { JSON($0) },
            "minor": minor.map { JSON($0) }, "access": .string(access),
        ])
    }
}
