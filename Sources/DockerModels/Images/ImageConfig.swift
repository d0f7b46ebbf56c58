/// What containers of an image run unless they say otherwise: `ImageConfig` of the API. What the image does not say is
/// absent.
public struct ImageConfig: Sendable, Equatable, Codable {
    /// As whom: `user`, `user:group`, `uid:gid`.
    public var user: String?
    /// `80/tcp`.
    public var exposedPorts: Members?
    /// `NAME=value`.
    public var env: [String]?
    /// Arguments.
    public var cmd: StringList?
    /// Paths that become volumes.
    public var volumes: Members?
    /// Where the program starts.
    public var workingDir: String?
    /// The program and its first arguments.
    public var entrypoint: StringList?
    /// Build triggers.
    public var onBuild: [String]?
    /// Labels.
    public var labels: [String: String]?
    /// What asks the program to end: `SIGTERM`.
    public var stopSignal: String?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case user = "User", exposedPorts = "ExposedPorts", env = "Env", cmd = "Cmd", volumes = "Volumes"
        case workingDir = "WorkingDir", entrypoint = "Entrypoint", onBuild = "OnBuild", labels = "Labels"
        case stopSignal = "StopSignal"
    }
}
