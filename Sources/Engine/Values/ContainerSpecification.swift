/// At which level an application is isolated.
public enum Isolation: Sendable, Equatable, Hashable, Codable {
    /// Namespaces and cgroups on the host's kernel.
    case process
    /// A machine of its own, which lives and dies with the container.
    case vm
    /// A named machine that it shares with other containers.
    case machine(name: String)
}

/// What a client asks for when it creates a container, with every default still open.
///
/// The Engine's own terms: the API translates Docker's JSON to this and keeps the JSON beside it (`document`), to give
/// it back on inspect.
public struct ContainerSpecification: Sendable, Equatable, Codable {
    /// The name asked for, without a leading slash, or nil for one made up.
    public var name: String?
    /// The image as it was given.
    public var image: String
    /// The isolation level.
    public var isolation: Isolation = .process
    /// Replaces the image's entry point; an empty array removes it.
    public var entrypoint: [String]?
    /// Replaces the image's command.
    public var command: [String]?
    /// `NAME=value` adds or replaces, `NAME` alone removes.
    public var environment: [String] = []
    /// Replaces the image's working directory.
    public var workingDirectory: String?
    /// Replaces the image's user: `user`, `user:group`, `uid:gid`.
    public var user: String?
    /// The host name, or nil for the first 12 digits of the id.
    public var hostname: String?
    /// The NIS domain name.
    public var domainname: String?
    /// Whether the process has a terminal.
    public var terminal = false
    /// The terminal's first height in lines; 0: the kernel's default size.
    public var consoleRows: UInt16 = 0
    /// The terminal's first width in characters; only read where there are rows.
    public var consoleColumns: UInt16 = 0
    /// Whether standard input is kept open; otherwise the program reads an end of file at once.
    public var openStandardInput = false
    /// Whether standard input, if open, ends when the first attached client goes.
    public var standardInputOnce = false
    /// The signal that asks it to end, as a name or number, or nil for the image's or SIGTERM.
    public var stopSignal: String?
    /// Seconds between that signal and SIGKILL, or nil for 10.
    public var stopTimeout: Int?
    /// Labels, over the image's.
    public var labels: [String: String] = [:]
    /// Annotations of the OCI configuration.
    public var annotations: [String: String] = [:]
    /// Binds, volumes and tmpfs.
    public var mounts: [MountSpecification] = []
    /// The network.
    public var network: NetworkSpecification = .init()
    /// The limits.
    public var resources: ResourceLimits = .init()
    /// What it may do.
    public var security: SecuritySpecification = .init()
    /// Devices of the host.
    public var devices: [DeviceSpecification] = []
    /// Kernel parameters of its own namespaces.
    public var sysctls: [String: String] = [:]
    /// Bytes of /dev/shm, or nil for 64 MiB.
    public var sharedMemorySize: UInt64?
    /// The IPC namespace: `""`, `host`, `private`, `shareable`, `none`, `container:ID`, as Docker means them.
    public var ipcMode = ""
    /// The PID namespace: `host`, `container:ID`; `""` or `private` for one of its own.
    public var pidMode = ""
    /// The UTS namespace (host and domain name): `host`; `""` for one of its own.
    public var utsMode = ""
    /// The cgroup namespace: `host` or `private`; `""` is `private` on a cgroup v2 host unless privileged, else `host`.
    public var cgroupNamespaceMode = ""
    /// The parent cgroup, or nil for the daemon's.
    public var cgroupParent: String?
    /// Whether a small init process reaps orphans.
    public var initProcess = false
    /// What happens when it ends.
    public var restart: RestartPolicy = .no
    /// Whether it is removed when it ends.
    public var autoRemove = false
    /// Its log.
    public var log: LogSpecification = .init()
    /// The client's own words (JSON), given back on inspect; the Engine does not read them.
    public var document: [UInt8] = []

    /// A specification with Docker's defaults.
    public init(image: String) { self.image = image }
}

/// One bind, volume or tmpfs.
public struct MountSpecification: Sendable, Equatable, Codable {
    /// What is mounted.
    public enum Source: Sendable, Equatable, Codable {
        /// A path of the host; `create` makes a missing directory (`-v`), otherwise it is an error (`--mount`).
        case bind(path: String, create: Bool)
        /// A named volume, or an anonymous one (nil); a new one is filled from the image unless `copy` is false.
        case volume(name: String?, copy: Bool)
        /// Memory, with the options of the tmpfs file system.
        case tmpfs(options: [String])
    }
    /// What.
    public var source: Source
    /// Where in the container: an absolute path.
    public var target: String
    /// Whether it is read-only.
    public var readOnly = false
    /// `rprivate`, `rslave`, …, or nil for `rprivate`.
    public var propagation: String?
    /// Whether mounts below a bound directory are left out.
    public var nonRecursive = false

    /// Creates it.
    public init(source: Source, target: String, readOnly: Bool = false) {
        self.source = source
        self.target = target
        self.readOnly = readOnly
    }
}

/// The network of a container.
public struct NetworkSpecification: Sendable, Equatable, Codable {
    /// Which.
    public enum Mode: Sendable, Equatable, Codable { case bridge, none, host, container(String) }
    /// Which.
    public var mode: Mode = .bridge
    /// Ports that are published on the host.
    public var ports: [PortSpecification] = []
    /// Ports that the application listens on (the image's come in addition).
    public var exposed: [ContainerPort] = []
    /// Whether every exposed port is published on a free port of the host.
    public var publishAll = false
    /// The hardware address asked for.
    public var hardwareAddress: String?
    /// Name servers for resolv.conf, as addresses; empty: the host's.
    public var nameServers: [String] = []
    /// Domains that resolv.conf says to search; empty: the host's.
    public var searchDomains: [String] = []
    /// Options of resolv.conf (`ndots:2`); empty: the host's.
    public var resolverOptions: [String] = []
    /// `name:address` lines for /etc/hosts.
    public var extraHosts: [String] = []

