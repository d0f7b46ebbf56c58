/// The body of `POST /containers/{id}/wait`.
public struct WaitResult: Sendable, Equatable, Codable {
    /// The exit code.
    public var statusCode: Int
    /// Why it was lost.
    public var error: ErrorText?

    /// Creates it.
    public init(statusCode: Int, error: String? = nil) {
        self.statusCode = statusCode
        self.error = error.map { ErrorText(message: $0) }
    }

    enum CodingKeys: String, CodingKey { case statusCode = "StatusCode", error = "Error" }

    /// Why it was lost.
    public struct ErrorText: Sendable, Equatable, Codable {
        /// For people.
        public var message: String

        enum CodingKeys: String, CodingKey { case message = "Message" }
    }
}

/// The answer to `GET /containers/{id}/top`.
public struct ProcessTable: Sendable, Equatable, Codable {
    /// The columns.
    public var titles: [String]
    /// One row for each process.
    public var processes: [[String]]

    /// Creates it.
    public init(titles: [String], processes: [[String]]) {
        self.titles = titles
        self.processes = processes
    }

    enum CodingKeys: String, CodingKey { case titles = "Titles", processes = "Processes" }
}

/// One sample of `GET /containers/{id}/stats`.
public struct StatsSample: Sendable, Equatable, Codable {
    /// Name with a leading slash, identifier, times of this sample and of the one before (RFC 3339).
    public var name, id, read, preread: String?
    /// Processes.
    public var pidsStats: PidsStats?
    /// Input and output.
    public var blkioStats: BlkioStats?
    /// How many processors the counters are of (Windows).
    public var numProcs: Int?
    /// Of this sample and of the one before.
    public var cpuStats, precpuStats: CPUStats?
    /// Memory.
    public var memoryStats: MemoryStats?
    /// By interface.
    public var networks: [String: InterfaceStats]?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case name, id, read, preread, pidsStats = "pids_stats", blkioStats = "blkio_stats", numProcs = "num_procs"
        case cpuStats = "cpu_stats", precpuStats = "precpu_stats", memoryStats = "memory_stats", networks
    }

    /// Processes and threads.
    public struct PidsStats: Sendable, Equatable, Codable {
        /// Now, and at most.
        public var current, limit: UInt64?

        /// Creates it.
        public init(current: UInt64? = nil, limit: UInt64? = nil) {
            self.current = current
            self.limit = limit
        }
    }

    /// Processor time, in nanoseconds.
    public struct CPUStats: Sendable, Equatable, Codable {
        /// Of the container.
        public var cpuUsage: Usage?
        /// Of the whole host.
        public var systemCPUUsage: UInt64?
        /// How many processors there are.
        public var onlineCPUs: Int?
        /// How often it was held back.
        public var throttlingData: Throttling?

        /// Nothing set.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case cpuUsage = "cpu_usage", systemCPUUsage = "system_cpu_usage", onlineCPUs = "online_cpus"
            case throttlingData = "throttling_data"
        }

        /// In nanoseconds.
        public struct Usage: Sendable, Equatable, Codable {
            /// All, in the kernel, in user mode.
            public var total, kernel, user: UInt64?

            /// Creates it.
            public init(total: UInt64, kernel: UInt64, user: UInt64) {
                self.total = total
                self.kernel = kernel
                self.user = user
            }

            enum CodingKeys: String, CodingKey {
                case total = "total_usage", kernel = "usage_in_kernelmode", user = "usage_in_usermode"
            }
        }

        /// How often it was held back.
        public struct Throttling: Sendable, Equatable, Codable {
            /// Periods in all, held back in, and nanoseconds.
            public var periods, throttledPeriods, throttledTime: UInt64?

            /// Creates it.
            public init(periods: UInt64, throttledPeriods: UInt64, throttledTime: UInt64) {
                self.periods = periods
                self.throttledPeriods = throttledPeriods
                self.throttledTime = throttledTime
            }

            enum CodingKeys: String, CodingKey {
                case periods, throttledPeriods = "throttled_periods", throttledTime = "throttled_time"
            }
        }
    }

    /// Memory, in bytes.
    public struct MemoryStats: Sendable, Equatable, Codable {
        /// Now, the most there was, and at most.
        public var usage, maxUsage, limit: UInt64?
        /// Counters of memory.stat.
        public var stats: [String: UInt64]?

        /// Nothing set.
        public init() {}

        enum CodingKeys: String, CodingKey { case usage, maxUsage = "max_usage", limit, stats }
    }

    /// Input and output of block devices.
    public struct BlkioStats: Sendable, Equatable, Codable, WritesNulls {
        /// Bytes; the others are of cgroup v1 only and stay null.
        public var serviceBytes, serviced, queued, serviceTime, waitTime, merged, time, sectors: [Entry]?

        /// Nothing set.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case serviceBytes = "io_service_bytes_recursive", serviced = "io_serviced_recursive"
            case queued = "io_queue_recursive", serviceTime = "io_service_time_recursive"
            case waitTime = "io_wait_time_recursive", merged = "io_merged_recursive", time = "io_time_recursive"
            case sectors = "sectors_recursive"
        }

        /// One counter.
        public struct Entry: Sendable, Equatable, Codable {
            /// The device's numbers.
            public var major, minor: UInt64?
            /// `read`, `write`.
            public var op: String?
            /// Bytes.
            public var value: UInt64?

            /// Creates it.
            public init(op: String, value: UInt64) {
                major = 0
                minor = 0
                self.op = op
                self.value = value
            }
        }
    }

    /// Counters of an interface.
    public struct InterfaceStats: Sendable, Equatable, Codable {
        /// Received.
        public var rxBytes, rxPackets, rxErrors, rxDropped: UInt64?
        /// Sent.
        public var txBytes, txPackets, txErrors, txDropped: UInt64?

        /// Nothing set.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case rxBytes = "rx_bytes", rxPackets = "rx_packets", rxErrors = "rx_errors", rxDropped = "rx_dropped"
            case txBytes = "tx_bytes", txPackets = "tx_packets", txErrors = "tx_errors", txDropped = "tx_dropped"
        }
    }
}
