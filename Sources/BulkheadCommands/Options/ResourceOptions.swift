internal import ArgumentParser

/// Options that limit what a container may use.
struct ResourceOptions: ParsableArguments {
    @Option(
        name: [.customShort("m"), .customLong("memory")], parsing: .unconditional,
        help: ArgumentHelp("Memory; sizes the machine of a vm", valueName: "BYTES"))
    var memory: String?

    @Option(
        name: .customLong("memory-swap"), parsing: .unconditional,
        help: ArgumentHelp("Memory and swap together; -1 for any amount", valueName: "BYTES"))
    var memorySwap: String?

    @Option(
        name: .customLong("memory-reservation"), parsing: .unconditional,
        help: ArgumentHelp("Memory that it keeps when memory is scarce", valueName: "BYTES"))
    var memoryReservation: String?

    @Option(
        name: .customLong("memory-swappiness"), parsing: .unconditional,
        help: ArgumentHelp("How readily its memory is swapped out, 0 to 100", valueName: "N"))
    var memorySwappiness: Int64?

    @Flag(name: .customLong("oom-kill-disable"), help: "Do not kill it when its memory is used up")
    var oomKillDisable = false

    @Option(
        name: .customLong("oom-score-adj"), parsing: .unconditional,
        help: ArgumentHelp("Preference of the kernel to kill it, -1000 to 1000", valueName: "N"))
    var oomScoreAdjustment: Int?

    @Option(
        name: .customLong("cpus"), parsing: .unconditional,
        help: ArgumentHelp("Processors, as 1.5; sizes the machine of a vm", valueName: "N"))
    var processors: String?

    @Option(
        name: [.customShort("c"), .customLong("cpu-shares")], parsing: .unconditional,
        help: ArgumentHelp("Weight of its processor time against others", valueName: "N"))
    var cpuShares: Int64?

    @Option(
        name: .customLong("cpu-period"), parsing: .unconditional,
        help: ArgumentHelp("Period of the processor limit in microseconds", valueName: "N"))
    var cpuPeriod: Int64?

    @Option(
        name: .customLong("cpu-quota"), parsing: .unconditional,
        help: ArgumentHelp("Processor time in each period in microseconds", valueName: "N"))
    var cpuQuota: Int64?

    @Option(
        name: .customLong("cpuset-cpus"), parsing: .unconditional,
        help: ArgumentHelp("Processors that it may use, as 0-2,4", valueName: "LIST"))
    var cpusetCpus: String?

    @Option(
        name: .customLong("cpuset-mems"), parsing: .unconditional,
        help: ArgumentHelp("Memory nodes that it may use", valueName: "LIST"))
    var cpusetMems: String?

    @Option(
        name: .customLong("blkio-weight"), parsing: .unconditional,
        help: ArgumentHelp("Weight of its block input and output, 10 to 1000", valueName: "N"))
    var blockWeight: UInt16?

    @Option(
        name: .customLong("pids-limit"), parsing: .unconditional,
        help: ArgumentHelp("Processes and threads; -1 for any number", valueName: "N"))
    var processLimit: Int64?

    @Option(
        name: .customLong("ulimit"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Set a resource limit, as nofile=1024:2048", valueName: "NAME=SOFT[:HARD]"))
    var ulimits: [String] = []

    @Option(
        name: .customLong("shm-size"), parsing: .unconditional,
        help: ArgumentHelp("Size of /dev/shm", valueName: "BYTES"))
    var sharedMemorySize: String?

    @Option(
        name: .customLong("cgroup-parent"), parsing: .unconditional,
        help: ArgumentHelp("The cgroup above that of the container", valueName: "PATH"))
    var cgroupParent: String?
}
