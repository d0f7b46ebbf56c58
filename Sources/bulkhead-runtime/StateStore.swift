import ContainerRuntime
import Glibc
import Linux
import OCI

/// What is kept of each container under `--root`: `<id>/state.json`, `<id>/config.json` as it was, and, until it is
/// started, the socket `<id>/start.sock` on which its process waits.
struct StateStore: Sendable {
    let root: String

    func directory(_ id: String) -> String { "\(root)/\(id)" }
    func startSocket(_ id: String) -> String { "\(directory(id))/start.sock" }

    /// Claims a name; that of another container is an error.
    func reserve(_ id: String) throws {
        guard !id.hasPrefix("."), !id.contains("/") else { throw UsageError("invalid container id \"\(id)\"") }
        do {
            try Files.makeDirectory(directory(id), mode: 0o711)
        } catch {
            if error.code == EEXIST { throw UsageError("container with id \(id) exists already") }
            guard error.code == ENOENT, !Files.exists(root) else { throw error }
            try Files.makeDirectories(root, mode: 0o711)
            try reserve(id)
        }
    }

    /// Forgets a container.
    func remove(_ id: String) throws {
        for name in ["start.sock", "state.json", "config.json"] {
            try Files.removeIfThere("\(directory(id))/\(name)")
        }
        try Files.removeDirectoryIfThere(directory(id))
    }

    func write(_ record: ContainerRecord, configuration: [UInt8]) throws {
        try Files.write("\(directory(record.id))/config.json", configuration, mode: 0o600)
        // By renaming, so that nobody ever reads half of it: its being there means that the container is made.
        let path = "\(directory(record.id))/state.json"
        try Files.write("\(path).new", record.json.encoded, mode: 0o600)
        try Files.rename("\(path).new", to: path)
    }

    func record(_ id: String) throws -> ContainerRecord {
        guard !id.contains("/"), !id.hasPrefix("."), Files.exists("\(directory(id))/state.json") else {
            throw UsageError("container does not exist: \(id)")
        }
        return try ContainerRecord(JSONField(JSON(parsing: try Files.read("\(directory(id))/state.json"))))
    }

    /// Every container that is made, by name.
    func all() throws -> [ContainerRecord] {
        guard Files.exists(root) else { return [] }
        return try Files.entries(of: root).sorted().compactMap { id in
            // One that is being made or removed at this moment is not listed.
            try? record(id)
        }
    }

    func specification(_ id: String) throws -> RuntimeSpecification {
        try RuntimeSpecification(parsing: try Files.read("\(directory(id))/config.json"))
    }

    /// The container as something that can be handled.
    func adopt(_ record: ContainerRecord) throws -> RunningContainer {
        let specification = try specification(record.id)
        return try RunningContainer(
            adopting: record.id, process: record.process, specification: specification,
            seccompFilter: try FilterCache(root: root).filter(for: specification),
            cgroup: Cgroup(existing: record.cgroup, layout: try .detect()))
    }

    /// Where a container is in its life.
    func status(_ record: ContainerRecord) -> RuntimeState.Status {
        guard ProcessIdentity(record.process) == ProcessIdentity(record.process, startedAt: record.processStartedAt)
        else {
            return .stopped
        }
        if Files.exists(startSocket(record.id)) { return .created }
        // Without a freezer nothing can be frozen.
        guard let layout = try? CgroupLayout.detect() else { return .running }
        let frozen = try? Cgroup(existing: record.cgroup, layout: layout).isFrozen()
        return frozen == true ? .paused : .running
    }
}

/// What is kept of a container.
struct ContainerRecord: Sendable {
    var id: String
    var bundle: String
    var process: Int32
    /// In ticks since the kernel's start: tells the process from a later one with the same number.
    var processStartedAt: UInt64
    var cgroup: String
    /// In nanoseconds since 1970.
    var created: Int64
    var annotations: [String: String]

    var json: JSON {
        [
            "id": .string(id), "bundle": .string(bundle), "pid": JSON(process), "startTime": JSON(processStartedAt),
            "cgroup": .string(cgroup), "created": JSON(created), "annotations": JSON(annotations),
        ]
    }
}

extension ContainerRecord {
    /// Of a container that could not be made, or is gone.
    init(id: String, bundle: Bundle) {
        self.init(
            id: id, bundle: bundle.path, process: 0, processStartedAt: 0, cgroup: "", created: 0,
            annotations: bundle.specification.annotations)
    }

    /// What hooks are told.
    func state(_ status: RuntimeState.Status) -> RuntimeState {
        var state = RuntimeState(id: id, status: status, process: process, bundle: bundle)
        state.annotations = annotations
        return state
    }

    init(_ field: JSONField) throws(JSONError) {
        id = try field.required("id").string()
        bundle = try field.required("bundle").string()
        process = try field.required("pid").number()
        processStartedAt = try field.required("startTime").number()
        cgroup = try field.required("cgroup").string()
        created = try field.required("created").number()
        annotations = try field.optional("annotations")?.stringMembers() ?? [:]
    }
}

/// A process, beyond the life of its number.
struct ProcessIdentity: Equatable {
    let process: Int32
    let startedAt: UInt64

    init(_ process: Int32, startedAt: UInt64) {
        self.process = process
        self.startedAt = startedAt
    }

    /// The living process that has this number; nil where there is none, or only a dead one that waits to be reaped.
    init?(_ process: Int32) {
        // No such file: no such process.
        guard let text = try? Files.readText("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X", let start = UInt64(fields[19]) else { return nil }
        self.process = process
        startedAt = start
    }
}
