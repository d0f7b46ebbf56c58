/// The body of `POST /containers/{id}/exec`.
public struct ExecCreation: Sendable, Equatable, Codable {
    /// Which streams are attached, whether there is a terminal, whether it has every right.
    public var attachStdin, attachStdout, attachStderr, tty, privileged, detach: Bool?
    /// Who runs it, where it starts, the keys that detach.
    public var user, workingDir, detachKeys: String?
    /// Added to the environment; program and arguments.
    public var env, cmd: [String]?
    /// Rows and columns of its terminal.
    public var consoleSize: [UInt16]?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case attachStdin = "AttachStdin", attachStdout = "AttachStdout", attachStderr = "AttachStderr", tty = "Tty"
        case privileged = "Privileged", detach = "Detach", user = "User", workingDir = "WorkingDir"
        case detachKeys = "DetachKeys", env = "Env", cmd = "Cmd", consoleSize = "ConsoleSize"
    }
}

/// The body of `POST /exec/{id}/start`.
public struct ExecStart: Sendable, Equatable, Codable {
    /// Whether its streams are left alone, and whether it has a terminal.
    public var detach, tty: Bool?
    /// Rows and columns of its terminal.
    public var consoleSize: [UInt16]?

    /// Creates it.
    public init(detach: Bool, tty: Bool, consoleSize: [UInt16]? = nil) {
        self.detach = detach
        self.tty = tty
        self.consoleSize = consoleSize
    }

    enum CodingKeys: String, CodingKey { case detach = "Detach", tty = "Tty", consoleSize = "ConsoleSize" }
}

/// The answer to `GET /exec/{id}/json`.
public struct ExecInspection: Sendable, Equatable, Codable {
    /// Identifiers and keys.
    public var id, containerID, detachKeys: String?
    /// Where it is in its life, and which streams are open.
    public var running, openStdin, openStdout, openStderr, canRemove: Bool?
    /// Null while it runs.
    public var exitCode: Int?
    /// Its number.
    public var pid: Int?
    /// What was asked for.
    public var processConfig: ProcessConfig?

    /// Nothing set.
    public init() {}

    /// Writes what is set, and the exit code in any case: its null says that the process still runs.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(id, forKey: .id)
        try container.encodeIfPresent(running, forKey: .running)
        try container.encode(exitCode, forKey: .exitCode)
        try container.encodeIfPresent(processConfig, forKey: .processConfig)
        try container.encodeIfPresent(openStdin, forKey: .openStdin)
        try container.encodeIfPresent(openStderr, forKey: .openStderr)
        try container.encodeIfPresent(openStdout, forKey: .openStdout)
        try container.encodeIfPresent(canRemove, forKey: .canRemove)
        try container.encodeIfPresent(containerID, forKey: .containerID)
        try container.encodeIfPresent(detachKeys, forKey: .detachKeys)
        try container.encodeIfPresent(pid, forKey: .pid)
    }

    enum CodingKeys: String, CodingKey {
        case id = "ID", running = "Running", exitCode = "ExitCode", processConfig = "ProcessConfig"
        case openStdin = "OpenStdin", openStderr = "OpenStderr", openStdout = "OpenStdout", canRemove = "CanRemove"
        case containerID = "ContainerID", detachKeys = "DetachKeys", pid = "Pid"
    }

    /// What was asked for.
    public struct ProcessConfig: Sendable, Equatable, Codable {
        /// Whether there is a terminal, whether it has every right.
        public var tty, privileged: Bool?
        /// The program; who runs it.
        public var entrypoint, user: String?
        /// Its arguments.
        public var arguments: [String]?

        /// Nothing set.
        public init() {}

        enum CodingKeys: String, CodingKey { case tty, entrypoint, arguments, privileged, user }
    }
}
