/// What the processes of a cgroup may use. Nil: the kernel's default.
public struct CgroupLimits: Sendable {
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
    /// Block devices.
    public var block = CgroupBlockLimits()
    /// The kernel's own memory, in bytes (v1 of older kernels).
    public var kernelMemory: Int64?
    /// The kernel's buffers for TCP, in bytes (v1).
    public var kernelTCPMemory: Int64?
    /// Whether groups below count too.
    public var isHierarchical: Bool?
    /// Whether a new limit of memory below what is used now is refused.
    public var checksMemory = false
    /// Microseconds of realtime processes in each period of theirs (v1).
    public var realtimeRuntime: Int64?
    /// That period in microseconds (v1).
    public var realtimePeriod: UInt64?
    /// Bytes of each size of huge pages, `2MB`.
    public var hugePages: [(size: String, limit: UInt64)] = []
    /// The class of its packets (v1).
    public var networkClass: UInt32?
    /// Their priority on each interface (v1).
    public var networkPriorities: [(interface: String, priority: UInt32)] = []
    /// Handles and objects of each RDMA device.
    public var rdma: [(device: String, handles: UInt32?, objects: UInt32?)] = []
    /// Which devices may be used: later rules win; nil: all.
    public var devices: [CgroupDeviceRule]?
    /// Files of cgroup v2 by name.
    public var unified: [String: String] = [:]

    /// No limits.
    public init() {}
}

/// What the processes of a cgroup may do with block devices.
public struct CgroupBlockLimits: Sendable {
    /// The share of every device's time, 10 to 1000.
    public var weight: UInt16?
    /// The share against the groups below (v1).
    public var leafWeight: UInt16?
    /// The shares of single devices (`8:0`).
    public var deviceWeights: [(device: String, weight: UInt16)] = []
    /// The same against the groups below (v1).
    public var deviceLeafWeights: [(device: String, weight: UInt16)] = []
    /// What may be done in a second.
    public var throttles: [Throttle] = []

    /// No limits.
    public init() {}

    /// The most of one kind that may be done with one device in a second.
    public struct Throttle: Sendable, Equatable {
        /// Bytes or operations, read or written.
        public enum Kind: Sendable { case readBytes, writtenBytes, reads, writes }
        /// What is counted.
        public var kind: Kind
        /// The device, `8:0`.
        public var device: String
        /// How many; 0: any number.
        public var rate: UInt64

        /// Creates it.
        public init(_ kind: Kind, device: String, rate: UInt64) {
            self.kind = kind
            self.device = device
            self.rate = rate
        }
    }
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
