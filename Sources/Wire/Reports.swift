/// How a process ended.
public enum ExitStatus: Sendable, Equatable {
    /// It ended by itself with this code.
    case exited(code: Int32)
    /// A signal ended it; `outOfMemory` when the kernel sent it for the memory limit.
    case signaled(signal: Int32, outOfMemory: Bool)
    /// What it ran in has gone: the machine panicked, the hypervisor or the monitor was killed.
    case lost(reason: String)

    /// The code that Docker reports: the program's own, 128 + signal, or 137 where it was lost.
    public var code: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal, _): 128 + signal
        case .lost: 137
        }
    }
}

/// How and when a process ended.
public struct ExitRecord: Sendable, Equatable {
    /// How.
    public var status: ExitStatus
    /// When it was started, in nanoseconds since 1970.
    public var startedAt: Int64
    /// When it ended, in nanoseconds since 1970.
    public var finishedAt: Int64

    /// Creates it.
    public init(status: ExitStatus, startedAt: Int64, finishedAt: Int64) {
        self.status = status
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}

/// How a container is, as whoever runs it knows it.
public struct ContainerReport: Sendable, Equatable {
    /// The life of a container as OCI names it.
    public enum Phase: String, Sendable { case empty, created, running, paused, stopped }

    /// Where it is in its life.
    public var phase: Phase
    /// Its first process's number on the host (or in the guest), 0 where there is none.
    public var process: Int32
    /// When its program was executed, in nanoseconds since 1970, or 0.
    public var startedAt: Int64
    /// How it ended, once it has.
    public var exit: ExitRecord?

    /// Creates it.
    public init(phase: Phase, process: Int32 = 0, startedAt: Int64 = 0, exit: ExitRecord? = nil) {
        self.phase = phase
        self.process = process
        self.startedAt = startedAt
        self.exit = exit
    }
}

/// One process of a container, as `ps -ef` shows it.
public struct ProcessReport: Sendable, Equatable {
    /// The user's number.
    public var user: UInt32
    /// The process's number, outside of the container.
    public var process: Int32
    /// Its parent's number.
    public var parent: Int32
    /// Processor time used, in ticks of 1/100 s.
    public var ticks: UInt64
    /// When it was started, in seconds since 1970.
    public var startedAt: Int64
    /// Virtual size, in bytes.
    public var virtualMemory: UInt64
    /// Resident size, in bytes.
    public var residentMemory: UInt64
    /// The state's letter, as in /proc/PID/stat.
    public var state: String
    /// The terminal, `pts/0`, or `?`.
    public var terminal: String
    /// The command line, or the name in brackets.
    public var command: String

    /// Creates it.
    public init(
        user: UInt32, process: Int32, parent: Int32, ticks: UInt64, startedAt: Int64, virtualMemory: UInt64,
        residentMemory: UInt64, state: String, terminal: String, command: String
    ) {
        self.user = user
        self.process = process
        self.parent = parent
        self.ticks = ticks
        self.startedAt = startedAt
        self.virtualMemory = virtualMemory
        self.residentMemory = residentMemory
        self.state = state
        self.terminal = terminal
        self.command = command
    }
}

/// What a container has used since its start. Figures that the host can't tell are nil.
public struct StatisticsReport: Sendable, Equatable {
    /// Processor time in all, in nanoseconds.
    public var processorTotal: UInt64 = 0
    /// Of it in user mode.
    public var processorUser: UInt64 = 0
    /// Of it in the kernel.
    public var processorKernel: UInt64 = 0
    /// Periods of the processor limit that have passed.
    public var periods: UInt64 = 0
    /// Periods in which it was throttled.
    public var throttledPeriods: UInt64 = 0
    /// For how many nanoseconds it was throttled.
    public var throttledTime: UInt64 = 0
    /// Memory charged, in bytes.
    public var memoryUsage: UInt64 = 0
    /// The highest that it was, or nil where that is not recorded.
    public var memoryMaximum: UInt64?
    /// Of the memory, pages of files that have not been used recently.
    public var memoryInactiveFile: UInt64 = 0
    /// The limit, or nil for none.
    public var memoryLimit: UInt64?
    /// The further counters of memory.stat, by name.
    public var memoryDetails: [String: UInt64] = [:]
    /// How many processes and threads there are.
    public var processes: UInt64 = 0
    /// How many are allowed, or nil for any number.
    public var processLimit: UInt64?
    /// Bytes read from block devices.
    public var blockRead: UInt64 = 0
    /// Bytes written to block devices.
    public var blockWritten: UInt64 = 0
    /// Counters of the interfaces, by name.
    public var interfaces: [String: InterfaceCounters] = [:]
    /// Processor time of the whole host or guest in nanoseconds, for shares.
    public var systemProcessorTotal: UInt64 = 0
    /// How many processors there are.
    public var processors: Int = 0
    /// What a machine of our own VMM tells beside that; nil for anything else.
    public var machine: MachineReport?

    /// All zero.
    public init() {}
}

/// Counters of one network interface, in bytes and packets.
public struct InterfaceCounters: Sendable, Equatable {
    /// Received: bytes.
    public var receivedBytes: UInt64 = 0
    /// Received: packets.
    public var receivedPackets: UInt64 = 0
    /// Received: packets that were faulty.
    public var receivedErrors: UInt64 = 0
    /// Received: packets that were dropped.
    public var receivedDropped: UInt64 = 0
    /// Sent: bytes.
    public var sentBytes: UInt64 = 0
    /// Sent: packets.
    public var sentPackets: UInt64 = 0
    /// Sent: packets that were faulty.
    public var sentErrors: UInt64 = 0
    /// Sent: packets that were dropped.
    public var sentDropped: UInt64 = 0

    /// All zero.
    public init() {}
}

/// What a guest's agent says of its machine when it is ready.
public struct AgentReport: Sendable, Equatable {
    /// The kernel's release, as `uname -r` prints it.
    public var kernel: String
    /// Seconds from the kernel's start to now, in microseconds.
    public var readyAfter: UInt64

    /// Creates it.
    public init(kernel: String, readyAfter: UInt64) {
        self.kernel = kernel
        self.readyAfter = readyAfter
    }
}
