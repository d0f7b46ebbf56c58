import Glibc

/// Which limits the host's kernel can hold a container to.
public struct LimitFacts: Sendable, Equatable {
    /// Of memory.
    public var memory = false
    /// Of memory and swap together.
    public var swap = false
    /// Of processor time in a period.
    public var processorQuota = false
    /// Shares of processor time.
    public var processorShares = false
    /// Which processors are used.
    public var processorSet = false
    /// Of the number of processes.
    public var processes = false
    /// Whether a container without memory can be made to wait instead of being killed.
    public var outOfMemoryWait = false

    /// Those of this host, from what its control groups show.
    static func current(unified: Bool) -> LimitFacts {
        unified ? versionTwo() : versionOne()
    }

    private static func versionOne() -> LimitFacts {
        func has(_ file: String) -> Bool { access("/sys/fs/cgroup/" + file, F_OK) == 0 }
        return LimitFacts(
            memory: has("memory/memory.limit_in_bytes"), swap: has("memory/memory.memsw.limit_in_bytes"),
            processorQuota: has("cpu/cpu.cfs_quota_us") || has("cpu/cpu.cfs_period_us"),
            processorShares: has("cpu/cpu.shares"), processorSet: has("cpuset/cpuset.cpus"),
            processes: has("pids/cgroup.procs"), outOfMemoryWait: has("memory/memory.oom_control"))
    }

    private static func versionTwo() -> LimitFacts {
        let base = "/sys/fs/cgroup"
        let controllers = Set((FileText.read(base + "/cgroup.controllers") ?? "").split(whereSeparator: \.isWhitespace))
        // The root of the tree has no limits of its own to look at: the daemon's group has.
        let own = (FileText.read("/proc/self/cgroup") ?? "").split(separator: "\n").first { $0.hasPrefix("0::") }
        let swap = own.map { access("\(base)\($0.dropFirst(3))/memory.swap.max", F_OK) == 0 } ?? false
        return LimitFacts(
            memory: controllers.contains("memory"), swap: swap, processorQuota: controllers.contains("cpu"),
            processorShares: controllers.contains("cpu"), processorSet: controllers.contains("cpuset"),
            processes: controllers.contains("pids"))
    }
}
