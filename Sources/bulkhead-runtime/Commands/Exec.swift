import ContainerRuntime
import Glibc
import Linux
import OCI

/// The options of `exec`.
struct ExecOptions {
    var process = RuntimeProcess()
    var processFile: String?
    var pidFile: String?
    var consoleSocket: String?
    var detach = false
    var terminal = false
    var workingDirectory: String?
    var environment: [String] = []
    var user: String?
    var capabilities: [String] = []
    var noNewPrivileges = false
    var groups: [UInt32] = []
    var preserved: Int32 = 0

    mutating func read(_ words: inout Words) throws {
        var copy = self
        try words.options { name, value, words in
            switch name {
            case "tty", "t": copy.terminal = true
            case "detach", "d": copy.detach = true
            case "user", "u": copy.user = try value(&words)
            case "cwd": copy.workingDirectory = try value(&words)
            case "env", "e": copy.environment.append(try value(&words))
            case "process", "p": copy.processFile = try value(&words)
            case "pid-file": copy.pidFile = try value(&words)
            case "console-socket": copy.consoleSocket = try value(&words)
            case "cap", "c": copy.capabilities.append(try value(&words))
            case "no-new-privs": copy.noNewPrivileges = true
            case "additional-gids", "g": copy.groups.append(try number(try value(&words)))
            case "preserve-fds": copy.preserved = Int32(clamping: try number(try value(&words)))
            case "ignore-paused", "no-subreaper": break
            default: return false
            }
            return true
        }
        self = copy
    }

    /// What is to be executed, on the base of the container's first process.
    func process(in specification: RuntimeSpecification, arguments: [String]) throws -> RuntimeProcess {
        if let file = processFile {
            return try RuntimeProcess(JSONField(JSON(parsing: try Files.read(file)), path: "process"))
        }
        guard !arguments.isEmpty else { throw UsageError("the command is missing") }
        var process = specification.process ?? RuntimeProcess()
        process.arguments = arguments
        process.terminal = terminal
        process.consoleSize = nil
        process.environment += environment
        if let workingDirectory { process.workingDirectory = workingDirectory }
        if noNewPrivileges { process.noNewPrivileges = true }
        if let user {
            process.user = RuntimeUser()
            process.user.name = user
        }
        process.user.additionalGroups += groups
        if !capabilities.isEmpty {
            process.capabilities?.bounding += capabilities
            process.capabilities?.effective += capabilities
            process.capabilities?.permitted += capabilities
        }
        return process
    }
}

extension RuntimeProgram {
    static func execute(_ words: inout Words, _ global: GlobalOptions) throws -> Int32 {
        var options = ExecOptions()
        try options.read(&words)
        let id = try words.required("container's id")
        let store = StateStore(root: global.root)
        let record = try store.record(id)
        let status = store.status(record)
        guard status == .running || status == .created else {
            throw RuntimeError.wrongState("cannot exec in a container that is \(status.rawValue)")
        }
        let container = try store.adopt(record)
        let process = try options.process(in: container.specification, arguments: words.rest())
        if process.terminal && options.detach && options.consoleSocket == nil {
            throw UsageError("cannot allocate tty if runc will detach without setting console socket")
        }
        var executed = try container.exec(
            process, streams: process.terminal ? .terminal : .descriptors(input: 0, output: 1, error: 2),
            inheritedDescriptors: preservedDescriptors(options.preserved))
        if let file = options.pidFile { try Files.write(file, Array("\(executed.process)".utf8)) }
        let streams = executed.takeStreams()
        if let path = options.consoleSocket { try handOver(streams.output, to: path) }
        if options.detach { return 0 }
        let number = executed.processDescriptor.rawValue
        switch streams.output {
        case .some(let terminal):
            let ours = options.consoleSocket == nil ? terminal.rawValue : nil
            return try Foreground(number, terminal: ours).wait().exitCode
        case .none: return try Foreground(number, terminal: nil).wait().exitCode
        }
    }
}
