/// A network.
public struct NetworkDescription: Sendable, Equatable, Codable {
    /// Name, identifier, when it was created (RFC 3339), `local`, driver.
    public var name, id, created, scope, driver: String?
    /// As the name says.
    public var enableIPv4, enableIPv6, isInternal, attachable, ingress, configOnly: Bool?
    /// Addresses.
    public var ipam: IPAM?
    /// Who is in it, by the container's identifier.
    public var containers: [String: Member]?
    /// Options and labels.
    public var options, labels: [String: String]?
    /// A network that this one takes its configuration from: none.
    public var configFrom: ConfigFrom?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case name = "Name", id = "Id", created = "Created", scope = "Scope", driver = "Driver"
        case enableIPv4 = "EnableIPv4", enableIPv6 = "EnableIPv6", ipam = "IPAM", isInternal = "Internal"
        case attachable = "Attachable", ingress = "Ingress", configFrom = "ConfigFrom", configOnly = "ConfigOnly"
        case containers = "Containers", options = "Options", labels = "Labels"
    }

    /// Addresses.
    public struct IPAM: Sendable, Equatable, Codable, WritesNulls {
        /// `default`.
        public var driver: String?
        /// Options.
        public var options: [String: String]?
        /// Subnets.
        public var config: [Subnet]?

        /// Creates it.
        public init(config: [Subnet]) {
            driver = "default"
            self.config = config
        }

        enum CodingKeys: String, CodingKey { case driver = "Driver", options = "Options", config = "Config" }
    }

    /// One subnet.
    public struct Subnet: Sendable, Equatable, Codable {
        /// `172.17.0.0/16`, and the bridge's address.
        public var subnet, gateway: String?

        /// Creates it.
        public init(subnet: String, gateway: String?) {
            self.subnet = subnet
            self.gateway = gateway
        }

        enum CodingKeys: String, CodingKey { case subnet = "Subnet", gateway = "Gateway" }
    }

    /// A container in it.
    public struct Member: Sendable, Equatable, Codable {
        /// Name, endpoint, addresses.
        public var name, endpointID, macAddress, ipv4Address, ipv6Address: String?

        /// Nothing set.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case name = "Name", endpointID = "EndpointID", macAddress = "MacAddress", ipv4Address = "IPv4Address"
            case ipv6Address = "IPv6Address"
        }
    }

    /// A network that this one takes its configuration from.
    public struct ConfigFrom: Sendable, Equatable, Codable {
        /// Its name.
        public var network: String?

        /// None.
        public init() { network = "" }

        enum CodingKeys: String, CodingKey { case network = "Network" }
    }
}
