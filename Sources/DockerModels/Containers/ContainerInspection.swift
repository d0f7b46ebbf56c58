public import OCI

/// The answer to `GET /containers/{id}/json`.
public struct ContainerInspection: Sendable, Equatable, Codable {
    /// Identifier; when it was created (RFC 3339); its program.
    public var id, created, path: String?
    /// Its program's arguments.
    public var args: [String]?
    /// Where it is in its life.
    public var state: State?
    /// The image's identifier, and files on the host.
    public var image, resolvConfPath, hostnamePath, hostsPath, logPath: String?
    /// Its name, with a leading slash.
    public var name: String?
    /// How often its restart policy has started it again.
    public var restartCount: Int?
    /// `overlay2`, `linux`, security labels.
    public var driver, platform, mountLabel, processLabel, appArmorProfile: String?
    /// Execs that have not ended.
    public var execIDs: [String]?
    /// How it runs here.
    public var hostConfig: HostConfig?
    /// How its root is kept.
    public var graphDriver: JSON?
    /// Bytes written, and in all; only on request.
    public var sizeRw, sizeRootFs: Int64?
    /// Mounts.
    public var mounts: [MountPoint]?
    /// What runs.
    public var config: ContainerConfig?
    /// Networks.
    public var networkSettings: NetworkSettings?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case id = "Id", created = "Created", path = "Path", args = "Args", state = "State", image = "Image"
        case resolvConfPath = "ResolvConfPath", hostnamePath = "HostnamePath", hostsPath = "HostsPath"
        case logPath = "LogPath", name = "Name", restartCount = "RestartCount", driver = "Driver"
        case platform = "Platform", mountLabel = "MountLabel", processLabel = "ProcessLabel"
        case appArmorProfile = "AppArmorProfile", execIDs = "ExecIDs", hostConfig = "HostConfig"
        case graphDriver = "GraphDriver", sizeRw = "SizeRw", sizeRootFs = "SizeRootFs", mounts = "Mounts"
        case config = "Config", networkSettings = "NetworkSettings"
    }

    /// Where it is in its life.
    public struct State: Sendable, Equatable, Codable {
        /// `running`; why it did not start; times (RFC 3339).
        public var status, error, startedAt, finishedAt: String?
        /// As the name says.
        public var running, paused, restarting, oomKilled, dead: Bool?
        /// The first process's number, and the exit code.
        public var pid, exitCode: Int?

        /// Nothing set.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case status = "Status", running = "Running", paused = "Paused", restarting = "Restarting"
            case oomKilled = "OOMKilled", dead = "Dead", pid = "Pid", exitCode = "ExitCode", error = "Error"
            case startedAt = "StartedAt", finishedAt = "FinishedAt"
        }
    }
}

/// The networks of a container.
public struct NetworkSettings: Sendable, Equatable, Codable {
    /// Of the default bridge, as before networks had names.
    public var bridge, sandboxID, sandboxKey, endpointID, gateway, ipAddress, macAddress: String?
    /// Addresses of IPv6.
    public var globalIPv6Address, ipv6Gateway, linkLocalIPv6Address: String?
    /// Lengths of prefixes.
    public var ipPrefixLen, globalIPv6PrefixLen, linkLocalIPv6PrefixLen: Int?
    /// Whether containers reach themselves through published ports.
    public var hairpinMode: Bool?
    /// Published ports by `80/tcp`; null for one that is only exposed.
    public var ports: [String: [PortBinding]?]?
    /// By name.
    public var networks: [String: EndpointSettings]?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case bridge = "Bridge", sandboxID = "SandboxID", sandboxKey = "SandboxKey", ports = "Ports"
        case hairpinMode = "HairpinMode", linkLocalIPv6Address = "LinkLocalIPv6Address"
        case linkLocalIPv6PrefixLen = "LinkLocalIPv6PrefixLen", endpointID = "EndpointID", gateway = "Gateway"
        case globalIPv6Address = "GlobalIPv6Address", globalIPv6PrefixLen = "GlobalIPv6PrefixLen"
        case ipAddress = "IPAddress", ipPrefixLen = "IPPrefixLen", ipv6Gateway = "IPv6Gateway"
        case macAddress = "MacAddress", networks = "Networks"
    }
}
