internal import Glibc

extension Cgroup {
    /// Changes limits of a group in which processes run; those that are nil stay as they are, and so does the list of
    /// devices.
    public func update(_ limits: CgroupLimits) throws(SystemError) {
        var limits = limits
        limits.devices = nil
        var group = self
        try group.checkMemory(limits)
        if isUnified {
            try group.enableControllers(for: limits)
            try group.completeFromPresent(&limits)
            try group.applyBurst(&limits)
            try group.scope?.set(limits, unified: true)
            try group.applyUnified(limits, DevicePrograms())
        } else {
            try group.scope?.set(limits, unified: false)
            try group.joinFurther(limits)
            try group.applyBurst(&limits)
            try group.applySeparate(limits, raisesSwap: group.raisesSwap(limits))
        }
    }

    /// Sets limits as they are, without regard to those that are there.
    public func setLimits(_ limits: CgroupLimits) throws(SystemError) {
        if isUnified {
            try applyUnified(limits, DevicePrograms())
        } else {
            try applySeparate(limits, raisesSwap: false)
        }
    }

    /// The kernel of v1 refuses a limit below what is used; that of v2 kills for it, which the configuration may forbid.
    private func checkMemory(_ limits: CgroupLimits) throws(SystemError) {
        guard limits.checksMemory, let limit = limits.memory, limit >= 0 else { return }
        let used = statistics().memoryUsage
        if UInt64(limit) < used {
            throw SystemError(
                "linux.resources.memory.limit: \(limit) is below what is used now, which is", "\(used)", code: EBUSY)
        }
    }

    /// v2 has some limits together in one file, or one as the difference of two: what is not given is as it is.
    private func completeFromPresent(_ limits: inout CgroupLimits) throws(SystemError) {
        guard let unified else { return }
        if limits.processorPeriod != nil && limits.processorQuota == nil {
            let quota = try Files.readText("\(unified)/cpu.max").prefix { $0 != " " && $0 != "\n" }
            limits.processorQuota = Int64(quota) ?? -1
        }
        if limits.memoryAndSwap ?? 0 > 0 && limits.memory == nil {
            limits.memory = Int64(try Files.readText("\(unified)/memory.max").prefix { $0 != "\n" }) ?? -1
        }
    }

    /// Whether memory and swap together are to have more than they have now.
    private func raisesSwap(_ limits: CgroupLimits) throws(SystemError) -> Bool {
        guard let directory = directories[.memory], let swap = limits.memoryAndSwap, limits.memory != nil else {
            return false
        }
        let file = "\(directory)/memory.memsw.limit_in_bytes"
        guard Files.exists(file) else { return false }
        guard swap >= 0, let present = Int64(try Files.readText(file).prefix { $0 != "\n" }) else { return true }
        return swap > present
    }

    /// What is saved up may never be more than the quota: a smaller burst goes before it, a greater one after it. The
    /// same is true of the quota of groups above and below and the period, for which there is no order that fits all.
    private func applyBurst(_ limits: inout CgroupLimits) throws(SystemError) {
        guard let burst = limits.processorBurst, limits.processorQuota != nil,
            let file = isUnified
                ? unified.map({ "\($0)/cpu.max.burst" })
                : directories[.cpu].map({ "\($0)/cpu.cfs_burst_us" })
        else { return }
        // Before Linux 5.14 there is no such file, which is said where the value is written.
        guard Files.exists(file) else { return }
        let present = UInt64(try Files.readText(file).prefix { $0 != "\n" }) ?? 0
        guard burst < present else { return }
        var first = CgroupLimits()
        first.processorBurst = burst
        if isUnified { try applyUnified(first, DevicePrograms()) } else { try perform(first.separateWrites()) }
        limits.processorBurst = nil
    }

    /// Limits may need hierarchies of v1 that the group was not made in: it is made there, and its processes join.
    private mutating func joinFurther(_ limits: CgroupLimits) throws(SystemError) {
        guard case .separate(_, let roots, _) = layout else { return }
        let before = directories
        if limits.processors != nil || limits.memoryNodes != nil {
            directories[.cpuset] = directories[.cpuset] ?? roots[.cpuset].map { $0 + path }
        }
        if !limits.block.isEmpty { directories[.blkio] = directories[.blkio] ?? roots[.blkio].map { $0 + path } }
        locateRare(limits)
        try enableControllers(for: limits)
        let added = directories.filter { before[$0.key] == nil }
        guard !added.isEmpty else { return }
        for directory in added.values { try Files.makeDirectories(directory) }
        if let directory = added[.cpuset] { try inheritProcessors(directory) }
        for directory in added.values {
            // A child of one that has not moved yet is born where its parent is: until nobody new is found.
            var moved: Set<Int32> = []
            while true {
                let left = try processes().filter { !moved.contains($0) }
                if left.isEmpty { break }
                for process in left {
                    // One that has ended meanwhile need not move.
                    do { try Files.set("\(directory)/cgroup.procs", "\(process)") } catch  where error.code == ESRCH {}
                    moved.insert(process)
                }
            }
        }
    }
}
