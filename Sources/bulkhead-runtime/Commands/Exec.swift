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
    var pidfdSocket: String?
    var inPaused = false
    var group = ExecGroup()
    var label: String?
    var profile: String?

    mutating func read(_ words: inout Words) throws(CommandError) {
        var copy = self
        try words.options { name, value, words throws(CommandError) in
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
            case "pidfd-socket": copy.pidfdSocket = try value(&words)
            case "ignore-paused": copy.inPaused = true
            case "no-subreaper": break
            case "cgroup": try copy.group.add(try value(&words))
            case "process-label": copy.label = try value(&words)
            case "apparmor": copy.profile = try value(&words)
            default: return false
            }
            return true
        }
        self = copy
    }

    /// What is to be executed, on the base of the container's first process.
    func process(in specification: RuntimeSpecification, arguments: [String]) throws(CommandError) -> RuntimeProcess {
        if let file = processFile {
            do {
                let text = try kernel(Files.read(file))
                return try document(RuntimeProcess(JSONField(JSON(parsing: text), path: "process")))
            } catch { throw .usage("--process \(file): \(error)") }
        }
        guard !arguments.isEmpty else { throw .usage("the command is missing") }
        var process = specification.process ?? RuntimeProcess()
        process.arguments = arguments
        if let label, !label.isEmpty { process.selinuxLabel = label }
        if let profile, !profile.isEmpty { process.appArmorProfile = profile }
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
    static func execute(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        var options = ExecOptions()
        try options.read(&words)
        let id = try words.required("container's id")
        let store = StateStore(root: global.root)
        let record = try store.record(id)
        let group = try kernel(record.group())
        let status = store.status(record, in: group)
        switch status {
        case .running, .created: break
        case .paused:
            guard options.inPaused else {
                throw .wrongState("cannot exec in a paused container (use --ignore-paused to override)")
            }
        case .stopped, .creating: throw .wrongState("cannot exec in a \(status.rawValue) container")
        }
        if status == .created, try !kernel(CapabilitySet.mayAdministrate()) {
            throw .wrongState(
                "cannot exec in a container that is not started: without privileges its process can't be joined before"
                    + " it has executed its program")
        }
        let container = try store.adopt(record, in: options.group, below: group)
        var process = try options.process(in: container.specification, arguments: words.rest())
        if process.terminal && options.detach && options.consoleSocket == nil {
            throw .usage("cannot allocate tty if runc will detach without setting console socket")
        }
        if options.consoleSocket != nil && !process.terminal {
            throw .usage("--console-socket: the process has no terminal")
        }
        let foreground = process.terminal && options.consoleSocket == nil && Terminal.isTerminal(0)
        if foreground, let size = try? Terminal.size(0) {
            // The window is there already: the program should see its size from its first line on.
            process.consoleSize = .init(height: size.rows, width: size.columns)
        }
        let passed = try PassedDescriptors(preserved: options.preserved)
        process.environment += passed.variables
        if !options.detach { try kernel(Foreground.holdSignals()) }
        var executed = try runtime(
            container.exec(
                process, streams: process.terminal ? .terminal : .descriptors(input: 0, output: 1, error: 2),
                inheritedDescriptors: passed.numbers, newKeyring: record.newKeyring))
        let number = executed.process
        if global.debug { global.note("container \(id): process \(number) executed") }
        let streams = executed.takeStreams()
        do {
            if let path = options.pidfdSocket { try hand(executed.processDescriptor.rawValue, "pidfd-socket", path) }
            if let path = options.consoleSocket { try handOver(streams.output, to: path) }
            if let file = options.pidFile { try writeNumber(number, to: file) }
        } catch {
            // Nobody would ever hear of it: it ends, and the error that matters is the one before.
            try? executed.processDescriptor.signalIfRunning(SIGKILL)
            throw error
        }
        if options.detach { return 0 }
        let descriptor = executed.processDescriptor.rawValue
        switch streams.output {
        case .some(let terminal):
            let ours = options.consoleSocket == nil ? terminal.rawValue : nil
            return try kernel(Foreground(descriptor, terminal: ours).wait()).exitCode
        case .none: return try kernel(Foreground(descriptor, terminal: nil).wait()).exitCode
        }
    }
}
