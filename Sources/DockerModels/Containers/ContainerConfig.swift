/// What is to run: the part of a container's configuration that does not depend on the host.
public struct ContainerConfig: Sendable, Equatable, Codable, WritesNulls {
    /// Names: of the host, of its domain, of the user, of the image.
    public var hostname, domainname, user, image: String?
    /// Which streams the first client attaches.
    public var attachStdin, attachStdout, attachStderr: Bool?
    /// Whether there is a terminal, and what becomes of standard input.
    public var tty, openStdin, stdinOnce: Bool?
    /// `NAME=value`.
    public var env: [String]?
    /// Arguments.
    public var cmd: StringList?
    /// The check of its health.
    public var healthcheck: HealthcheckConfig?
    /// The program and its first arguments; replaces the image's.
    public var entrypoint: StringList?
    /// The shell of the image's build instructions.
    public var shell: [String]?
    /// The image's build triggers.
    public var onBuild: [String]?
    /// Where the program starts.
    public var workingDir: String?
    /// Paths that are volumes, and ports that are listened on.
    public var volumes, exposedPorts: Members?
    /// Labels.
    public var labels: [String: String]?
    /// What asks the program to end: `SIGTERM`.
    public var stopSignal: String?
    /// Seconds between that and SIGKILL.
    public var stopTimeout: Int?
    /// Whether it has no network.
    public var networkDisabled: Bool?
    /// The hardware address (before 1.44).
    public var macAddress: String?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case hostname = "Hostname", domainname = "Domainname", user = "User"
        case attachStdin = "AttachStdin", attachStdout = "AttachStdout", attachStderr = "AttachStderr"
        case exposedPorts = "ExposedPorts", tty = "Tty", openStdin = "OpenStdin", stdinOnce = "StdinOnce"
        case env = "Env", cmd = "Cmd", healthcheck = "Healthcheck", image = "Image", volumes = "Volumes"
        case workingDir = "WorkingDir", entrypoint = "Entrypoint", networkDisabled = "NetworkDisabled"
        case macAddress = "MacAddress", onBuild = "OnBuild", labels = "Labels", stopSignal = "StopSignal"
        case stopTimeout = "StopTimeout", shell = "Shell"
    }
}

/// A command: an array of strings, or one string, which is an array of one.
public struct StringList: Sendable, Equatable, Codable, ExpressibleByArrayLiteral {
    /// The strings.
    public var strings: [String]

    /// Wraps the strings.
    public init(_ strings: [String]) { self.strings = strings }
    /// The strings of a literal.
    public init(arrayLiteral elements: String...) { strings = elements }

    /// Reads an array of strings or one string; anything else is an error of the array's.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let string = try? container.decode(String.self) {  // not a string: it must be an array then
            strings = [string]
        } else {
            strings = try container.decode([String].self)
        }
    }

    /// Writes an array, also where one string was read.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(strings)
    }
}

/// How a container's health is found out. Times are in nanoseconds; absent or 0: inherited.
public struct HealthcheckConfig: Sendable, Equatable, Codable {
    /// `["NONE"]`, `["CMD", …]`, `["CMD-SHELL", …]`; empty: inherited.
    public var test: [String]?
    /// Between two checks, of one check, after the start, and between checks until then.
    public var interval, timeout, startPeriod, startInterval: Int64?
    /// Failures in turn that make it unhealthy.
    public var retries: Int?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case test = "Test", interval = "Interval", timeout = "Timeout", startPeriod = "StartPeriod"
        case startInterval = "StartInterval", retries = "Retries"
    }
}
