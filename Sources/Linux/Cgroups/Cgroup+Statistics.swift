internal import CLinux

extension Cgroup {
    /// What its processes have used.
    public func statistics() -> CgroupStatistics {
        var statistics = CgroupStatistics()
        if isUnified { readUnified(&statistics) } else { readSeparate(&statistics) }
        return statistics
    }

    /// How often the kernel has killed one of its processes for want of memory.
    public var outOfMemoryKills: UInt64 {
        isUnified
            ? counters(.memory, "memory.events")["oom_kill"] ?? 0
            : counters(.memory, "memory.oom_control")["oom_kill"] ?? 0
    }

    /// A descriptor that becomes readable when memory has run out: read it empty and look at `outOfMemoryKills`.
    public func outOfMemoryDescriptor() throws(SystemError) -> Descriptor? {
        guard let directory = directory(of: .memory) else { return nil }
        if isUnified {
            // unsafe because the path is a C string; it lives for the call
            let number = unsafe bh_watch_changes("\(directory)/memory.events")
            return Descriptor(adopting: try SystemError.check(number, "watch", "\(directory)/memory.events"))
        }
        let control = try Descriptor.open("\(directory)/memory.oom_control")
        let event = Descriptor(adopting: try SystemError.check(bh_eventfd(), "eventfd"))
        try Files.set("\(directory)/cgroup.event_control", "\(event.rawValue) \(control.rawValue)")
        return event
    }

    // A figure that the host does not have stays 0 or nil: the callers show what there is.
    func text(_ controller: CgroupController, _ file: String) -> String? {
        guard let directory = directory(of: controller) else { return nil }
        return try? Files.readText("\(directory)/\(file)")
    }

    func number(_ controller: CgroupController, _ file: String) -> UInt64? {
        text(controller, file).flatMap { UInt64($0.prefix { $0 != "\n" }) }
    }

    func counters(_ controller: CgroupController, _ file: String) -> [String: UInt64] {
        var counters: [String: UInt64] = [:]
        for line in (text(controller, file) ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let value = UInt64(words[1]) { counters[String(words[0])] = value }
        }
        return counters
    }

    private func readSeparate(_ statistics: inout CgroupStatistics) {
        statistics.processorTotal = number(.cpuacct, "cpuacct.usage") ?? 0
        statistics.processorUser = number(.cpuacct, "cpuacct.usage_user") ?? 0
        statistics.processorKernel = number(.cpuacct, "cpuacct.usage_sys") ?? 0
        let processor = counters(.cpu, "cpu.stat")
        statistics.periods = processor["nr_periods"] ?? 0
        statistics.throttledPeriods = processor["nr_throttled"] ?? 0
        statistics.throttledTime = processor["throttled_time"] ?? 0
        statistics.memoryUsage = number(.memory, "memory.usage_in_bytes") ?? 0
        statistics.memoryMaximum = number(.memory, "memory.max_usage_in_bytes")
        // "Unlimited" is the largest number of whole pages.
        statistics.memoryLimit = number(.memory, "memory.limit_in_bytes").flatMap { $0 > 1 << 62 ? nil : $0 }
        statistics.memoryDetails = counters(.memory, "memory.stat")
        statistics.memoryInactiveFile = statistics.memoryDetails["total_inactive_file"] ?? 0
        statistics.processes = number(.pids, "pids.current") ?? 0
        statistics.processLimit = number(.pids, "pids.max")
        for line in (text(.blkio, "blkio.throttle.io_service_bytes_recursive") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let value = UInt64(words[2]) else { continue }
            if words[1] == "Read" { statistics.blockRead += value }
            if words[1] == "Write" { statistics.blockWritten += value }
        }
    }

    private func readUnified(_ statistics: inout CgroupStatistics) {
        let processor = counters(.cpu, "cpu.stat")
        statistics.processorTotal = (processor["usage_usec"] ?? 0) * 1000
        statistics.processorUser = (processor["user_usec"] ?? 0) * 1000
        statistics.processorKernel = (processor["system_usec"] ?? 0) * 1000
        statistics.periods = processor["nr_periods"] ?? 0
        statistics.throttledPeriods = processor["nr_throttled"] ?? 0
        statistics.throttledTime = (processor["throttled_usec"] ?? 0) * 1000
        statistics.memoryUsage = number(.memory, "memory.current") ?? 0
        statistics.memoryMaximum = number(.memory, "memory.peak")
        statistics.memoryLimit = number(.memory, "memory.max")
        statistics.memoryDetails = counters(.memory, "memory.stat")
        statistics.memoryInactiveFile = statistics.memoryDetails["inactive_file"] ?? 0
        statistics.processes = number(.pids, "pids.current") ?? 0
        statistics.processLimit = number(.pids, "pids.max")
        for field in (text(.blkio, "io.stat") ?? "").split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            if field.hasPrefix("rbytes=") { statistics.blockRead += UInt64(field.dropFirst(7)) ?? 0 }
            if field.hasPrefix("wbytes=") { statistics.blockWritten += UInt64(field.dropFirst(7)) ?? 0 }
        }
    }
}
