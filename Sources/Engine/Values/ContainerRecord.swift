/// A container as the engine knows it.
public struct ContainerRecord: Sendable, Equatable {
    /// 64 hexadecimal digits.
    public let id: String
    /// Its name, without a leading slash.
    public var name: String
    /// When it was created, in nanoseconds since 1970.
    public let created: Int64
    /// What was asked for.
    public let specification: ContainerSpecification
    /// What came of that, of the image and of the defaults.
    public let resolved: ResolvedContainer
    /// What changes while it lives.
    public var life: ContainerLife

    /// Where it is in its life.
    public var state: ContainerState { life.state }
    /// How often its restart policy has started it again.
    public var restartCount: Int { life.restartCount }
    /// Its place in the default network while it runs there.
    public var endpoint: EndpointRecord? { life.endpoint }
    /// The ports of the host that lead to it while it runs.
    public var publishedPorts: [PublishedPortRecord] { life.publishedPorts }
}

/// What the specification, the image and the defaults came to when the container was created.
public struct ResolvedContainer: Sendable, Equatable, Codable {
    /// The image, `sha256:` and 64 digits.
    public var imageID: String
    /// Program and arguments.
    public var arguments: [String]
    /// The image's and the client's environment, as `NAME=value`; without what is added at the start (HOSTNAME, TERM).
    public var environment: [String]
    /// Where the program starts; empty for the root.
    public var workingDirectory: String
    /// `user`, `user:group`, `uid:gid`; empty for root.
    public var user: String
    /// The host name.
    public var hostname: String
    /// The image's labels and the client's.
    public var labels: [String: String]
    /// The entry point, the client's or else the image's: the first part of `arguments`.
    public var entrypoint: [String]
    /// The command, the client's or else the image's: the rest of `arguments`.
    public var command: [String]
    /// What asks it to end: `SIGTERM`.
    public var stopSignal: String
    /// The image's exposed ports and the client's.
    public var exposedPorts: [ContainerPort]
    /// Binds, volumes and tmpfs, anonymous volumes named.
    public var mounts: [ResolvedMount]
    /// The identifier of the container whose network it shares.
    public var networkContainer: String?
    /// Its own /etc/hosts, bound over the image's: an absolute path on the host.
    public var hostsPath: String
    /// Its own /etc/hostname, likewise.
    public var hostnamePath: String
    /// Its own /etc/resolv.conf, likewise.
    public var resolverPath: String
    /// Its log, or empty for none.
    public var logPath: String
}

/// What changes while a container lives; small, because it is written at each change.
public struct ContainerLife: Sendable, Equatable, Codable {
    /// Where it is in its life.
    public var state: ContainerState = .created(nil)
    /// How often its restart policy has started it again.
    public var restartCount = 0
    /// Whether a client ended it, so that `unless-stopped` leaves it so.
    public var stoppedByClient = false
    /// How long its next restart waits.
    var backoff = RestartBackoff()
    /// Its place in the network while it runs.
    public var endpoint: EndpointRecord?
    /// The ports of the host that lead to it while it runs.
    public var publishedPorts: [PublishedPortRecord] = []

    /// Just created.
    public init() {}
}

/// One mount of a container, with its source on the host.
public struct ResolvedMount: Sendable, Equatable, Codable {
    /// What is mounted.
    public enum Kind: String, Sendable, Codable { case bind, volume, tmpfs }
    /// What.
    public var kind: Kind
    /// The volume's name; empty for others.
    public var name: String
    /// The absolute path on the host; empty for tmpfs.
    public var source: String
    /// The absolute path in the container.
    public var target: String
    /// Whether it is read-only.
    public var readOnly: Bool
    /// `rprivate`, `rslave`, …; empty for volumes.
    public var propagation: String
    /// Options of a tmpfs.
    public var options: [String]
    /// Whether mounts below a bound directory are left out.
    public var nonRecursive: Bool
    /// Whether a new volume is filled from the image.
    public var copiesImage: Bool
    /// Whether the volume was made for this container, to be removed with it on request.
    public var anonymous: Bool
}

/// A container's place in a network.
public struct EndpointRecord: Sendable, Equatable, Codable {
    /// 64 hexadecimal digits.
    public var id: String
    /// Its address, `172.17.0.2`.
    public var address: String
    /// The prefix length.
    public var prefixLength: Int
    /// The bridge's address.
    public var gateway: String
    /// Its hardware address.
    public var hardwareAddress: String
    /// The largest packet, in bytes.
    public var mtu: Int
}

/// A port of the host that leads to one of a container.
public struct PublishedPortRecord: Sendable, Equatable, Codable {
    /// The port inside.
    public var port: ContainerPort
    /// The host's address, `0.0.0.0` for all.
    public var hostAddress: String
    /// The host's port.
    public var hostPort: UInt16

    /// Creates it.
    public init(port: ContainerPort, hostAddress: String, hostPort: UInt16) {
        self.port = port
        self.hostAddress = hostAddress
        self.hostPort = hostPort
    }
}
