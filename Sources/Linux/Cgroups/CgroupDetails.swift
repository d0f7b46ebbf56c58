/// Further figures of a control group, which cost more to read than `CgroupStatistics`.
public struct CgroupDetails: Sendable, Equatable {
    /// One amount and its history.
    public struct Amount: Sendable, Equatable {
        /// In bytes.
        public var usage: UInt64 = 0
        /// The highest that has been.
        public var maximum: UInt64 = 0
        /// The limit; the largest number for none.
        public var limit: UInt64 = .max
        /// How often the limit was met.
        public var failures: UInt64 = 0

        /// All zero, without a limit.
        public init() {}
    }

    /// What was done with a block device.
    public struct BlockFigure: Sendable, Equatable {
        /// The kind of device.
        public var major: UInt64
        /// Which one.
        public var minor: UInt64
        /// `Read`, `Write`, …
        public var operation: String
        /// Bytes, or how often.
        public var value: UInt64
    }

    /// Nanoseconds on each processor (v1).
    public var processors: [UInt64] = []
    /// Memory.
    public var memory = Amount()
    /// Memory and swap together in v1, swap alone in v2.
    public var swap = Amount()
    /// The kernel's own memory (v1).
    public var kernel = Amount()
    /// The kernel's buffers for TCP (v1).
    public var kernelTCP = Amount()
    /// Pages of files.
    public var cache: UInt64 = 0
    /// Bytes moved.
    public var blockBytes: [BlockFigure] = []
    /// How often.
    public var blockOperations: [BlockFigure] = []
    /// Huge pages, by their size.
    public var hugePages: [String: Amount] = [:]

    /// All zero.
    public init() {}
}

extension Cgroup {
    /// Further figures. What the host can't tell stays as it is in an empty value.
    public func details() -> CgroupDetails {
        var details = CgroupDetails()
        if isUnified { readUnified(&details) } else { readSeparate(&details) }
        readHugePages(&details)
        return details
    }

    private func readSeparate(_ details: inout CgroupDetails) {
        details.processors = (text(.cpuacct, "cpuacct.usage_percpu") ?? "").split { $0 == " " || $0 == "\n" }
            .compactMap { UInt64($0) }
        func amount(_ prefix: String) -> CgroupDetails.Amount {
            var amount = CgroupDetails.Amount()
            amount.usage = number(.memory, "memory.\(prefix)usage_in_bytes") ?? 0
            amount.maximum = number(.memory, "memory.\(prefix)max_usage_in_bytes") ?? 0
            amount.limit = number(.memory, "memory.\(prefix)limit_in_bytes") ?? .max
            amount.failures = number(.memory, "memory.\(prefix)failcnt") ?? 0
            return amount
        }
        details.memory = amount("")
        details.swap = amount("memsw.")
        details.kernel = amount("kmem.")
        details.kernelTCP = amount("kmem.tcp.")
        details.cache = counters(.memory, "memory.stat")["cache"] ?? 0
        details.blockBytes = blockFigures("blkio.throttle.io_service_bytes_recursive")
        details.blockOperations = blockFigures("blkio.throttle.io_serviced_recursive")
    }

    /// Lines such as `8:0 Read 4096`.
    private func blockFigures(_ file: String) -> [CgroupDetails.BlockFigure] {
        (text(.blkio, file) ?? "").split(separator: "\n").compactMap { line in
            let words = line.split { $0 == " " || $0 == ":" }
            guard words.count == 4, let major = UInt64(words[0]), let minor = UInt64(words[1]),
                let value = UInt64(words[3])
            else { return nil }
            return CgroupDetails.BlockFigure(major: major, minor: minor, operation: String(words[2]), value: value)
        }
    }

    private func readUnified(_ details: inout CgroupDetails) {
        details.memory.usage = number(.memory, "memory.current") ?? 0
        details.memory.maximum = number(.memory, "memory.peak") ?? 0
        details.memory.limit = number(.memory, "memory.max") ?? .max
        details.memory.failures = counters(.memory, "memory.events")["max"] ?? 0
        details.swap.usage = number(.memory, "memory.swap.current") ?? 0
        details.swap.maximum = number(.memory, "memory.swap.peak") ?? 0
        details.swap.limit = number(.memory, "memory.swap.max") ?? .max
        details.swap.failures = counters(.memory, "memory.swap.events")["max"] ?? 0
        details.cache = counters(.memory, "memory.stat")["file"] ?? 0
        let keys = [
            ("rbytes", "Read", true), ("wbytes", "Write", true), ("rios", "Read", false), ("wios", "Write", false),
        ]
        for line in (text(.blkio, "io.stat") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            let device = (words.first ?? "").split(separator: ":").compactMap { UInt64($0) }
            guard device.count == 2 else { continue }
            for word in words.dropFirst() {
                let parts = word.split(separator: "=")
                guard parts.count == 2, let value = UInt64(parts[1]),
                    let (_, operation, isBytes) = keys.first(where: { $0.0 == parts[0] })
                else { continue }
                let figure = CgroupDetails.BlockFigure(
                    major: device[0], minor: device[1], operation: operation, value: value)
                if isBytes { details.blockBytes.append(figure) } else { details.blockOperations.append(figure) }
            }
        }
    }

    /// Of the sizes that the group has files for; on a hybrid host they are those of the v2 tree.
    private func readHugePages(_ details: inout CgroupDetails) {
        let separate = directories[.hugetlb]
        guard let directory = separate ?? unified, let names = try? Files.entries(of: directory) else { return }
        let suffix = separate == nil ? ".current" : ".usage_in_bytes"
        for name in names where name.hasPrefix("hugetlb.") && name.hasSuffix(suffix) {
            let size = name.dropFirst("hugetlb.".count).dropLast(suffix.count)
            guard !size.contains(".") else { continue }
            var amount = CgroupDetails.Amount()
            func read(_ file: String) -> UInt64? {
                let text = try? Files.readText("\(directory)/hugetlb.\(size).\(file)")
                return text.flatMap { UInt64($0.prefix { $0 != "\n" }) }
            }
            amount.usage = read(separate == nil ? "current" : "usage_in_bytes") ?? 0
            amount.maximum = separate == nil ? 0 : read("max_usage_in_bytes") ?? 0
            amount.failures = separate == nil ? 0 : read("failcnt") ?? 0
            details.hugePages[String(size)] = amount
        }
    }
}
