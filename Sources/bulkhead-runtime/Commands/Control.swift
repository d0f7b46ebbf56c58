import ContainerRuntime
import Glibc
import Linux
import OCI

extension RuntimeProgram {
    static func kill(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        var all = false
        try words.options { name, _, _ in
            guard name == "all" || name == "a" else { return false }
            all = true
            return true
        }
        let id = try words.required("container's id")
        // runc's users write options behind the id, too.
        try words.options { name, _, _ in
            guard name == "all" || name == "a" else { return false }
            all = true
            return true
        }
        let signal = try signalNumber(words.next() ?? "SIGTERM")
        try words.end()
        let store = StateStore(root: global.root)
        let record = try store.record(id)
        if all {
            let group = try kernel(record.group())
            for process in try runtime(RunningContainer.processes(in: group, first: record.process)) {
                Glibc.kill(process, signal)
            }
            return 0
        }
        // The descriptor first: what is found to be the container's process can't become another one any more.
        let process = try firstProcess(of: record)
        guard record.isProcessAlive else { throw .wrongState("container not running") }
        try kernel(process.signal(signal))
        if global.debug { global.note("container \(id): signal \(signal) to process \(record.process)") }
        return 0
    }

    /// The container's first process, or what has its number now.
    private static func firstProcess(of record: ContainerRecord) throws(CommandError) -> ProcessDescriptor {
        do { return try ProcessDescriptor(process: record.process) } catch {
            guard error.code == ESRCH else { throw CommandError(error) }
            throw .wrongState("container not running")
        }
    }

    static func delete(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        var force = false
        try words.options { name, _, _ in
            guard name == "force" || name == "f" else { return false }
            force = true
            return true
        }
        let id = try words.required("container's id")
        try words.end()
        let store = StateStore(root: global.root)
        guard StateStore.isName(id), Files.exists(store.directory(id)) else {
            if force { return 0 }
            throw .usage("container does not exist: \(id)")
        }
        guard let lock = try kernel(ContainerLock.waiting(for: store.lockFile(id))) else {
            // Its maker was killed right after it had claimed the name, or somebody has deleted it just now.
            try kernel(store.remove(id))
            return 0
        }
        guard Files.exists("\(store.directory(id))/state.json") else {
            try removeUnfinished(id, store)
            lock.release()
            if global.debug { global.note("container \(id): removed, it was never finished") }
            return 0
        }
        let record = try store.record(id)
        let specification = try store.specification(id)
        let status = store.status(record)
        guard status == .stopped || status == .created || force else {
            throw .wrongState("cannot delete container \(id) that is not stopped: \(status.rawValue)")
        }
        try remove(record, specification, isStopped: status == .stopped, store)
        lock.release()
        global.runPoststop(specification, record)
        if global.debug {
            global.note("container \(id): deleted; it was \(status.rawValue), its control group \(record.cgroup)")
        }
        return 0
    }

    /// Ends what still runs of a container, and removes all that it had.
    static func remove(
        _ record: ContainerRecord, _ specification: RuntimeSpecification, isStopped: Bool, _ store: StateStore
    ) throws(CommandError) {
        try kernel(end(record, isStopped: isStopped))
        try runtime(RunningContainer.removeShares(of: record.id, specification))
        try kernel(store.remove(record.id))
    }

    /// Ends what still runs of a container, and removes its control group.
    private static func end(_ record: ContainerRecord, isStopped: Bool) throws(SystemError) {
        let group = try record.group()
        if !isStopped {
            let process = try ProcessDescriptor(process: record.process)
            try process.signalIfRunning(SIGKILL)
            // All that there is to wait for: the others of its namespace end with it.
            if !group.isThere { try process.waitUntilGone() }
        }
        try group.killAndRemove()
    }

    /// Removes what is left of a container whose maker was killed: there is its configuration, which names its control
    /// group, and in that group perhaps its process.
    private static func removeUnfinished(_ id: String, _ store: StateStore) throws(CommandError) {
        // Half a configuration: nothing had been made of it.
        if let specification = try? store.specification(id) {
            let group = try runtime(
                RunningContainer.controlGroup(
                    of: id, specification, usesSystemd: Files.exists(store.systemdMark(id))))
            // A failure to make a second container in the same group must not end the first.
            if try !kernel(store.all()).contains(where: { $0.cgroup == group.path }) {
                try kernel(group.killAndRemove())
                try runtime(RunningContainer.removeShares(of: id, specification))
            }
        }
        try kernel(store.remove(id))
    }

    static func pause(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        try setFrozen(&words, global, true)
    }

    static func resume(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        try setFrozen(&words, global, false)
    }

    private static func setFrozen(
        _ words: inout Words, _ global: GlobalOptions, _ frozen: Bool
    ) throws(CommandError) -> Int32 {
        let id = try words.only("container's id")
        let store = StateStore(root: global.root)
        let lock = try store.lock(id)
        let record = try store.record(id)
        let status = store.status(record)
        if frozen {
            guard status == .running || status == .created else {
                throw .wrongState("container not running: it is \(status.rawValue)")
            }
        } else {
            guard status == .paused else {
                throw .wrongState("container not paused: it is \(status.rawValue)")
            }
        }
        let group = try record.requiredGroup(for: frozen ? "pause" : "resume")
        try kernel(group.setFrozen(frozen))
        lock.release()
        return 0
    }

    /// `9`, `KILL`, `SIGKILL`.
    static func signalNumber(_ text: String) throws(CommandError) -> Int32 {
        // 0 sends nothing and only asks.
        if let number = Int32(text), (0...64).contains(number) { return number }
        let names = [
            "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
            "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
            "WINCH", "IO", "PWR", "SYS",
        ]
        let name = text.uppercased()
        let short = name.hasPrefix("SIG") ? String(name.dropFirst(3)) : name
        if let other = ["IOT": SIGABRT, "CLD": SIGCHLD, "POLL": SIGIO][short] { return other }
        if short.hasPrefix("RTMIN+"), let offset = Int32(short.dropFirst(6)), (0...30).contains(offset) {
            return 34 + offset
        }
        if short.hasPrefix("RTMAX-"), let offset = Int32(short.dropFirst(6)), (0...30).contains(offset) {
            return 64 - offset
        }
        if short == "RTMIN" { return 34 }
        if short == "RTMAX" { return 64 }
        guard let index = names.firstIndex(of: short) else { throw .usage("unknown signal \"\(text)\"") }
        return Int32(index + 1)
    }
}
