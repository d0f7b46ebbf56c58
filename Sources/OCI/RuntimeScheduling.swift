/// How the kernel schedules a process: `process.scheduler`, as sched_setattr(2) takes it.
public struct RuntimeScheduler: Sendable, Equatable {
    /// SCHED_*, by the kernel's numbers.
    public enum Policy: UInt32, Sendable, CaseIterable {
        case other = 0, fifo, roundRobin, batch, iso, idle, deadline

        /// As the specification writes it.
        public var name: String {
            switch self {
            case .other: "SCHED_OTHER"
            case .fifo: "SCHED_FIFO"
            case .roundRobin: "SCHED_RR"
            case .batch: "SCHED_BATCH"
            case .iso: "SCHED_ISO"
            case .idle: "SCHED_IDLE"
            case .deadline: "SCHED_DEADLINE"
            }
        }
    }

    /// SCHED_FLAG_*, in the order of the kernel's bits.
    static let flagNames = [
        "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY",
        "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX",
    ]

    /// The policy.
    public var policy: Policy
    /// -20 (most) to 19.
    public var nice: Int32 = 0
    /// The static priority of the real-time policies.
    public var priority: UInt32 = 0
    /// The kernel's SCHED_FLAG_* bits.
    public var flags: UInt64 = 0
    /// Nanoseconds that a deadline process may run for in each period.
    public var runtime: UInt64 = 0
    /// Nanoseconds after the beginning of a period at which that must be done.
    public var deadline: UInt64 = 0
    /// The period in nanoseconds.
    public var period: UInt64 = 0

    /// Creates one with everything else 0.
    public init(policy: Policy) { self.policy = policy }

    init(_ field: JSONField) throws(JSONError) {
        let name = try field.required("policy")
        let text = try name.string()
        guard let policy = Policy.allCases.first(where: { $0.name == text }) else {
            throw name.error("\(text) is no scheduling policy")
        }
        self.policy = policy
        nice = try field.optional("nice")?.number() ?? 0
        guard (-20...19).contains(nice) else {
            throw JSONError(path: "\(field.path).nice", problem: "must be -20 to 19")
        }
        priority = try field.optional("priority")?.number() ?? 0
        for flag in try field.optional("flags")?.elements() ?? [] {
            guard let bit = RuntimeScheduler.flagNames.firstIndex(of: try flag.string()) else {
                throw flag.error("is no flag of the scheduler")
            }
            flags |= 1 << UInt64(bit)
        }
        runtime = try field.optional("runtime")?.number() ?? 0
        deadline = try field.optional("deadline")?.number() ?? 0
        period = try field.optional("period")?.number() ?? 0
    }

    var json: JSON {
        let names = RuntimeScheduler.flagNames.enumerated().filter { flags & 1 << UInt64($0.offset) != 0 }
        return .members([
            "policy": .string(policy.name), "nice": JSON(nice), "priority": JSON(priority),
            "flags": names.isEmpty ? nil : JSON(names.map { $0.element }), "runtime": JSON(runtime),
            "deadline": JSON(deadline), "period": JSON(period),
        ])
    }
}

/// The priority of a process's input and output: `process.ioPriority`, as ioprio_set(2) takes it.
public struct RuntimeIOPriority: Sendable, Equatable {
    /// IOPRIO_CLASS_*, by the kernel's numbers.
    public enum Class: UInt32, Sendable { case realTime = 1, bestEffort, idle }

    private static let names: [(name: String, value: Class)] = [
        ("IOPRIO_CLASS_RT", .realTime), ("IOPRIO_CLASS_BE", .bestEffort), ("IOPRIO_CLASS_IDLE", .idle),
    ]

    /// The class.
    public var category: Class
    /// 0 (highest) to 7 within the class.
    public var priority: UInt32

    /// Creates it.
    public init(_ category: Class, priority: UInt32) {
        self.category = category
        self.priority = priority
    }

    init(_ field: JSONField) throws(JSONError) {
        let name = try field.required("class")
        let text = try name.string()
        guard let found = RuntimeIOPriority.names.first(where: { $0.name == text }) else {
            throw name.error("\(text) is no class of input and output")
        }
        category = found.value
        let level = try field.required("priority")
        priority = try level.number()
        guard priority < 8 else { throw level.error("must be 0 to 7") }
    }

    var json: JSON {
        let name = RuntimeIOPriority.names.first { $0.value == category }?.name ?? ""
        return ["class": .string(name), "priority": JSON(priority)]
    }
}

/// The processors of a process that is executed in a running container: `process.execCPUAffinity`.
public struct RuntimeAffinity: Sendable, Equatable {
    /// Before it enters the container's control groups.
    public var initial: NumberSet?
    /// Afterwards; nil: what the kernel makes of it.
    public var final: NumberSet?

    init(_ field: JSONField) throws(JSONError) {
        initial = try field.numberSet("initial")
        final = try field.numberSet("final")
    }

    var json: JSON {
        .members(["initial": initial.map { .string($0.text) }, "final": final.map { .string($0.text) }])
    }
}
