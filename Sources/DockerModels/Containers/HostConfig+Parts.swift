public import OCI

/// The log of a container.
public struct LogConfig: Sendable, Equatable, Codable {
    /// `json-file`, `none`; empty: the default.
    public var type: String?
    /// Options of the driver.
    public var config: [String: String]?

    /// Creates it.
    public init(type: String? = nil, config: [String: String]? = nil) {
        self.type = type
        self.config = config
    }

    enum CodingKeys: String, CodingKey { case type = "Type", config = "Config" }
}

/// What happens when a container ends.
public struct RestartPolicyConfig: Sendable, Equatable, Codable {
    /// `no`, `always`, `unless-stopped`, `on-failure`, or empty.
    public var name: String?
    /// How often after a failure; 0: any number.
    public var maximumRetryCount: Int?

    /// Creates it.
    public init(name: String? = nil, maximumRetryCount: Int? = nil) {
        self.name = name
        self.maximumRetryCount = maximumRetryCount
    }

    enum CodingKeys: String, CodingKey { case name = "Name", maximumRetryCount = "MaximumRetryCount" }
}

/// An address of the host that leads to a port.
public struct PortBinding: Sendable, Equatable, Codable {
    /// An address, or empty for all; a port, a range `8000-8010`, or empty for any.
    public var hostIP, hostPort: String?

    /// Creates it.
    public init(hostIP: String? = nil, hostPort: String? = nil) {
        self.hostIP = hostIP
        self.hostPort = hostPort
    }

    enum CodingKeys: String, CodingKey { case hostIP = "HostIp", hostPort = "HostPort" }
}

/// One resource limit.
public struct UlimitConfig: Sendable, Equatable, Codable {
    /// `nofile`, `core`, …
    public var name: String?
    /// -1: unlimited.
    public var soft, hard: Int64?

    /// Creates it.
    public init(name: String, soft: Int64, hard: Int64) {
        self.name = name
        self.soft = soft
        self.hard = hard
    }

    enum CodingKeys: String, CodingKey { case name = "Name", hard = "Hard", soft = "Soft" }
}

/// A device of the host.
public struct DeviceConfig: Sendable, Equatable, Codable {
    /// Where it is, where it comes, and of `rwm` what is allowed.
    public var pathOnHost, pathInContainer, cgroupPermissions: String?

    /// Creates it.
    public init(pathOnHost: String, pathInContainer: String, cgroupPermissions: String) {
        self.pathOnHost = pathOnHost
        self.pathInContainer = pathInContainer
        self.cgroupPermissions = cgroupPermissions
    }

    enum CodingKeys: String, CodingKey {
        case pathOnHost = "PathOnHost", pathInContainer = "PathInContainer", cgroupPermissions = "CgroupPermissions"
    }
}

/// A mount in the long form (`--mount`).
public struct MountConfig: Sendable, Equatable, Codable {
    /// `bind`, `volume`, `tmpfs`, …; a path or a volume's name; where it comes; `default`, `cached`, ….
    public var type, source, target, consistency: String?
    /// Whether it is read-only.
    public var readOnly: Bool?
    /// Of binds.
    public var bindOptions: BindOptions?
    /// Of volumes.
    public var volumeOptions: VolumeOptions?
    /// Of tmpfs.
    public var tmpfsOptions: TmpfsOptions?
    /// Of images; not supported.
    public var imageOptions: JSON?

    /// Creates it.
    public init(type: String, source: String?, target: String) {
        self.type = type
        self.source = source
        self.target = target
    }

    enum CodingKeys: String, CodingKey {
        case type = "Type", source = "Source", target = "Target", readOnly = "ReadOnly"
        case consistency = "Consistency", bindOptions = "BindOptions", volumeOptions = "VolumeOptions"
        case tmpfsOptions = "TmpfsOptions", imageOptions = "ImageOptions"
    }

    /// Options of a bind.
    public struct BindOptions: Sendable, Equatable, Codable {
        /// `rprivate`, ….
        public var propagation: String?
        /// Whether mounts below it are left out; whether a missing source is made; how read-only goes down.
        public var nonRecursive, createMountpoint, readOnlyNonRecursive, readOnlyForceRecursive: Bool?

        /// Nothing set.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case propagation = "Propagation", nonRecursive = "NonRecursive", createMountpoint = "CreateMountpoint"
            case readOnlyNonRecursive = "ReadOnlyNonRecursive", readOnlyForceRecursive = "ReadOnlyForceRecursive"
        }
    }

    /// Options of a volume.
    public struct VolumeOptions: Sendable, Equatable, Codable {
        /// Whether nothing is copied from the image.
        public var noCopy: Bool?
        /// Labels of a volume that is made.
        public var labels: [String: String]?
        /// Driver of a volume that is made.
        public var driverConfig: DriverConfig?
        /// A folder in it.
        public var subpath: String?

        /// Nothing set.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case noCopy = "NoCopy", labels = "Labels", driverConfig = "DriverConfig", subpath = "Subpath"
        }
    }

    /// A driver with its options.
    public struct DriverConfig: Sendable, Equatable, Codable {
        /// `local`.
        public var name: String?
        /// Its options.
        public var options: [String: String]?

        enum CodingKeys: String, CodingKey { case name = "Name", options = "Options" }
    }

    /// Options of a tmpfs.
    public struct TmpfsOptions: Sendable, Equatable, Codable {
        /// In bytes.
        public var sizeBytes: Int64?
        /// As a number.
        public var mode: UInt32?
        /// Further ones: `["noexec"]`, `["uid", "1"]`.
        public var options: [[String]]?

        /// Nothing set.
        public init() {}

        enum CodingKeys: String, CodingKey { case sizeBytes = "SizeBytes", mode = "Mode", options = "Options" }
    }
}
