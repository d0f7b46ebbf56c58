/// The answer to `GET /version`.
public struct SystemVersion: Sendable, Equatable, Codable {
    /// Who serves.
    public var platform: Platform?
    /// Parts with their versions.
    public var components: [Component]?
    /// Versions: of the engine, of the API, the oldest API, of the source, of the compiler.
    public var version, apiVersion, minAPIVersion, gitCommit, goVersion: String?
    /// The host.
    public var os, arch, kernelVersion: String?
    /// When it was built.
    public var buildTime: String?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case platform = "Platform", components = "Components", version = "Version", apiVersion = "ApiVersion"
        case minAPIVersion = "MinAPIVersion", gitCommit = "GitCommit", goVersion = "GoVersion", os = "Os"
        case arch = "Arch", kernelVersion = "KernelVersion", buildTime = "BuildTime"
    }

    /// Who serves.
    public struct Platform: Sendable, Equatable, Codable {
        /// Its name.
        public var name: String?

        /// Creates it.
        public init(name: String) { self.name = name }

        enum CodingKeys: String, CodingKey { case name = "Name" }
    }

    /// One part.
    public struct Component: Sendable, Equatable, Codable {
        /// What, and which version.
        public var name, version: String?
        /// More of it.
        public var details: [String: String]?

        /// Creates it.
        public init(name: String, version: String, details: [String: String]) {
            self.name = name
            self.version = version
            self.details = details
        }

        enum CodingKeys: String, CodingKey { case name = "Name", version = "Version", details = "Details" }
    }
}
