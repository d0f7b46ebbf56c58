import ContainerRuntime
import Glibc
import Linux
import OCI

/// The options of `create` and `run`.
struct CreateOptions {
    var bundle = "."
    var pidFile: String?
    var pidfdSocket: String?
    var consoleSocket: String?
    var detach = false
    var keep = false
    /// Whether the container gets a session keyring of its own instead of the caller's.
    var newKeyring = true
    /// Whether the host's root goes away, which it can't on the initial RAM disk.
    var pivots = true
    var preserved: Int32 = 0

    mutating func read(_ words: inout Words, forRun: Bool) throws(CommandError) {
        var copy = self
        try words.options { name, value, words throws(CommandError) in
            switch name {
            case "bundle", "b": copy.bundle = try value(&words)
            case "pid-file": copy.pidFile = try value(&words)
            case "console-socket": copy.consoleSocket = try value(&words)
            case "pidfd-socket": copy.pidfdSocket = try value(&words)
            case "preserve-fds": copy.preserved = Int32(clamping: try number(try value(&words)))
            case "no-pivot": copy.pivots = false
            case "no-new-keyring": copy.newKeyring = false
            // Who waits for the container is no subreaper.
            case "no-subreaper": if !forRun { return false }
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
    static func create(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        var options = CreateOptions()
        try options.read(&words, forRun: false)
        let id = try words.required("container's id")
        try words.end()
        let store = StateStore(root: global.root)
        let bundle = try Bundle(options.bundle)
        warn(bundle.specification.process, global)
        return try making(id, bundle, store, global) { (blueprint, lock) throws(CommandError) in
            var blueprint = blueprint
            // Whoever starts it is another process: the container's waits on a socket of its own.
            let listener = try kernel(UnixSocket.listen(store.startSocket(id), .sequencedPackets, backlog: 1))
            blueprint.startSocket = listener.rawValue
            let container = try make(blueprint, bundle, options, store)
            if global.debug {
                global.note("container \(id): process \(container.process), group \(container.cgroup.path)")
            }
            try finish(container, options, store)
            lock = nil
            return 0
        }
    }

    /// Claims a name and makes a container; undoes all that where `body` fails, which gives the lock back once others may
    /// handle the container.
    static func making(
        _ id: String, _ bundle: Bundle, _ store: StateStore, _ global: GlobalOptions,
        _ body: (_ blueprint: ContainerBlueprint, _ lock: inout ContainerLock?) throws(CommandError) -> Int32
    ) throws(CommandError) -> Int32 {
        try store.reserve(id)
        do {
            var lock: ContainerLock? = try kernel(
                store.begin(id, configuration: bundle.configuration, usesSystemd: global.usesSystemd))
            var blueprint = try bundle.blueprint(id: id, store: store)
            blueprint.usesSystemd = global.usesSystemd
            blueprint.isRootless = global.isRootless
            return try body(blueprint, &lock)
        } catch {
            // The error that matters is the one before.
            try? store.remove(id)
            global.runPoststop(bundle.specification, ContainerRecord(id: id, bundle: bundle))
            throw error
        }
    }

    /// Tells of names in the configuration that are skipped.
    static func warn(_ process: RuntimeProcess?, _ global: GlobalOptions) {
        guard let names = process?.unknownCapabilities, !names.isEmpty else { return }
        global.report("process.capabilities: ignoring unknown \(names.joined(separator: ", "))", level: "warning")
    }

    /// Makes the container with our own standard streams, or hands its terminal over.
    static func make(
        _ blueprint: ContainerBlueprint, _ bundle: Bundle, _ options: CreateOptions, _ store: StateStore
    ) throws(CommandError) -> RunningContainer {
        var blueprint = blueprint
        blueprint.newKeyring = options.newKeyring
        blueprint.pivots = options.pivots
        try PassedDescriptors(preserved: options.preserved).give(to: &blueprint)
        let terminal = bundle.specification.process?.terminal == true
        if terminal && options.consoleSocket == nil {
            throw .usage("cannot allocate tty if runc will detach without setting console socket")
        }
        return try create(blueprint, bundle, options, store)
    }

    /// Makes the container, and prepares its record meanwhile.
    ///
    /// - Parameter startsAtOnce: whether its program need not wait until the record is published. Whoever is killed before
    ///   that leaves what `delete` finds by the control group.
    static func create(
        _ blueprint: ContainerBlueprint, _ bundle: Bundle, _ options: CreateOptions, _ store: StateStore,
        startsAtOnce: Bool = false
    ) throws(CommandError) -> RunningContainer {
        let terminal = blueprint.specification.process?.terminal == true
        var failure: CommandError?
        func prepare(process: Int32, group: Cgroup) -> Bool {
            let record = ContainerRecord(
                id: blueprint.id, bundle: bundle.path, root: bundle.root, owner: geteuid(), process: process,
                processStartedAt: ProcessIdentity(process)?.startedAt ?? 0, cgroup: group.path, scope: group.scope,
                created: Clock.realtimeNanoseconds, annotations: bundle.specification.annotations,
                newKeyring: options.newKeyring)
            do {
                try store.prepare(record)
                if startsAtOnce && !options.detach { try Foreground.holdSignals() }
                return startsAtOnce
            } catch {
                failure = CommandError(error)
                return false
            }
        }
        let container = try runtime(
            RunningContainer.create(
                blueprint, streams: terminal ? .terminal : .descriptors(input: 0, output: 1, error: 2),
                meanwhile: prepare))
        guard let failure else { return container }
        // The error that matters is the one before.
        try? container.destroy()
        throw failure
    }

    /// Publishes the container's record and tells whoever waits for it; undoes it where that fails.
    static func finish(
        _ container: consuming RunningContainer, _ options: CreateOptions, _ store: StateStore
    ) throws(CommandError) {
        var failure: CommandError?
        do { try publish(&container, options, store) } catch { failure = error }
        guard let failure else { return }
        // The error that matters is the one before.
        try? container.destroy()
        throw failure
    }

    static func publish(
        _ container: inout RunningContainer, _ options: CreateOptions, _ store: StateStore
    ) throws(CommandError) {
        if let path = options.consoleSocket {
            let streams = container.takeStreams()
            try handOver(streams.output, to: path)
        }
        if let path = options.pidfdSocket { try hand(container.processDescriptor.rawValue, "pidfd-socket", path) }
        if let file = options.pidFile { try writeNumber(container.process, to: file) }
        do { try store.publish(container.id) } catch {
            // The error that matters is the one before.
            if let file = options.pidFile { try? Files.removeIfThere(file) }
            throw CommandError(error)
        }
    }

    /// Writes a process's number for whoever waits for the file: it is there only once it is complete.
    static func writeNumber(_ process: Int32, to file: String) throws(CommandError) {
        do {
            try Files.write("\(file).\(getpid())", Array("\(process)".utf8))
            try Files.rename("\(file).\(getpid())", to: file)
        } catch { throw .usage("--pid-file: \(error)") }
    }

    /// Sends a descriptor to whoever listens at a socket.
    static func hand(
        _ descriptor: Int32, _ option: String, _ path: String, text: String = "pidfd"
    ) throws(CommandError) {
        do { try send(descriptor, text, path) } catch { throw .usage("--\(option): \(error)") }
    }

    private static func send(_ descriptor: Int32, _ text: String, _ path: String) throws(SystemError) {
        let socket = try UnixSocket.connect(path)
        try UnixSocket.send(Array(text.utf8), descriptors: [descriptor], over: socket)
    }

    /// Sends a terminal's master to whoever listens at a socket, as runc does.
    static func handOver(_ terminal: borrowing Descriptor?, to path: String) throws(CommandError) {
        switch terminal {
        case .none: throw .usage("--console-socket: the process has no terminal")
        case .some(let terminal):
            try hand(terminal.rawValue, "console-socket", path, text: "/dev/ptmx")
        }
    }

    static func start(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        let id = try words.only("container's id")
        let store = StateStore(root: global.root)
        let lock = try store.lock(id)
        let record = try store.record(id)
        switch store.status(record) {
        case .created: break
        case .stopped: throw .wrongState("cannot start a container that has stopped")
        case .paused: throw .wrongState("cannot start a container that is paused")
        case .running, .creating: throw .wrongState("cannot start an already running container")
        }
        let specification = try store.specification(id)
        do {
            try runtime(RunningContainer.start(throughSocket: store.startSocket(id)))
            try kernel(Files.remove(store.startSocket(id)))
            try runtime(Hooks.run("poststart", specification.hooks.poststart, record.state(.running)))
        } catch {
            // A hook that fails ends the container; its deletion is still up to whoever has made it.
            if case .runtime = error, !specification.hooks.isEmpty {
                try kernel(ProcessDescriptor(process: record.process).signalIfRunning(SIGKILL))
            }
            throw error
        }
        lock.release()
        if global.debug { global.note("container \(id): process \(record.process) started") }
        return 0
    }
}
