/// What the processes of a cgroup may use. Nil: the kernel's default.
public struct CgroupLimits: Sendable, Equatable {
    /// Bytes; -1 is unlimited.
    public var memory: Int64?
    /// Bytes below which nothing is taken away as long as there is any other way.
    public var memoryReservation: Int64?
    /// Bytes of memory and swap together; -1 is unlimited.
    public var memoryAndSwap: Int64?
    /// How eagerly it is swapped (v1 only).
    public var swappiness: UInt64?
    /// Whether processes wait for memory where they would be killed (v1 only).
    public var disableKiller = false
    /// The weight against others, 2 to 262144; 1024 is usual.
    public var processorShares: UInt64?
    /// Microseconds in each period; -1 is unlimited.
    public var processorQuota: Int64?
    /// The period in microseconds.
    public var processorPeriod: UInt64?
    /// Microseconds that may be saved up.
    public var processorBurst: UInt64?
    /// 1: only when nobody else wants to run.
    public var processorIdle: Int64?
    /// `0-3,7`.
    public var processors: String?
    /// Memory nodes.
    public var memoryNodes: String?
    /// Processes and threads; -1 is unlimited.
    public var processes: Int64?
    /// The share of block devices' time, 10 to 1000.
    public var blockWeight: UInt16?
    /// Which devices may be used: later rules win; nil: all.
    public var devices: [CgroupDeviceRule]?
    /// Files of cgroup v2 by name.
    public var unified: [String: String] = [:]

    /// No limits.
    public init() {}
}

/// One rule of the list of devices.
public struct CgroupDeviceRule: Sendable, Equatable {
    /// Which kinds of devices.
    public enum Kind: String, Sendable { case all = "a", character = "c", block = "b" }
    /// Whether it allows or denies.
    public var allow: Bool
    /// Which kind.
    public var kind: Kind
    /// The major number, nil for any.
    public var major: UInt32?
    /// The minor number, nil for any.
    public var minor: UInt32?
    /// Whether it is about reading.
    public var read: Bool
    /// Whether it is about writing.
    public var write: Bool
    /// Whether it is about making nodes.
    public var make: Bool

    /// Creates it; `access` consists of `r`, `w`, `m`.
    public init(allow: Bool, kind: Kind, major: UInt32?, minor: UInt32?, access: String) {
        self.allow = allow
        self.kind = kind
        self.major = major
        self.minor = minor
        read = access.contains("r")
        write = access.contains("w")
        make = access.contains("m")
    }

    /// As the file `devices.allow` of v1 wants it.
    var line: String {
        let access = (read ? "r" : "") + (write ? "w" : "") + (make ? "m" : "")
        return "\(kind.rawValue) \(major.map { "\($0)" } ?? "*"):\(minor.map { "\($0)" } ?? "*") \(access)"
    }

    /// Whether it is about every device and every use.
    var isEverything: Bool { kind == .all || (major == nil && minor == nil && kind == .all) }
}
