/// Why a command could not do what was asked.
public enum CommandError: Error, Equatable, Sendable {
    /// There is no daemon at the endpoint.
    case unreachable(endpoint: String, reason: String)
    /// The daemon refused; the text is the daemon's.
    case refused(status: Int, message: String)
    /// The connection broke, or what came is not what the API promises.
    case connection(doing: String, reason: String)
    /// An option or argument is wrong.
    case usage(String)
    /// A local file.
    case file(operation: String, path: String, reason: String)
    /// A `--format` template.
    case template(String)
    /// Something of the terminal.
    case terminal(String)
    /// Nobody reads standard output any more.
    case outputClosed
}

extension CommandError: CustomStringConvertible {
    /// What failed, on what, and what to do.
    public var description: String {
        switch self {
        case .unreachable(let endpoint, let reason):
            "can't reach the daemon at \(endpoint): \(reason); "
                + "start it with `sudo bulkheadd`, or name another with --host or BULKHEAD_HOST"
        case .refused(_, let message): message
        case .connection(let doing, let reason): "\(doing): \(reason)"
        case .usage(let problem): problem
        case .file(let operation, let path, let reason): "can't \(operation) \(path): \(reason)"
        case .template(let problem): "--format: \(problem)"
        case .terminal(let problem): problem
        case .outputClosed: "standard output is closed"
        }
    }

    /// Docker's exit code for a container that could not be started: 127 for a command that is not there, 126 for one
    /// that can't be executed, 125 for everything that is not the command's fault.
    public var startExitCode: Int32 {
        guard case .refused(_, let message) = self else { return 125 }
        if message.contains("executable file not found") || message.contains("no such file or directory") {
            return 127
        }
        if message.contains("permission denied") || message.contains("is a directory") { return 126 }
        return 125
    }

    /// The exit code of a command other than `run`, `start -a` and the like.
    public var exitCode: Int32 {
        switch self {
        case .usage: 125
        case .outputClosed: 141
        case .unreachable, .refused, .connection, .file, .template, .terminal: 1
        }
    }
}
