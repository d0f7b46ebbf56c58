import ContainerRuntime
import Linux
import OCI

/// The options of `checkpoint`.
private struct CheckpointCommand {
    private var shared = CheckpointWords()
    private var parent: String?
    private var leavesRunning = false
    private var isPrevious = false

    mutating func read(_ words: inout Words) throws(CommandError) {
        var copy = self
        try words.options { name, value, words throws(CommandError) in
            switch name {
            case "parent-path": copy.parent = try value(&words)
            case "leave-running": copy.leavesRunning = true
            case "pre-dump": copy.isPrevious = true
            case "page-server": copy.shared.passed += try CheckpointCommand.pageServer(try value(&words))
            case "tcp-skip-in-flight": copy.shared.passed.append("--skip-in-flight")
            case "status-fd": throw .usage("--status-fd is not supported: it belongs to --lazy-pages")
            default: return try copy.shared.take(name, value, &words)
            }
            return true
        }
        self = copy
    }

    private static func pageServer(_ text: String) throws(CommandError) -> [String] {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw .usage("--page-server: \(text) is no ADDRESS:PORT")
        }
        return ["--page-server", "--address", String(text[..<colon]), "--port", "\(port)"]
    }

    func options() throws(CommandError) -> CheckpointOptions {
        var options = try shared.options()
        if let parent, parent.hasPrefix("/") {
            throw .usage("--parent-path: \(parent) must be relative to --image-path")
        }
        options.parent = parent
        options.leavesRunning = leavesRunning
        options.isPrevious = isPrevious
        return options
    }
}

extension RuntimeProgram {
    static func checkpoint(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        var command = CheckpointCommand()
        try command.read(&words)
        let id = try words.required("container's id")
        try words.end()
        let options = try command.options()
        let store = StateStore(root: global.root)
        let lock = try store.lock(id)
        let record = try store.record(id)
        let status = store.status(record)
        guard status == .running || status == .paused else {
            throw .wrongState("a container can't be checkpointed that is \(status.rawValue)")
        }
        let criu = try global.criu()
        let bundle = try Bundle(of: record, store)
        let blueprint = try bundle.blueprint(id: id, store: store)
        let container = try store.adopt(record)
        try runtime(container.checkpoint(with: criu, options, blueprint, scratch: store.scratch(id)))
        guard !options.leavesRunning && !options.isPrevious else { return 0 }
        // criu has killed its processes.
        try remove(record, bundle.specification, isStopped: true, store)
        lock.release()
        global.runPoststop(bundle.specification, record)
        return 0
    }
}
