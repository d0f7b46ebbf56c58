extension CgroupLimits {
    /// What is written into the files of v1, in this order.
    ///
    /// - Parameter raisesSwap: whether the limit of memory and swap goes first: it may never be below that of memory,
    ///   which a group that has limits already would be on the way.
    func separateWrites(raisesSwap: Bool = false) -> [CgroupWrite] {
        memoryWrites(raisesSwap) + processorWrites + blockWrites + rareWrites
    }

    private func memoryWrites(_ raisesSwap: Bool) -> [CgroupWrite] {
        var writes: [CgroupWrite] = []
        if let isHierarchical {
            writes.append(
                .init("memory.useHierarchy", .memory, "memory.use_hierarchy", value: isHierarchical ? "1" : "0"))
        }
        let limit = memory.map { CgroupWrite("memory.limit", .memory, "memory.limit_in_bytes", value: "\($0)") }
        let total = memoryAndSwap ?? (memory == -1 ? -1 : nil)
        let swap = total.map { swap in
            // Kernels may be built or booted without the accounting of swap; memory is then limited all the same, and
            // the default that clients ask for (twice the memory) is not worth a failure.
            let isOptional = swap == -1 || memory.map { swap == $0.multipliedReportingOverflow(by: 2).0 } ?? false
            return CgroupWrite(
                "memory.swap", .memory, "memory.memsw.limit_in_bytes", value: "\(swap)", optional: isOptional)
        }
        if raisesSwap || memory == -1 {
            writes += [swap, limit].compactMap { $0 }
        } else {
            writes += [limit, swap].compactMap { $0 }
        }
        if let soft = memoryReservation {
            writes.append(.init("memory.reservation", .memory, "memory.soft_limit_in_bytes", value: "\(soft)"))
        }
        if let kernelMemory {
            // No limit is what a kernel without the file has.
            writes.append(
                .init(
                    "memory.kernel", .memory, "memory.kmem.limit_in_bytes", value: "\(kernelMemory)",
                    optional: kernelMemory == -1))
        }
        if let kernelTCPMemory {
            writes.append(
                .init(
                    "memory.kernelTCP", .memory, "memory.kmem.tcp.limit_in_bytes", value: "\(kernelTCPMemory)",
                    optional: kernelTCPMemory == -1))
        }
        if let swappiness {
            writes.append(.init("memory.swappiness", .memory, "memory.swappiness", value: "\(swappiness)"))
        }
        if disableKiller {
            writes.append(.init("memory.disableOOMKiller", .memory, "memory.oom_control", value: "1"))
        }
        return writes
    }

    private var processorWrites: [CgroupWrite] {
        var writes: [CgroupWrite] = []
        if let idle = processorIdle { writes.append(.init("cpu.idle", .cpu, "cpu.idle", value: "\(idle)")) }
        // A group that is idle has no other weight.
        if let shares = processorShares, processorIdle != 1 {
            writes.append(.init("cpu.shares", .cpu, "cpu.shares", value: "\(shares)"))
        }
        if let period = processorPeriod {
            writes.append(.init("cpu.period", .cpu, "cpu.cfs_period_us", value: "\(period)"))
        }
        if let quota = processorQuota {
            writes.append(.init("cpu.quota", .cpu, "cpu.cfs_quota_us", value: "\(quota)"))
        }
        if let burst = processorBurst {
            writes.append(.init("cpu.burst", .cpu, "cpu.cfs_burst_us", value: "\(burst)"))
        }
        if let period = realtimePeriod {
            writes.append(.init("cpu.realtimePeriod", .cpu, "cpu.rt_period_us", value: "\(period)"))
        }
        if let runtime = realtimeRuntime {
            writes.append(.init("cpu.realtimeRuntime", .cpu, "cpu.rt_runtime_us", value: "\(runtime)"))
        }
        if let processes {
            writes.append(.init("pids.limit", .pids, "pids.max", value: processes < 0 ? "max" : "\(processes)"))
        }
        if let processors { writes.append(.init("cpu.cpus", .cpuset, "cpuset.cpus", value: processors)) }
        if let nodes = memoryNodes { writes.append(.init("cpu.mems", .cpuset, "cpuset.mems", value: nodes)) }
        return writes
    }

    private var blockWrites: [CgroupWrite] {
        var writes: [CgroupWrite] = []
        if let weight = block.weight {
            writes.append(
                .init("blockIO.weight", .blkio, "blkio.weight", "blkio.bfq.weight", value: "\(weight)"))
        }
        if let weight = block.leafWeight {
            writes.append(.init("blockIO.leafWeight", .blkio, "blkio.leaf_weight", value: "\(weight)"))
        }
        for (device, weight) in block.deviceWeights {
            writes.append(
                .init(
                    "blockIO.weightDevice", .blkio, "blkio.weight_device", "blkio.bfq.weight_device",
                    value: "\(device) \(weight)"))
        }
        for (device, weight) in block.deviceLeafWeights {
            writes.append(
                .init("blockIO.weightDevice", .blkio, "blkio.leaf_weight_device", value: "\(device) \(weight)"))
        }
        for throttle in block.throttles {
            let (property, file, _) = throttle.kind.names
            writes.append(
                .init(
                    "blockIO.\(property)", .blkio, "blkio.throttle.\(file)",
                    value: "\(throttle.device) \(throttle.rate)"))
        }
        return writes
    }

    private var rareWrites: [CgroupWrite] {
        var writes: [CgroupWrite] = []
        for (size, limit) in hugePages {
            // Reservations are limited where the kernel can do that, and what is used in any case.
            writes.append(
                .init("hugepageLimits", .hugetlb, "hugetlb.\(size).limit_in_bytes", value: "\(limit)"))
            writes.append(
                .init(
                    "hugepageLimits", .hugetlb, "hugetlb.\(size).rsvd.limit_in_bytes", value: "\(limit)",
                    optional: true))
        }
        if let networkClass {
            writes.append(.init("network.classID", .networkClass, "net_cls.classid", value: "\(networkClass)"))
        }
        for (interface, priority) in networkPriorities {
            writes.append(
                .init("network.priorities", .networkPriority, "net_prio.ifpriomap", value: "\(interface) \(priority)"))
        }
        return writes + rdmaWrites
    }

    /// The same in both versions.
    var rdmaWrites: [CgroupWrite] {
        rdma.map { device, handles, objects in
            let words = [device, handles.map { "hca_handle=\($0)" }, objects.map { "hca_object=\($0)" }]
            return .init("rdma", .rdma, "rdma.max", value: words.compactMap { $0 }.joined(separator: " "))
        }
    }
}

extension CgroupBlockLimits.Throttle.Kind {
    /// The property, the file of v1, the key of v2.
    var names: (property: String, file: String, key: String) {
        switch self {
        case .readBytes: ("throttleReadBpsDevice", "read_bps_device", "rbps")
        case .writtenBytes: ("throttleWriteBpsDevice", "write_bps_device", "wbps")
        case .reads: ("throttleReadIOPSDevice", "read_iops_device", "riops")
        case .writes: ("throttleWriteIOPSDevice", "write_iops_device", "wiops")
        }
    }
}
