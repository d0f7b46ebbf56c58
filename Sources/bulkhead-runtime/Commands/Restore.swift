import ContainerRuntime
import Glibc
import Linux
import OCI

/// The options of `restore`.
private struct RestoreCommand {
    private(set) var shared = CheckpointWords()
    private(set) var made = CreateOptions()

    mutating func read(_ words: inout Words) throws(CommandError) {
        var copy = self
        try words.options { name, value, words throws(CommandError) in
            switch name {
            case "bundle", "b": copy.made.bundle = try value(&words)
            case "detach", "d": copy.made.detach = true
            case "keep": copy.made.keep = true
            case "pid-file": copy.made.pidFile = try value(&words)
            case "console-socket": copy.made.consoleSocket = try value(&words)
            // Who waits for the container is no subreaper; and criu has its own way to change the root.
            case "no-subreaper", "no-pivot": break
            case "lsm-profile", "lsm-mount-context": copy.shared.passed += ["--\(name)", try value(&words)]
            default: return try copy.shared.take(name, value, &words)
            }
            return true
        }
        self = copy
    }
}

extension RuntimeProgram {
    static func restore(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        var command = RestoreCommand()
        try command.read(&words)
        let id = try words.required("container's id")
        try words.end()
        let store = StateStore(root: global.root)
        let bundle = try Bundle(command.made.bundle)
        let criu = try global.criu()
        let terminal = bundle.specification.process?.terminal == true
        if terminal && command.made.detach && command.made.consoleSocket == nil {
            throw .usage("cannot allocate tty if runc will detach without setting console socket")
        }
        let options = try command.shared.options()
        return try making(id, bundle, store, global) { (blueprint, lock) throws(CommandError) in
            var script: RestoreScript?
            if RestoreSteps.areNeeded(for: bundle.specification) {
                script = try RestoreSteps(bundle: bundle.path, id: id, root: global.root).script()
            }
            let container = try runtime(
                RunningContainer.restore(
                    blueprint, with: criu, options, scratch: store.scratch(id), script: script))
            let code = try attend(container, bundle, command.made, store, &lock)
            if !command.made.detach && !command.made.keep { try forget(id, bundle, store, global) }
            return code
        }
    }

    /// Publishes the restored container, and waits for it unless it is left alone.
    private static func attend(
        _ restored: consuming RunningContainer, _ bundle: Bundle, _ options: CreateOptions, _ store: StateStore,
        _ lock: inout ContainerLock?
    ) throws(CommandError) -> Int32 {
        var container = restored
        var failure: CommandError?
        var code: Int32 = 0
        do {
            let record = ContainerRecord(
                id: container.id, bundle: bundle.path, root: bundle.root, owner: geteuid(),
                process: container.process,
                processStartedAt: ProcessIdentity(container.process)?.startedAt ?? 0, cgroup: container.cgroup.path,
                scope: container.cgroup.scope, created: Clock.realtimeNanoseconds,
                annotations: bundle.specification.annotations)
            try kernel(store.prepare(record))
            try publish(&container, options, store)
            if options.detach { return 0 }
            try kernel(Foreground.holdSignals())
            // It is made: others may handle it now.
            lock = nil
            code = try kernel(wait(&container))
        } catch { failure = error }
        do { try container.destroy() } catch { failure = failure ?? CommandError(error) }
        if let failure { throw failure }
        return code
    }
}
