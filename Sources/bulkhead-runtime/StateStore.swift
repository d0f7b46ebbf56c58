import ContainerRuntime
import Glibc
import Linux
import OCI

/// What is kept of each container under `--root`: `<id>/config.json` as it was, from the beginning; `<id>/state.json`
/// once the container is made; and, until it is started, the socket `<id>/start.sock` on which its process waits.
///
/// Whoever makes, starts, freezes or deletes a container holds the lock on the file `<id>/lock` meanwhile.
struct StateStore: Sendable {
    let root: String

    func directory(_ id: String) -> String { "\(root)/\(id)" }
    func startSocket(_ id: String) -> String { "\(directory(id))/start.sock" }
    func lockFile(_ id: String) -> String { "\(directory(id))/lock" }
    func configuration(_ id: String) -> String { "\(directory(id))/config.json" }
    /// There where systemd is asked for the control group, so that one that is never finished is found.
    func systemdMark(_ id: String) -> String { "\(directory(id))/systemd" }

    /// A directory that is there while criu saves a container or brings it back: beside the container's own, which goes with
    /// its process where somebody waits for that.
    func scratch(_ id: String) -> String { "\(root)/.criu.\(id)" }

    /// Whether a name leads to a directory below the root, and not elsewhere.
    static func isName(_ id: String) -> Bool {
        !id.isEmpty && id.utf8.count <= 255 && !id.hasPrefix(".")
            && id.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
                    UInt8(ascii: "+"):
                    true
                default: false
                }
            }
    }

    /// Claims a name; that of another container is an error.
    func reserve(_ id: String) throws(CommandError) {
        guard StateStore.isName(id) else {
            throw .usage(
                "invalid container id \"\(id)\": letters, digits, _ . - and + are allowed, not beginning with a dot")
        }
        do {
            try Files.makeDirectory(directory(id), mode: 0o711)
        } catch {
            if error.code == EEXIST { throw .usage("container with id \(id) exists already") }
            if error.isRefusal { throw refusal(error) }
            guard error.code == ENOENT, !Files.exists(root) else { throw CommandError(error) }
            try makeRoot()
            try reserve(id)
        }
    }

    private func makeRoot() throws(CommandError) {
        do {
            // Sticky: what cleans an ordinary user's directory of old files up leaves it alone.
            try Files.makeDirectories(root, mode: geteuid() == 0 ? 0o711 : 0o1700)
        } catch {
            throw refusal(error)
        }
    }

    private func refusal(_ error: SystemError) -> CommandError {
        guard error.isRefusal, geteuid() != 0 else { return CommandError(error) }
        return .usage(
            "\(error); set XDG_RUNTIME_DIR, or say with --root where this user can keep containers' states")
    }

    /// Begins with a container: it is being made until the lock is given back.
    func begin(_ id: String, configuration bytes: [UInt8], usesSystemd: Bool) throws(SystemError) -> ContainerLock {
        let lock = try ContainerLock.creating(lockFile(id))
        if usesSystemd { try Files.write(systemdMark(id), [], mode: 0o600) }
        try Files.write(configuration(id), bytes, mode: 0o600)
        return lock
    }

    /// The lock on a container that is there, made or half made; waits for whoever has it.
    func lock(_ id: String) throws(CommandError) -> ContainerLock {
        guard StateStore.isName(id) else { throw .usage("container does not exist: \(id)") }
        guard let lock = try kernel(ContainerLock.waiting(for: lockFile(id))) else {
            throw .usage("container does not exist: \(id)")
        }
        return lock
    }

    /// Forgets a container.
    func remove(_ id: String) throws(SystemError) {
        for name in ["start.sock", "state.json", "config.json", "systemd"] {
            try Files.removeIfThere("\(directory(id))/\(name)")
        }
        // Last: whoever waits for it finds nothing else.
        try Files.removeIfThere(lockFile(id))
        do { try Files.removeDirectoryIfThere(directory(id)) } catch {
            guard error.code == ENOTEMPTY else { throw error }
            // Somebody was killed while writing the state.
            try Files.removeIfThere("\(directory(id))/state.json.new")
            try Files.removeDirectoryIfThere(directory(id))
        }
    }

    /// Writes what is to be known of a container where nobody looks yet.
    func prepare(_ record: ContainerRecord) throws(SystemError) {
        try Files.write("\(directory(record.id))/state.json.new", record.json.encoded, mode: 0o600)
    }

    /// Tells everybody that the container is made.
    func publish(_ id: String) throws(SystemError) {
        // By renaming, so that nobody ever reads half of it.
        let path = "\(directory(id))/state.json"
        try Files.rename("\(path).new", to: path)
    }

    func record(_ id: String) throws(CommandError) -> ContainerRecord {
        guard StateStore.isName(id) else { throw .usage("container does not exist: \(id)") }
        let path = "\(directory(id))/state.json"
        let text: [UInt8]
        do { text = try Files.read(path) } catch {
            guard error.code == ENOENT else { throw CommandError(error) }
            throw .usage("container does not exist: \(id)")
        }
        do { return try ContainerRecord(JSONField(JSON(parsing: text))) } catch {
            throw .usage("\(path) is damaged: \(error)")
        }
    }

    /// Every container that is made, by name.
    func all() throws(SystemError) -> [ContainerRecord] {
        guard Files.exists(root) else { return [] }
        return try Files.entries(of: root).sorted().compactMap { id in
            // What is no container, or is being made or removed at this moment, is not listed.
            try? record(id)
        }
    }

    func specification(_ id: String) throws(CommandError) -> RuntimeSpecification {
        let text = try kernel(Files.read(configuration(id)))
        return try document(RuntimeSpecification(parsing: text))
    }

    /// The container as something that can be handled; further processes come into its group or one below. `own` is its
    /// group, which is looked for where the caller does not have it.
    func adopt(
        _ record: ContainerRecord, in group: ExecGroup = ExecGroup(), below own: Cgroup? = nil
    ) throws(CommandError) -> RunningContainer {
        let specification = try specification(record.id)
        let filter = try FilterCache(root: root).filter(for: specification)
        let own = if let own { own } else { try kernel(record.group()) }
        let place = try group.place(in: own)
        return try runtime(
            RunningContainer(
                adopting: record.id, process: record.process, specification: specification, seccompFilter: filter,
                cgroup: place))
    }

    /// Where a container is in its life. Its control group is looked for where the caller does not have it.
    func status(_ record: ContainerRecord, in group: Cgroup? = nil) -> RuntimeState.Status {
        guard record.isProcessAlive else { return .stopped }
        // First, for one that is frozen before its start would not hear of that. Without a freezer nothing can be frozen.
        let group = group ?? (try? record.group())
        if let group, (try? group.isFrozen()) == true { return .paused }
        return Files.exists(startSocket(record.id)) ? .created : .running
    }
}
