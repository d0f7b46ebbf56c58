/// One container in `GET /containers/json`.
public struct ContainerSummary: Sendable, Equatable, Codable {
    /// 64 hexadecimal digits.
    public var id: String
    /// Names with a leading slash.
    public var names: [String]?
    /// The image as it was asked for; its identifier; the command line; `running`; `Up 5 minutes`.
    public var image, imageID, command, state, status: String?
    /// When it was created, in seconds since 1970.
    public var created: Int64?
    /// Ports.
    public var ports: [Port]?
    /// Bytes written, and in all; only on request.
    public var sizeRw, sizeRootFs: Int64?
    /// Labels.
    public var labels: [String: String]?
    /// What is told of its host configuration.
    public var hostConfig: Host?
    /// Networks.
    public var networkSettings: Networks?
    /// Mounts.
    public var mounts: [MountPoint]?

    /// A container of which nothing is known.
    public init(id: String) { self.id = id }

    enum CodingKeys: String, CodingKey {
        case id = "Id", names = "Names", image = "Image", imageID = "ImageID", command = "Command"
        case created = "Created", ports = "Ports", sizeRw = "SizeRw", sizeRootFs = "SizeRootFs", labels = "Labels"
        case state = "State", status = "Status", hostConfig = "HostConfig", networkSettings = "NetworkSettings"
        case mounts = "Mounts"
    }

    /// One port.
    public struct Port: Sendable, Equatable, Codable {
        /// The host's address.
        public var ip: String?
        /// Inside, and on the host.
        public var privatePort, publicPort: UInt16?
        /// `tcp`.
        public var type: String?

        /// Creates it.
        public init(ip: String? = nil, privatePort: UInt16, publicPort: UInt16? = nil, type: String) {
            self.ip = ip
            self.privatePort = privatePort
            self.publicPort = publicPort
            self.type = type
        }

        enum CodingKeys: String, CodingKey {
            case ip = "IP", privatePort = "PrivatePort", publicPort = "PublicPort", type = "Type"
        }
    }

    /// What is told of its host configuration.
    public struct Host: Sendable, Equatable, Codable {
        /// As asked for.
        public var networkMode, isolation: String?
        /// Annotations.
        public var annotations: [String: String]?

        /// Creates it.
        public init(networkMode: String, isolation: String? = nil, annotations: [String: String]? = nil) {
            self.networkMode = networkMode
            self.isolation = isolation
            self.annotations = annotations
        }

        enum CodingKeys: String, CodingKey {
            case networkMode = "NetworkMode", isolation = "Isolation", annotations = "Annotations"
        }
    }

    /// Networks by name.
    public struct Networks: Sendable, Equatable, Codable {
        /// By name.
        public var networks: [String: EndpointSettings]?

        /// Creates it.
        public init(networks: [String: EndpointSettings]) { self.networks = networks }

        enum CodingKeys: String, CodingKey { case networks = "Networks" }
    }
}

/// One mount of a container.
public struct MountPoint: Sendable, Equatable, Codable {
    /// `bind`, `volume`, `tmpfs`; a volume's name; on the host; in the container; `local`; options; `rprivate`.
    public var type, name, source, destination, driver, mode, propagation: String?
    /// Whether it can be written.
    public var rw: Bool?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case type = "Type", name = "Name", source = "Source", destination = "Destination", driver = "Driver"
        case mode = "Mode", rw = "RW", propagation = "Propagation"
    }
}
