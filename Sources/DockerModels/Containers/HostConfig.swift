public import OCI

/// How a container runs on this host: limits, mounts, network, rights.
public struct HostConfig: Sendable, Equatable, Codable, WritesNulls {
    /// `source:target[:options]`, and containers whose volumes are used too.
    public var binds, volumesFrom: [String]?
    /// Mounts in the long form.
    public var mounts: [MountConfig]?
    /// tmpfs: target to options.
    public var tmpfs: [String: String]?
    /// Where the client writes the identifier; the default volume driver.
    public var containerIDFile, volumeDriver: String?
    /// The log.
    public var logConfig: LogConfig?
    /// `default`, `bridge`, `none`, `host`, `container:ID`, or a network's name.
    public var networkMode: String?
    /// Published ports by `80/tcp`; a null list publishes nothing.
    public var portBindings: [String: [PortBinding]?]?
    /// Whether every exposed port is published.
    public var publishAllPorts: Bool?
    /// What happens at its end.
    public var restartPolicy: RestartPolicyConfig?
    /// Whether it is removed at its end.
    public var autoRemove: Bool?
    /// Rows and columns of its terminal.
    public var consoleSize: [UInt16]?
    /// Annotations of the OCI configuration, options of storage, kernel parameters.
    public var annotations, storageOpt, sysctls: [String: String]?
    /// Capabilities, groups, security options.
    public var capAdd, capDrop, groupAdd, securityOpt: [String]?
    /// Namespaces: `""`, `host`, `private`, `shareable`, `container:ID`.
    public var cgroupnsMode, ipcMode, pidMode, utsMode, usernsMode: String?
    /// resolv.conf, and lines of hosts.
    public var dns, dnsOptions, dnsSearch, extraHosts, links: [String]?
    /// Rights and roots.
    public var privileged, readonlyRootfs: Bool?
    /// Bytes of /dev/shm.
    public var shmSize: Int64?
    /// The runtime's name, and the isolation level.
    public var runtime, isolation: String?
    /// Whether an init process reaps orphans.
    public var initProcess: Bool?
    /// Paths that are hidden, or read-only.
    public var maskedPaths, readonlyPaths: [String]?
    /// The parent cgroup, and the cgroup to join.
    public var cgroupParent, cgroup: String?
    /// Processor limits.
    public var cpuShares, nanoCpus, cpuPeriod, cpuQuota, cpuRealtimePeriod, cpuRealtimeRuntime: Int64?
    /// Processors and memory nodes.
    public var cpusetCpus, cpusetMems: String?
    /// Memory limits, in bytes; swappiness from 0 to 100.
    public var memory, memoryReservation, memorySwap, memorySwappiness: Int64?
    /// Memory of the kernel (obsolete).
    public var kernelMemory, kernelMemoryTCP: Int64?
    /// The kernel's killer.
    public var oomKillDisable: Bool?
    /// -1000 to 1000.
    public var oomScoreAdj: Int?
    /// Processes and threads.
    public var pidsLimit: Int64?
    /// Resource limits.
    public var ulimits: [UlimitConfig]?
    /// Weight of block input and output, 10 to 1000.
    public var blkioWeight: UInt16?
    /// Limits of single block devices.
    public var blkioWeightDevice, blkioDeviceReadBps, blkioDeviceWriteBps: [JSON]?
    /// Limits of single block devices.
    public var blkioDeviceReadIOps, blkioDeviceWriteIOps: [JSON]?
    /// Devices of the host.
    public var devices: [DeviceConfig]?
    /// Rules of the device cgroup.
    public var deviceCgroupRules: [String]?
    /// Devices that a driver provides.
    public var deviceRequests: [JSON]?
    /// Of Windows; echoed.
    public var cpuCount, cpuPercent, ioMaximumIOps, ioMaximumBandwidth: Int64?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case binds = "Binds", containerIDFile = "ContainerIDFile", logConfig = "LogConfig"
        case networkMode = "NetworkMode", portBindings = "PortBindings", restartPolicy = "RestartPolicy"
        case autoRemove = "AutoRemove", volumeDriver = "VolumeDriver", volumesFrom = "VolumesFrom"
        case consoleSize = "ConsoleSize", annotations = "Annotations", capAdd = "CapAdd", capDrop = "CapDrop"
        case cgroupnsMode = "CgroupnsMode", dns = "Dns", dnsOptions = "DnsOptions", dnsSearch = "DnsSearch"
        case extraHosts = "ExtraHosts", groupAdd = "GroupAdd", ipcMode = "IpcMode", cgroup = "Cgroup"
        case links = "Links", oomScoreAdj = "OomScoreAdj", pidMode = "PidMode", privileged = "Privileged"
        case publishAllPorts = "PublishAllPorts", readonlyRootfs = "ReadonlyRootfs", securityOpt = "SecurityOpt"
        case storageOpt = "StorageOpt", tmpfs = "Tmpfs", utsMode = "UTSMode", usernsMode = "UsernsMode"
        case shmSize = "ShmSize", sysctls = "Sysctls", runtime = "Runtime", isolation = "Isolation"
        case cpuShares = "CpuShares", memory = "Memory", nanoCpus = "NanoCpus", cgroupParent = "CgroupParent"
        case blkioWeight = "BlkioWeight", blkioWeightDevice = "BlkioWeightDevice"
        case blkioDeviceReadBps = "BlkioDeviceReadBps", blkioDeviceWriteBps = "BlkioDeviceWriteBps"
        case blkioDeviceReadIOps = "BlkioDeviceReadIOps", blkioDeviceWriteIOps = "BlkioDeviceWriteIOps"
        case cpuPeriod = "CpuPeriod", cpuQuota = "CpuQuota", cpuRealtimePeriod = "CpuRealtimePeriod"
        case cpuRealtimeRuntime = "CpuRealtimeRuntime", cpusetCpus = "CpusetCpus", cpusetMems = "CpusetMems"
        case devices = "Devices", deviceCgroupRules = "DeviceCgroupRules", deviceRequests = "DeviceRequests"
        case kernelMemory = "KernelMemory", kernelMemoryTCP = "KernelMemoryTCP"
        case memoryReservation = "MemoryReservation", memorySwap = "MemorySwap"
        case memorySwappiness = "MemorySwappiness", oomKillDisable = "OomKillDisable", pidsLimit = "PidsLimit"
        case ulimits = "Ulimits", cpuCount = "CpuCount", cpuPercent = "CpuPercent"
        case ioMaximumIOps = "IOMaximumIOps", ioMaximumBandwidth = "IOMaximumBandwidth", mounts = "Mounts"
        case initProcess = "Init", maskedPaths = "MaskedPaths", readonlyPaths = "ReadonlyPaths"
    }
}
