/// What only a machine of our own VMM can tell of itself, beside what any container tells.
public struct MachineReport: Sendable, Equatable {
    /// How often processors have left the guest, by reason: `ports`, `memory`, `interruptions`.
    public var exits: [String: UInt64] = [:]
    /// What the devices have done, by device (`disk`, `net`) and counter (`requests`, `bytesIn`).
    public var devices: [String: [String: UInt64]] = [:]
    /// Bytes of memory that the guest has.
    public var memory: UInt64 = 0
    /// Of it, bytes that the host has given pages for: the guest has used them, and not given them back since.
    public var memoryUsed: UInt64 = 0
    /// Bytes beside it that machines of the same image share: the image.
    public var memoryShared: UInt64 = 0
    /// Bytes that the balloon holds.
    public var balloon: UInt64 = 0
    /// Bytes that the guest has given back to the host since its start, by the balloon or because they were free.
    public var memoryReturned: UInt64 = 0

    /// All zero.
    public init() {}
}

/// What a running machine of our own VMM is limited to from now on; nil leaves a limit as it is.
public struct MachineLimits: Sendable, Equatable {
    /// How much a second; nil: any amount.
    public struct Rate: Sendable, Equatable {
        /// Bytes.
        public var bytes: UInt64?
        /// Requests or packets.
        public var operations: UInt64?

        /// Without limits, unless they are given.
        public init(bytes: UInt64? = nil, operations: UInt64? = nil) {
            (self.bytes, self.operations) = (bytes, operations)
        }
    }

    /// Of the writable disk, reading and writing together.
    public var disk: Rate?
    /// Of the network, from the guest.
    public var sending: Rate?
    /// Of the network, to the guest.
    public var receiving: Rate?
    /// Bytes that the balloon is to hold: the guest gives them up as far as it can.
    public var balloon: UInt64?

    /// Leaves all as it is.
    public init() {}
}
