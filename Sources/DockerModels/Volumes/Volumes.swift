/// A volume.
public struct VolumeDescription: Sendable, Equatable, Codable {
    /// Name, driver, place on the host, when it was created (RFC 3339), `local`.
    public var name, driver, mountpoint, createdAt, scope: String?
    /// Labels and options.
    public var labels, options: [String: String]?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case createdAt = "CreatedAt", driver = "Driver", labels = "Labels", mountpoint = "Mountpoint"
        case name = "Name", options = "Options", scope = "Scope"
    }
}

/// The answer to `GET /volumes`.
public struct VolumeList: Sendable, Equatable, Codable, WritesNulls {
    /// Volumes.
    public var volumes: [VolumeDescription]?
    /// Remarks.
    public var warnings: [String]?

    /// Creates it.
    public init(volumes: [VolumeDescription]) { self.volumes = volumes }

    enum CodingKeys: String, CodingKey { case volumes = "Volumes", warnings = "Warnings" }
}

/// The body of `POST /volumes/create`.
public struct VolumeCreation: Sendable, Equatable, Codable {
    /// Its name, or none; `local`.
    public var name, driver: String?
    /// Options and labels.
    public var driverOpts, labels: [String: String]?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case name = "Name", driver = "Driver", driverOpts = "DriverOpts", labels = "Labels"
    }
}
