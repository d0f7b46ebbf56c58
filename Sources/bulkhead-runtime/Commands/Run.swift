import ContainerRuntime
import Glibc
import Linux
import OCI

extension RuntimeProgram {
    static func runContainer(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        var options = CreateOptions()
        try options.read(&words, forRun: true)
        let id = try words.required("container's id")
        try words.end()
        let store = StateStore(root: global.root)
        let bundle = try Bundle(options.bundle)
        warn(bundle.specification.process, global)
        return try making(id, bundle, store, global) { (blueprint, lock) throws(CommandError) in
            let code = try runContainer(blueprint, bundle, options, store, &lock)
            if !options.detach && !options.keep { try forget(id, bundle, store, global) }
            return code
        }
    }

    private static func runContainer(
        _ blueprint: ContainerBlueprint, _ bundle: Bundle, _ options: CreateOptions, _ store: StateStore,
        _ lock: inout ContainerLock?
    ) throws(CommandError) -> Int32 {
        var blueprint = blueprint
        let terminal = bundle.specification.process?.terminal == true
        if terminal && !options.detach && options.consoleSocket == nil && Terminal.isTerminal(0) {
            // The window is there already: the program should see its size from its first line on.
            if let size = try? Terminal.size(0) {
                blueprint.specification.process?.consoleSize = .init(height: size.rows, width: size.columns)
            }
        } else if terminal && options.consoleSocket == nil {
            guard !options.detach else {
                throw .usage("cannot allocate tty if runc will detach without setting console socket")
            }
        }
        blueprint.newKeyring = options.newKeyring
        blueprint.pivots = options.pivots
        try PassedDescriptors(preserved: options.preserved).give(to: &blueprint)
        // A terminal is handed over first, and files that others wait for are there before the program is.
        let startsAtOnce = !terminal && options.pidFile == nil && options.pidfdSocket == nil
        var container = try create(blueprint, bundle, options, store, startsAtOnce: startsAtOnce)
        var failure: CommandError?
        var code: Int32 = 0
        do {
            try publish(&container, options, store)
            if !options.detach { try kernel(Foreground.holdSignals()) }
            try runtime(container.start())
            if options.detach { return 0 }
            // It is made: others may handle it now.
            lock = nil
            code = try kernel(wait(&container))
        } catch { failure = error }
        do { try container.destroy() } catch { failure = failure ?? CommandError(error) }
        if let failure { throw failure }
        return code
    }

    /// Removes a container that has ended from the store, and runs its last hooks: unless `delete` or `checkpoint` was
    /// quicker, which ended it and does both.
    static func forget(
        _ id: String, _ bundle: Bundle, _ store: StateStore, _ global: GlobalOptions
    ) throws(CommandError) {
        guard let lock = try kernel(ContainerLock.waiting(for: store.lockFile(id))) else { return }
        try kernel(store.remove(id))
        lock.release()
        global.runPoststop(bundle.specification, ContainerRecord(id: id, bundle: bundle))
    }

    /// Waits for the container with our own streams, or between its terminal and ours.
    static func wait(_ container: inout RunningContainer) throws(SystemError) -> Int32 {
        let streams = container.takeStreams()
        let process = container.processDescriptor.rawValue
        switch streams.output {
        case .some(let terminal): return try Foreground(process, terminal: terminal.rawValue).wait().exitCode
        case .none: return try Foreground(process, terminal: nil).wait().exitCode
        }
    }
}

extension ProcessEnd {
    /// As a shell tells it.
    var exitCode: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}