    /// The default bridge, nothing published.
    public init() {}
}

/// A port inside of the container.
public struct ContainerPort: Sendable, Equatable, Hashable, Codable {
    /// The transport.
    public enum Transport: String, Sendable, Codable { case tcp, udp, sctp }
    /// 1 to 65535.
    public var number: UInt16
    /// The transport.
    public var transport: Transport

    /// Creates it.
    public init(number: UInt16, transport: Transport) {
        self.number = number
        self.transport = transport
    }
}

/// A port of the container published on the host.
public struct PortSpecification: Sendable, Equatable, Codable {
    /// The port inside.
    public var port: ContainerPort
    /// The host's address, empty for all.
    public var hostAddress: String
    /// The host's ports to choose from; nil for any free one.
    public var hostPorts: ClosedRange<UInt16>?

    /// Creates it.
    public init(port: ContainerPort, hostAddress: String = "", hostPorts: ClosedRange<UInt16>? = nil) {
        self.port = port
        self.hostAddress = hostAddress
        self.hostPorts = hostPorts
    }
}

/// Limits; nil is unlimited or the kernel's default.
public struct ResourceLimits: Sendable, Equatable, Codable {
    /// Bytes of memory, without swap.
    public var memory: UInt64?
    /// Bytes of memory and swap together; -1 unlimited; nil: twice the memory.
    public var memorySwap: Int64?
    /// Bytes of memory that it is pushed back to where the host runs short.
    public var memoryReservation: UInt64?
    /// How readily its memory is swapped out, 0 to 100; cgroup v1 only.
    public var memorySwappiness: UInt64?
    /// Whether processes wait at the memory limit instead of being killed; cgroup v1 only.
    public var oomKillDisable = false
    /// Processors, in units of 10⁻⁹.
    public var nanoProcessors: UInt64?
    /// Its weight against others where processors are short; without one it has the kernel's 1024.
    public var cpuShares: UInt64?
    /// Microseconds after which `cpuQuota` is granted anew; excludes `nanoProcessors`.
    public var cpuPeriod: UInt64?
    /// Microseconds of processor time in each period; negative: unlimited; excludes `nanoProcessors`.
    public var cpuQuota: Int64?
    /// The processors that it may run on, as a list of numbers: `0-2,7`.
    public var cpusetCpus: String?
    /// The NUMA nodes that its memory may come from, as a list of numbers: `0,1`.
    public var cpusetMems: String?
    /// Processes and threads.
    public var processes: Int64?
    /// Resource limits by Docker's name (`nofile`): soft and hard.
    public var ulimits: [Ulimit] = []
    /// How much sooner (up to 1000) or later (down to -1000) it is killed where the host has no memory left.
    public var oomScoreAdjustment: Int?
    /// Its weight against others in block I/O, 10 to 1000.
    public var blockWeight: UInt16?

    /// No limits.
    public init() {}
}

/// One resource limit of the processes.
public struct Ulimit: Sendable, Equatable, Codable {
    /// Docker's name for it: `nofile`, `core`.
    public var name: String
    /// What holds, in the kernel's unit for that limit; `UInt64.max`: unlimited.
    public var soft: UInt64
    /// How far a process without privileges may raise the soft one, likewise.
    public var hard: UInt64

    /// Creates it.
    public init(name: String, soft: UInt64, hard: UInt64) {
        self.name = name
        self.soft = soft
        self.hard = hard
    }
}

/// What the application may do.
public struct SecuritySpecification: Sendable, Equatable, Codable {
    /// Whether it has every capability and device, no seccomp filter unless `options` name one, and no masked paths.
    public var privileged = false
    /// Capabilities beyond the default ones: names with or without `CAP_`, or `ALL`.
    public var capabilitiesAdded: [String] = []
    /// Capabilities that it does not get, named likewise.
    public var capabilitiesDropped: [String] = []
    /// As Docker's `--security-opt` takes them: `no-new-privileges`, `seccomp=unconfined`, `seccomp={json}`.
    public var options: [String] = []
    /// Whether the root file system is read-only, with the engine's own files upon it; `mounts` are as they say.
    public var readOnlyRoot = false
    /// Paths in the container that are hidden; nil: the defaults. Ignored where privileged.
    public var maskedPaths: [String]?
    /// Paths in the container that are made read-only; nil: the defaults. Ignored where privileged.
    public var readOnlyPaths: [String]?
    /// Further groups of the process: numbers, or names of the container's /etc/group.
    public var additionalGroups: [String] = []

    /// Docker's defaults.
    public init() {}
}

/// A device of the host in the container.
public struct DeviceSpecification: Sendable, Equatable, Codable {
    /// The device's path on the host; a directory stands for every device below it.
    public var hostPath: String
    /// Its absolute path in the container.
    public var containerPath: String
    /// Of `r`, `w`, `m`.
    public var permissions: String

    /// Creates it.
    public init(hostPath: String, containerPath: String, permissions: String) {
        self.hostPath = hostPath
        self.containerPath = containerPath
        self.permissions = permissions
    }
}

/// What happens when a container ends.
public enum RestartPolicy: Sendable, Equatable, Codable {
    case no
    case always
    case unlessStopped
    /// After a failure, at most so often; 0 for any number.
    case onFailure(maximumRetries: Int)
}

/// The log of a container.
public struct LogSpecification: Sendable, Equatable, Codable {
    /// `json-file` or `none`.
    public var driver = "json-file"
    /// `max-size`, `max-file`.
    public var options: [String: String] = [:]

    /// json-file without limits.
    public init() {}
}
