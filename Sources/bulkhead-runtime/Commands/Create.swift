import ContainerRuntime
import Glibc
import Linux
import OCI

/// The options of `create` and `run`.
struct CreateOptions {
    var bundle = "."
    var pidFile: String?
    var consoleSocket: String?
    var detach = false
    var keep = false
    var preserved: Int32 = 0

    mutating func read(_ words: inout Words, forRun: Bool) throws {
        var copy = self
        try words.options { name, value, words in
            switch name {
            case "bundle", "b": copy.bundle = try value(&words)
            case "pid-file": copy.pidFile = try value(&words)
            case "console-socket": copy.consoleSocket = try value(&words)
            case "preserve-fds": copy.preserved = Int32(clamping: try number(try value(&words)))
            case "no-pivot": throw UsageError("--no-pivot is not supported")
            case "no-new-keyring", "no-subreaper": break
            case "detach", "d": if forRun { copy.detach = true } else { return false }
            case "keep": if forRun { copy.keep = true } else { return false }
            default: return false
            }
            return true
        }
        self = copy
    }
}

extension RuntimeProgram {
    static func create(_ words: inout Words, _ global: GlobalOptions) throws -> Int32 {
        var options = CreateOptions()
        try options.read(&words, forRun: false)
        let id = try words.required("container's id")
        try words.end()
        let store = StateStore(root: global.root)
        let bundle = try Bundle(options.bundle)
        warn(bundle.specification.process, global)
        try store.reserve(id)
        do {
            var blueprint = try bundle.blueprint(id: id, store: store)
            // Whoever starts it is another process: the container's waits on a socket of its own.
            let listener = try UnixSocket.listen(store.startSocket(id), .sequencedPackets, backlog: 1)
            blueprint.startSocket = listener.rawValue
            let container = try make(blueprint, bundle, options, store)
            try finish(container, bundle, options, store)
        } catch {
            // The error that matters is the one before.
            try? store.remove(id)
            global.runPoststop(bundle.specification, ContainerRecord(id: id, bundle: bundle))
            throw error
        }
        return 0
    }

    /// Tells of names in the configuration that are skipped.
    static func warn(_ process: RuntimeProcess?, _ global: GlobalOptions) {
        guard let names = process?.unknownCapabilities, !names.isEmpty else { return }
        global.report("process.capabilities: ignoring unknown \(names.joined(separator: ", "))", level: "warning")
    }

    /// Makes the container with our own standard streams, or hands its terminal over.
    static func make(
        _ blueprint: ContainerBlueprint, _ bundle: Bundle, _ options: CreateOptions, _ store: StateStore
    ) throws -> RunningContainer {
        var blueprint = blueprint
        blueprint.inheritedDescriptors = preservedDescriptors(options.preserved)
        let terminal = bundle.specification.process?.terminal == true
        if terminal && options.consoleSocket == nil {
            throw UsageError("cannot allocate tty if runc will detach without setting console socket")
        }
        return try .create(blueprint, streams: terminal ? .terminal : .descriptors(input: 0, output: 1, error: 2))
    }

    /// Records the container and tells whoever waits for it; undoes it where that fails.
    static func finish(
        _ container: consuming RunningContainer, _ bundle: Bundle, _ options: CreateOptions, _ store: StateStore
    ) throws {
        var failure: (any Error)?
        do { try record(&container, bundle, options, store) } catch { failure = error }
        guard let failure else { return }
        // The error that matters is the one before.
        try? container.destroy()
        throw failure
    }

    static func record(
        _ container: inout RunningContainer, _ bundle: Bundle, _ options: CreateOptions, _ store: StateStore
    ) throws {
        let record = ContainerRecord(
            id: container.id, bundle: bundle.path, process: container.process,
            processStartedAt: ProcessIdentity(container.process)?.startedAt ?? 0, cgroup: container.cgroup.path,
            created: Clock.realtimeNanoseconds, annotations: bundle.specification.annotations)
        if let path = options.consoleSocket {
            let streams = container.takeStreams()
            try handOver(streams.output, to: path)
        }
        if let file = options.pidFile { try Files.write(file, Array("\(container.process)".utf8)) }
        try store.write(record, configuration: bundle.configuration)
    }

    /// Sends a terminal's master to whoever listens at a socket, as runc does.
    static func handOver(_ terminal: borrowing Descriptor?, to path: String) throws {
        switch terminal {
        case .none: throw UsageError("--console-socket: the process has no terminal")
        case .some(let terminal):
            let socket = try UnixSocket.connect(path)
            try UnixSocket.send(Array("/dev/ptmx".utf8), descriptors: [terminal.rawValue], over: socket)
        }
    }

    static func preservedDescriptors(_ count: Int32) -> [Int32] { count > 0 ? Array(3..<3 + count) : [] }

    static func start(_ words: inout Words, _ global: GlobalOptions) throws -> Int32 {
        let id = try words.required("container's id")
        try words.end()
        let store = StateStore(root: global.root)
        let record = try store.record(id)
        guard store.status(record) == .created else {
            throw RuntimeError.wrongState("cannot start a container that is \(store.status(record).rawValue)")
        }
        let specification = try store.specification(id)
        do {
            try RunningContainer.start(throughSocket: store.startSocket(id))
            try Files.remove(store.startSocket(id))
            try Hooks.run("poststart", specification.hooks.poststart, record.state(.running))
        } catch let error as RuntimeError where !specification.hooks.isEmpty {
            // A hook that fails ends the container; its deletion is still up to whoever has made it.
            try ProcessDescriptor(process: record.process).signalIfRunning(SIGKILL)
            throw error
        }
        return 0
    }
}
