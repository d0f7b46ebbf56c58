public import Linux

/// What a container has used since its start.
public struct ContainerStatistics: Sendable, Equatable {
    /// What its cgroup says.
    public var cgroup = CgroupStatistics()
    /// Counters of its interfaces, by name.
    public var interfaces: [String: InterfaceCounters] = [:]

    /// All zero.
    public init() {}

    /// Counters of one network interface, in bytes and packets.
    public struct InterfaceCounters: Sendable, Equatable {
        /// Bytes that came.
        public var receivedBytes: UInt64 = 0
        /// Packets that came.
        public var receivedPackets: UInt64 = 0
        /// Packets that came damaged.
        public var receivedErrors: UInt64 = 0
        /// Packets that came and had no place.
        public var receivedDropped: UInt64 = 0
        /// Bytes that went.
        public var sentBytes: UInt64 = 0
        /// Packets that went.
        public var sentPackets: UInt64 = 0
        /// Packets that could not go.
        public var sentErrors: UInt64 = 0
        /// Packets that had no place to go.
        public var sentDropped: UInt64 = 0

        /// All zero.
        public init() {}
    }
}
