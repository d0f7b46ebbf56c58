public import OCI

/// The answer to `GET /info`.
public struct SystemInfo: Sendable, Equatable, Codable {
    /// This installation's identifier; the daemon's host; versions.
    public var id, name, serverVersion, kernelVersion, operatingSystem, osVersion, osType, architecture: String?
    /// How many there are.
    public var containers, containersRunning, containersPaused, containersStopped, images: Int?
    /// How images and containers are kept; where.
    public var driver, dockerRootDir: String?
    /// Remarks on it.
    public var driverStatus: [[String]]?
    /// What can be plugged in.
    public var plugins: Plugins?
    /// What the host can do.
    public var memoryLimit, swapLimit, cpuCfsPeriod, cpuCfsQuota, cpuShares, cpuSet, pidsLimit: Bool?
    /// What the host can do.
    public var ipv4Forwarding, debug, oomKillDisable, experimentalBuild, liveRestoreEnabled: Bool?
    /// Counters.
    public var nFd, nGoroutines, nEventsListener, nCPU: Int?
    /// Bytes of the host.
    public var memTotal: Int64?
    /// The time there (RFC 3339); drivers.
    public var systemTime, loggingDriver, cgroupDriver, cgroupVersion, indexServerAddress: String?
    /// Proxies.
    public var httpProxy, httpsProxy, noProxy: String?
    /// Registries; empty.
    public var registryConfig: JSON?
    /// Empty.
    public var genericResources: [JSON]?
    /// Labels of the daemon.
    public var labels: [String]?
    /// Runtimes by name.
    public var runtimes: [String: Runtime]?
    /// The one that is used where none is named, its level, its init.
    public var defaultRuntime, isolation, initBinary: String?
    /// Inactive.
    public var swarm: Swarm?
    /// Parts.
    public var containerdCommit, runcCommit, initCommit: Commit?
    /// `name=seccomp,profile=builtin`.
    public var securityOptions: [String]?
    /// What a user should know.
    public var warnings: [String]?
    /// Ours: what runs machines.
    public var hypervisor: String?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case id = "ID", containers = "Containers", containersRunning = "ContainersRunning"
        case containersPaused = "ContainersPaused", containersStopped = "ContainersStopped", images = "Images"
        case driver = "Driver", driverStatus = "DriverStatus", plugins = "Plugins", memoryLimit = "MemoryLimit"
        case swapLimit = "SwapLimit", cpuCfsPeriod = "CpuCfsPeriod", cpuCfsQuota = "CpuCfsQuota"
        case cpuShares = "CPUShares", cpuSet = "CPUSet", pidsLimit = "PidsLimit", ipv4Forwarding = "IPv4Forwarding"
        case debug = "Debug", nFd = "NFd", oomKillDisable = "OomKillDisable", nGoroutines = "NGoroutines"
        case systemTime = "SystemTime", loggingDriver = "LoggingDriver", cgroupDriver = "CgroupDriver"
        case cgroupVersion = "CgroupVersion", nEventsListener = "NEventsListener", kernelVersion = "KernelVersion"
        case operatingSystem = "OperatingSystem", osVersion = "OSVersion", osType = "OSType"
        case architecture = "Architecture", indexServerAddress = "IndexServerAddress"
        case registryConfig = "RegistryConfig", nCPU = "NCPU", memTotal = "MemTotal"
        case genericResources = "GenericResources", dockerRootDir = "DockerRootDir", httpProxy = "HttpProxy"
        case httpsProxy = "HttpsProxy", noProxy = "NoProxy", name = "Name", labels = "Labels"
        case experimentalBuild = "ExperimentalBuild", serverVersion = "ServerVersion", runtimes = "Runtimes"
        case defaultRuntime = "DefaultRuntime", swarm = "Swarm", liveRestoreEnabled = "LiveRestoreEnabled"
        case isolation = "Isolation", initBinary = "InitBinary", containerdCommit = "ContainerdCommit"
        case runcCommit = "RuncCommit", initCommit = "InitCommit", securityOptions = "SecurityOptions"
        case warnings = "Warnings", hypervisor = "Hypervisor"
    }

    /// What can be plugged in, by kind.
    public struct Plugins: Sendable, Equatable, Codable, WritesNulls {
        /// Names.
        public var volume, network, authorization, log: [String]?

        /// Creates it.
        public init(volume: [String], network: [String], log: [String]) {
            self.volume = volume
            self.network = network
            self.log = log
        }

        enum CodingKeys: String, CodingKey {
            case volume = "Volume", network = "Network", authorization = "Authorization", log = "Log"
        }
    }

    /// A runtime.
    public struct Runtime: Sendable, Equatable, Codable {
        /// Its program.
        public var path: String?

        /// Creates it.
        public init(path: String) { self.path = path }
    }

    /// The state of Swarm, which there is none of.
    public struct Swarm: Sendable, Equatable, Codable {
        /// Identifier, address, `inactive`, error.
        public var nodeID, nodeAddr, localNodeState, error: String?
        /// Whether this host manages any.
        public var controlAvailable: Bool?

        /// None.
        public static let inactive: Swarm = {
            var swarm = Swarm()
            swarm.nodeID = ""
            swarm.nodeAddr = ""
            swarm.localNodeState = "inactive"
            swarm.error = ""
            swarm.controlAvailable = false
            return swarm
        }()

        enum CodingKeys: String, CodingKey {
            case nodeID = "NodeID", nodeAddr = "NodeAddr", localNodeState = "LocalNodeState", error = "Error"
            case controlAvailable = "ControlAvailable"
        }
    }

    /// The version of a part.
    public struct Commit: Sendable, Equatable, Codable {
        /// Its version.
        public var id: String?

        /// Creates it.
        public init(id: String) { self.id = id }

        enum CodingKeys: String, CodingKey { case id = "ID" }
    }
}
