internal import Glibc

extension Cgroup {
    /// Sets limits; those that are nil stay as they are.
    public func apply(_ limits: CgroupLimits) throws(SystemError) {
        if isUnified { try applyUnified(limits) } else { try applySeparate(limits) }
    }

    private func set(_ controller: CgroupController, _ file: String, _ value: String) throws(SystemError) {
        guard let directory = directory(of: controller) else {
            throw SystemError("set \(file): the host has no control group for", controller.rawValue, code: ENOENT)
        }
        try Files.set("\(directory)/\(file)", value)
    }

    private func applySeparate(_ limits: CgroupLimits) throws(SystemError) {
        if let memory = limits.memory { try set(.memory, "memory.limit_in_bytes", "\(memory)") }
        if let swap = limits.memoryAndSwap { try setMemoryAndSwap(swap, memory: limits.memory) }
        if let soft = limits.memoryReservation { try set(.memory, "memory.soft_limit_in_bytes", "\(soft)") }
        if let swappiness = limits.swappiness { try set(.memory, "memory.swappiness", "\(swappiness)") }
        if limits.disableKiller { try set(.memory, "memory.oom_control", "1") }
        if let shares = limits.processorShares { try set(.cpu, "cpu.shares", "\(shares)") }
        if let period = limits.processorPeriod { try set(.cpu, "cpu.cfs_period_us", "\(period)") }
        if let quota = limits.processorQuota { try set(.cpu, "cpu.cfs_quota_us", "\(quota)") }
        if let burst = limits.processorBurst { try set(.cpu, "cpu.cfs_burst_us", "\(burst)") }
        if let idle = limits.processorIdle { try set(.cpu, "cpu.idle", "\(idle)") }
        if let processes = limits.processes { try set(.pids, "pids.max", processes < 0 ? "max" : "\(processes)") }
        if let directory = directories[.cpuset], limits.processors != nil || limits.memoryNodes != nil {
            try inheritProcessors(directory)
            if let processors = limits.processors { try set(.cpuset, "cpuset.cpus", processors) }
            if let nodes = limits.memoryNodes { try set(.cpuset, "cpuset.mems", nodes) }
        }
        if let weight = limits.blockWeight {
            let usual = directories[.blkio].map { Files.exists("\($0)/blkio.weight") } ?? false
            try set(.blkio, usual ? "blkio.weight" : "blkio.bfq.weight", "\(weight)")
        }
        if let rules = limits.devices {
            // A rule that is about everything replaces all before it: those need not be told to the kernel.
            let start = rules.lastIndex { $0.isEverything } ?? 0
            for rule in rules[start...] {
                let line = rule.isEverything ? "a" : rule.line
                try set(.devices, rule.allow ? "devices.allow" : "devices.deny", line)
            }
        }
        if let (name, _) = limits.unified.first { throw SystemError("set \(name) without cgroup v2", code: ENOTSUP) }
    }

    /// Kernels may be built or booted without the accounting of swap; memory is then limited all the same, and the
    /// default that clients ask for (twice the memory) is not worth a failure.
    private func setMemoryAndSwap(_ swap: Int64, memory: Int64?) throws(SystemError) {
        guard let directory = directories[.memory] else { return try set(.memory, "memory.memsw.limit_in_bytes", "") }
        let file = "\(directory)/memory.memsw.limit_in_bytes"
        if Files.exists(file) { return try Files.set(file, "\(swap)") }
        if let memory, swap == -1 || swap == 2 * memory { return }
        throw SystemError("limit swap", file, code: ENOENT)
    }

    /// A new cpuset of v1 is empty, and its ancestors may be: everything is taken over from the one above first.
    private func inheritProcessors(_ directory: String) throws(SystemError) {
        for file in ["cpuset.cpus", "cpuset.mems"] {
            var empty: [String] = []
            var present = directory
            var value = try Files.readText("\(present)/\(file)").prefix { $0 != "\n" }
            while value.isEmpty {
                empty.append(present)
                present = Files.parent(of: present)
                value = try Files.readText("\(present)/\(file)").prefix { $0 != "\n" }
            }
            for directory in empty.reversed() { try Files.set("\(directory)/\(file)", String(value)) }
        }
    }

