/// The limits of a container: `linux.resources`. Nil is unlimited, or what the kernel begins with.
public struct RuntimeResources: Sendable, Equatable {
    /// Which devices may be used: later rules win.
    public var devices: [DeviceRule] = []
    /// Memory.
    public var memory = Memory()
    /// Processors.
    public var processor = Processor()
    /// How many processes and threads; below 0: unlimited.
    public var processes: Int64?
    /// Block devices.
    public var block = Block()
    /// How much of each size of huge pages.
    public var hugePages: [HugePageLimit] = []
    /// What the packets of its processes are marked with.
    public var network = Network()
    /// How much of each RDMA device, by its name.
    public var rdma: [String: RDMALimit] = [:]
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
        /// The kernel's own memory for it (cgroup v1 of older kernels only).
        public var kernel: Int64?
        /// The kernel's buffers for its TCP connections (cgroup v1 only).
        public var kernelTCP: Int64?
        /// Whether groups below count too; it is always so in newer kernels.
        public var useHierarchy: Bool?
        /// Whether a new limit below what is used now is refused, where the kernel would kill for it.
        public var checkBeforeUpdate = false

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
        /// Microseconds of processor time of its realtime processes in each of their periods (cgroup v1 only).
        public var realtimeRuntime: Int64?
        /// That period in microseconds.
        public var realtimePeriod: UInt64?

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
    /// Reads `linux.resources`, or a document that is nothing else (`update --resources`).
    public init(_ field: JSONField) throws(JSONError) {
        devices = try field.list("devices") { field throws(JSONError) in try DeviceRule(field) }
        if let memory = try field.optional("memory") { self.memory = try Memory(memory) }
        if let cpu = try field.optional("cpu") { processor = try Processor(cpu) }
        processes = try field.optional("pids")?.optional("limit")?.number()
        if let block = try field.optional("blockIO") { self.block = try Block(block) }
        hugePages = try field.list("hugepageLimits") { field throws(JSONError) in try HugePageLimit(field) }
        if let network = try field.optional("network") { self.network = try Network(network) }
        if let devices = try field.optional("rdma")?.members() {
            for (name, device) in devices { rdma[name] = try RDMALimit(device) }
        }
        unified = try field.optional("unified")?.stringMembers() ?? [:]
    }

    var json: JSON? {
        let members: KeyValuePairs<String, JSON?> = [
            "devices": devices.isEmpty ? nil : .array(devices.map { $0.json }),
            "memory": memory.json,
            "cpu": processor.json,
            "pids": processes.map { .object(["limit": JSON($0)]) },
            "blockIO": block.json,
            "hugepageLimits": hugePages.isEmpty ? nil : .array(hugePages.map { $0.json }),
            "network": network.json,
            "rdma": rdma.isEmpty ? nil : .object(rdma.mapValues { $0.json }),
            "unified": unified.isEmpty ? nil : JSON(unified),
        ]
        return members.contains { $0.value != nil } ? .members(members) : nil
    }
}

extension RuntimeResources.Memory {
    init(_ field: JSONField) throws(JSONError) {
        limit = try Self.bytes(field, "limit")
        reservation = try Self.bytes(field, "reservation")
        swap = try Self.bytes(field, "swap")
        kernel = try Self.bytes(field, "kernel")
        kernelTCP = try Self.bytes(field, "kernelTCP")
        if let swappiness = try field.optional("swappiness") {
            self.swappiness = try swappiness.number()
            // Clients say -1 (all bits set) for what they leave to the kernel.
            if self.swappiness == .max { self.swappiness = nil }
            guard (self.swappiness ?? 0) <= 100 else { throw swappiness.error("must be from 0 to 100") }
        }
        disableKiller = try field.optional("disableOOMKiller")?.bool() ?? false
        useHierarchy = try field.optional("useHierarchy")?.bool()
        checkBeforeUpdate = try field.optional("checkBeforeUpdate")?.bool() ?? false
    }

    private static func bytes(_ field: JSONField, _ name: String) throws(JSONError) -> Int64? {
        guard let member = try field.optional(name) else { return nil }
        let bytes = try member.number(Int64.self)
        guard bytes >= -1 else { throw member.error("must be a number of bytes, or -1 for no limit") }
        return bytes
    }

    var json: JSON? {
        self == Self()
            ? nil
            : .members([
                "limit": limit.map { JSON($0) }, "reservation": reservation.map { JSON($0) },
                "swap": swap.map { JSON($0) }, "swappiness": swappiness.map { JSON($0) },
                "disableOOMKiller": disableKiller ? true : nil, "kernel": kernel.map { JSON($0) },
                "kernelTCP": kernelTCP.map { JSON($0) }, "useHierarchy": useHierarchy.map { .bool($0) },
                "checkBeforeUpdate": checkBeforeUpdate ? true : nil,
            ])
    }
}

extension RuntimeResources.Processor {
    init(_ field: JSONField) throws(JSONError) {
        shares = try field.optional("shares")?.number()
        quota = try field.optional("quota")?.number()
        burst = try field.optional("burst")?.number()
        period = try field.optional("period")?.number()
        cpus = try field.optional("cpus")?.string()
        memories = try field.optional("mems")?.string()
        if let idle = try field.optional("idle") {
            self.idle = try idle.number()
            guard self.idle == 0 || self.idle == 1 else { throw idle.error("must be 0 or 1") }
        }
        realtimeRuntime = try field.optional("realtimeRuntime")?.number()
        realtimePeriod = try field.optional("realtimePeriod")?.number()
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
                "realtimeRuntime": realtimeRuntime.map { JSON($0) }, "realtimePeriod": realtimePeriod.map { JSON($0) },
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
