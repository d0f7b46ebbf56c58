/// The body of `POST /containers/create`: the members of ``ContainerConfig`` and two more, in one object.
public struct ContainerCreation: Sendable, Equatable, Codable, WritesNulls {
    /// What runs.
    public var config: ContainerConfig
    /// How it runs here.
    public var hostConfig: HostConfig?
    /// Its networks.
    public var networkingConfig: NetworkingConfig?

    /// Creates it.
    public init(config: ContainerConfig, hostConfig: HostConfig?, networkingConfig: NetworkingConfig? = nil) {
        self.config = config
        self.hostConfig = hostConfig
        self.networkingConfig = networkingConfig
    }

    /// Reads all three from the one object.
    public init(from decoder: any Decoder) throws {
        config = try ContainerConfig(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        hostConfig = try container.decodeIfPresent(HostConfig.self, forKey: .hostConfig)
        networkingConfig = try container.decodeIfPresent(NetworkingConfig.self, forKey: .networkingConfig)
    }

    /// Writes the members of `config` and the two others side by side, as they are read.
    public func encode(to encoder: any Encoder) throws {
        try config.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(hostConfig, forKey: .hostConfig)
        try container.encodeIfPresent(networkingConfig, forKey: .networkingConfig)
    }

    enum CodingKeys: String, CodingKey { case hostConfig = "HostConfig", networkingConfig = "NetworkingConfig" }
}

/// The networks of a new container.
public struct NetworkingConfig: Sendable, Equatable, Codable {
    /// By the network's name.
    public var endpointsConfig: [String: EndpointSettings?]?

    /// Creates it.
    public init(endpointsConfig: [String: EndpointSettings?]? = nil) { self.endpointsConfig = endpointsConfig }

    enum CodingKeys: String, CodingKey { case endpointsConfig = "EndpointsConfig" }
}

/// A container's place in a network: asked for, or had.
public struct EndpointSettings: Sendable, Equatable, Codable, WritesNulls {
    /// Addresses that are asked for.
    public var ipamConfig: IPAMConfig?
    /// Obsolete links, and further names.
    public var links, aliases: [String]?
    /// Hardware address, identifiers, addresses.
    public var macAddress, networkID, endpointID, gateway, ipAddress, ipv6Gateway, globalIPv6Address: String?
    /// Options of the driver.
    public var driverOpts: [String: String]?
    /// Which network has the default route; lengths of prefixes.
    public var gwPriority, ipPrefixLen, globalIPv6PrefixLen: Int?
    /// Names that resolve to it.
    public var dnsNames: [String]?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case ipamConfig = "IPAMConfig", links = "Links", aliases = "Aliases", macAddress = "MacAddress"
        case driverOpts = "DriverOpts", gwPriority = "GwPriority", networkID = "NetworkID", endpointID = "EndpointID"
        case gateway = "Gateway", ipAddress = "IPAddress", ipPrefixLen = "IPPrefixLen", ipv6Gateway = "IPv6Gateway"
        case globalIPv6Address = "GlobalIPv6Address", globalIPv6PrefixLen = "GlobalIPv6PrefixLen"
        case dnsNames = "DNSNames"
    }

    /// Addresses that are asked for.
    public struct IPAMConfig: Sendable, Equatable, Codable {
        /// Addresses.
        public var ipv4Address, ipv6Address: String?
        /// Link-local addresses.
        public var linkLocalIPs: [String]?

        enum CodingKeys: String, CodingKey {
            case ipv4Address = "IPv4Address", ipv6Address = "IPv6Address", linkLocalIPs = "LinkLocalIPs"
        }
    }
}

/// The answer to `POST /containers/create`.
public struct ContainerCreated: Sendable, Equatable, Codable {
    /// 64 hexadecimal digits.
    public var id: String
    /// What the creator should know.
    public var warnings: [String]

    /// Creates it.
    public init(id: String, warnings: [String]) {
        self.id = id
        self.warnings = warnings
    }

    /// Reads it; null or absent warnings are none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        warnings = try container.decodeIfPresent([String].self, forKey: .warnings) ?? []
    }

    enum CodingKeys: String, CodingKey { case id = "Id", warnings = "Warnings" }
}
