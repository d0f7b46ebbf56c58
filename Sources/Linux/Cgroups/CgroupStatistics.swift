/// What the processes of a cgroup have used. What the host can't tell is nil.
public struct CgroupStatistics: Sendable, Equatable {
    /// Processor time in nanoseconds.
    public var processorTotal: UInt64 = 0
    /// Of it in user mode.
    public var processorUser: UInt64 = 0
    /// Of it in the kernel.
    public var processorKernel: UInt64 = 0
    /// Periods of the quota.
    public var periods: UInt64 = 0
    /// Periods in which it was used up.
    public var throttledPeriods: UInt64 = 0
    /// For how many nanoseconds they had to wait.
    public var throttledTime: UInt64 = 0
    /// Memory charged, in bytes.
    public var memoryUsage: UInt64 = 0
    /// The highest that has been.
    public var memoryMaximum: UInt64?
    /// Of it file pages not used recently.
    public var memoryInactiveFile: UInt64 = 0
    /// The limit, nil for none.
    public var memoryLimit: UInt64?
    /// All counters of memory.stat.
    public var memoryDetails: [String: UInt64] = [:]
    /// How many processes and threads.
    public var processes: UInt64 = 0
    /// How many are allowed, nil for any number.
    public var processLimit: UInt64?
    /// Bytes read from block devices.
    public var blockRead: UInt64 = 0
    /// Bytes written to block devices.
    public var blockWritten: UInt64 = 0

    /// All zero.
    public init() {}
}
