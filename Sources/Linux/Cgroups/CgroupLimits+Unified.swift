internal import Glibc

extension CgroupLimits {
    /// The first property that v2 has nothing for.
    var impossibleInUnified: String? {
        if swappiness != nil { return "memory.swappiness" }
        if disableKiller { return "memory.disableOOMKiller" }
        if let kernelMemory, kernelMemory != -1 { return "memory.kernel" }
        if let kernelTCPMemory, kernelTCPMemory != -1 { return "memory.kernelTCP" }
        if isHierarchical == false { return "memory.useHierarchy" }
        if realtimeRuntime != nil { return "cpu.realtimeRuntime" }
        if realtimePeriod != nil { return "cpu.realtimePeriod" }
        if block.leafWeight != nil { return "blockIO.leafWeight" }
        if !block.deviceLeafWeights.isEmpty { return "blockIO.weightDevice" }
        if networkClass != nil { return "network.classID" }
        if !networkPriorities.isEmpty { return "network.priorities" }
        return nil
    }

    /// What is written into the files of v2, in this order.
    func unifiedWrites() -> [CgroupWrite] {
        memoryWrites + processorWrites + blockWrites + hugePageWrites + rdmaWrites + ownWrites
    }

    private var memoryWrites: [CgroupWrite] {
        var writes: [CgroupWrite] = []
        let total = memoryAndSwap ?? (memory == -1 ? -1 : nil)
        if let total {
            let swap = total < 0 ? -1 : max(total - max(memory ?? 0, 0), 0)
            // A kernel without swap accounting has no such file: memory is limited all the same.
            writes.append(
                .init(
                    "memory.swap", .memory, "memory.swap.max", value: CgroupLimits.value(swap), optional: true))
        }
        if let memory {
            writes.append(.init("memory.limit", .memory, "memory.max", value: CgroupLimits.value(memory)))
        }
        if let soft = memoryReservation {
            writes.append(.init("memory.reservation", .memory, "memory.low", value: CgroupLimits.value(soft)))
        }
        return writes
    }

    private var processorWrites: [CgroupWrite] {
        var writes: [CgroupWrite] = []
        if let idle = processorIdle { writes.append(.init("cpu.idle", .cpu, "cpu.idle", value: "\(idle)")) }
        // A group that is idle has no other weight.
        if let shares = processorShares, processorIdle != 1 {
            writes.append(
                .init("cpu.shares", .cpu, "cpu.weight", value: "\(CgroupLimits.weight(ofShares: shares))"))
        }
        if processorQuota != nil || processorPeriod != nil {
            var value = processorQuota.map { $0 <= 0 ? "max" : "\($0)" } ?? "max"
            // Without a period the one from before stays.
            if let processorPeriod { value += " \(processorPeriod)" }
            writes.append(
                .init(processorQuota == nil ? "cpu.period" : "cpu.quota", .cpu, "cpu.max", value: value))
        }
        if let burst = processorBurst { writes.append(.init("cpu.burst", .cpu, "cpu.max.burst", value: "\(burst)")) }
        if let processes {
            // clone3 puts the container's first process into its group, which counts against the limit there.
            writes.append(
                .init("pids.limit", .pids, "pids.max", value: processes < 0 ? "max" : "\(max(processes, 1))"))
        }
        if let processors { writes.append(.init("cpu.cpus", .cpuset, "cpuset.cpus", value: processors)) }
        if let nodes = memoryNodes { writes.append(.init("cpu.mems", .cpuset, "cpuset.mems", value: nodes)) }
        return writes
    }

    private var blockWrites: [CgroupWrite] {
        var writes: [CgroupWrite] = []
        if let weight = block.weight { writes.append(CgroupLimits.weightWrite("blockIO.weight", nil, weight)) }
        for (device, weight) in block.deviceWeights {
            writes.append(CgroupLimits.weightWrite("blockIO.weightDevice", device, weight))
        }
        for throttle in block.throttles {
            let (property, _, key) = throttle.kind.names
            let rate = throttle.rate == 0 ? "max" : "\(throttle.rate)"
            writes.append(
                .init("blockIO.\(property)", .blkio, "io.max", value: "\(throttle.device) \(key)=\(rate)"))
        }
        return writes
    }

    /// BFQ has a file of its own with the scale of v1; the controller's has one from 1 to 10000.
    private static func weightWrite(_ property: String, _ device: String?, _ weight: UInt16) -> CgroupWrite {
        let scaled = 1 + (UInt64(max(weight, 10)) - 10) * 9999 / 990
        let prefix = device.map { "\($0) " } ?? ""
        return CgroupWrite(
            property, .blkio,
            choices: [
                .init(file: "io.bfq.weight", value: "\(prefix)\(weight)"),
                .init(file: "io.weight", value: "\(prefix)\(scaled)"),
            ])
    }

    private var hugePageWrites: [CgroupWrite] {
        hugePages.flatMap { size, limit in
            [
                CgroupWrite("hugepageLimits", .hugetlb, "hugetlb.\(size).max", value: "\(limit)"),
                CgroupWrite("hugepageLimits", .hugetlb, "hugetlb.\(size).rsvd.max", value: "\(limit)", optional: true),
            ]
        }
    }

    /// Files that the configuration names itself: the kernel takes one line at a time.
    private var ownWrites: [CgroupWrite] {
        unified.sorted { $0.key < $1.key }.flatMap { name, value in
            let lines = value.isEmpty ? [Substring()] : value.split(separator: "\n")
            return lines.map {
                CgroupWrite("unified.\(name)", CgroupController(unifiedFile: name), name, value: String($0))
            }
        }
    }

    private static func value(_ number: Int64) -> String { number < 0 ? "max" : "\(number)" }

    /// Shares from 2 to 262144 become a weight from 1 to 10000 on a curve that has the two usual values, 1024 and 100,
    /// together: the formula that runc 1.3.2 and crun 1.23 have come to agree on.
    static func weight(ofShares shares: UInt64) -> UInt64 {
        if shares <= 2 { return 1 }
        if shares >= 262_144 { return 10_000 }
        let bits = log2(Double(shares))
        let exponent = (bits * bits + 125 * bits) / 612 - 7.0 / 34.0
        // The usual value must not become 101 for a last digit of a binary fraction.
        return UInt64((pow(10, exponent) - 1e-6).rounded(.up))
    }
}