    private func applyUnified(_ limits: CgroupLimits) throws(SystemError) {
        if let memory = limits.memory { try set(.memory, "memory.max", Cgroup.value(memory)) }
        if let soft = limits.memoryReservation { try set(.memory, "memory.low", soft < 0 ? "0" : "\(soft)") }
        if let total = limits.memoryAndSwap {
            let swap = total < 0 ? -1 : max(total - max(limits.memory ?? 0, 0), 0)
            // A kernel without swap accounting has no such file: memory is limited all the same.
            if Files.exists("\(unified ?? "")/memory.swap.max") {
                try set(.memory, "memory.swap.max", Cgroup.value(swap))
            }
        }
        if limits.swappiness != nil { throw SystemError("set the swappiness with cgroup v2", code: ENOTSUP) }
        if limits.disableKiller { throw SystemError("disable the memory killer with cgroup v2", code: ENOTSUP) }
        if let shares = limits.processorShares { try set(.cpu, "cpu.weight", "\(Cgroup.weight(ofShares: shares))") }
        if limits.processorQuota != nil || limits.processorPeriod != nil {
            let quota = limits.processorQuota.map { $0 <= 0 ? "max" : "\($0)" } ?? "max"
            try set(.cpu, "cpu.max", "\(quota) \(limits.processorPeriod ?? 100_000)")
        }
        if let burst = limits.processorBurst { try set(.cpu, "cpu.max.burst", "\(burst)") }
        if let idle = limits.processorIdle { try set(.cpu, "cpu.idle", "\(idle)") }
        if let processes = limits.processes { try set(.pids, "pids.max", Cgroup.value(processes)) }
        if let processors = limits.processors { try set(.cpuset, "cpuset.cpus", processors) }
        if let nodes = limits.memoryNodes { try set(.cpuset, "cpuset.mems", nodes) }
        if let weight = limits.blockWeight {
            let scaled = 1 + (UInt64(max(weight, 10)) - 10) * 9999 / 990
            try set(.blkio, "io.weight", "\(scaled)")
        }
        for (name, value) in limits.unified.sorted(by: { $0.key < $1.key }) {
            guard !name.contains("/") else { throw SystemError("set", name, code: EINVAL) }
            try set(.memory, name, value)
        }
        if let rules = limits.devices, let unified { try DeviceProgram(rules: rules).attach(to: unified) }
    }

    private static func value(_ number: Int64) -> String { number < 0 ? "max" : "\(number)" }

    /// Shares from 2 to 262144 become a weight from 1 to 10000.
    static func weight(ofShares shares: UInt64) -> UInt64 {
        1 + (min(max(shares, 2), 262_144) - 2) * 9999 / 262_142
    }

    /// Controllers of v2 must be handed down from the root, level by level, to where they are wanted.
    func enableControllers(for limits: CgroupLimits) throws(SystemError) {
        guard case .unified(let root) = layout else { return }
        let there = try Files.readText("\(root)/cgroup.controllers").split { $0 == " " || $0 == "\n" }
        let wanted = ["cpu", "cpuset", "io", "memory", "pids"].filter { name in there.contains { $0 == name } }
        var directory = root
        for name in path.split(separator: "/") {
            let enabled = try Files.readText("\(directory)/cgroup.subtree_control").split { $0 == " " || $0 == "\n" }
            let missing = wanted.filter { name in !enabled.contains { $0 == name } }
            if !missing.isEmpty {
                let line = missing.map { "+\($0)" }.joined(separator: " ")
                try Files.set("\(directory)/cgroup.subtree_control", line)
            }
            directory += "/\(name)"
            if !Files.exists(directory) { try Files.makeDirectory(directory) }
        }
    }
}
