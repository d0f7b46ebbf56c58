import ContainerRuntime
import Glibc
import Linux
import OCI

/// What is kept of a container.
struct ContainerRecord: Sendable {
    var id: String
    var bundle: String
    /// The root filesystem's directory.
    var root: String
    /// Who has made it.
    var owner: UInt32
    var process: Int32
    /// In ticks since the kernel's start: tells the process from a later one with the same number.
    var processStartedAt: UInt64
    var cgroup: String
    /// The unit of systemd around it.
    var scope: SystemdScope?
    /// In nanoseconds since 1970.
    var created: Int64
    var annotations: [String: String]
    /// Whether each of its processes gets a session keyring of its own.
    var newKeyring = true

    var json: JSON {
        .members([
            "id": .string(id), "bundle": .string(bundle), "rootfs": .string(root), "owner": JSON(owner),
            "pid": JSON(process), "startTime": JSON(processStartedAt),
            "cgroup": .string(cgroup), "created": JSON(created), "annotations": JSON(annotations),
            "newKeyring": .bool(newKeyring),
            "scope": scope.map { ["name": .string($0.name), "user": .bool($0.isOfUser)] },
        ])
    }

    /// Its control group, with no directory where it was made without one.
    func group() throws(SystemError) -> Cgroup {
        if cgroup.isEmpty { return Cgroup(existing: "", layout: .none) }
        return Cgroup(existing: cgroup, layout: try .detect(), scope: scope)
    }

    /// The group, for what can't be done without.
    func requiredGroup(for purpose: String) throws(CommandError) -> Cgroup {
        guard !cgroup.isEmpty else {
            throw .wrongState(
                "cannot \(purpose) container \(id): it has no control group, for its maker had no right to make one")
        }
        return try kernel(group())
    }
}

extension ContainerRecord {
    /// Of a container that could not be made, or is gone.
    init(id: String, bundle: Bundle) {
        self.init(
            id: id, bundle: bundle.path, root: bundle.root, owner: geteuid(), process: 0, processStartedAt: 0,
            cgroup: "", created: 0, annotations: bundle.specification.annotations)
    }

    /// What hooks are told.
    func state(_ status: RuntimeState.Status) -> RuntimeState {
        var state = RuntimeState(id: id, status: status, process: process, bundle: bundle)
        state.annotations = annotations
        return state
    }

    /// Whether its first process runs: the very one, not a later one with its number.
    var isProcessAlive: Bool {
        ProcessIdentity(process) == ProcessIdentity(process, startedAt: processStartedAt)
    }

    /// The name of who has made it, or the number where there is none.
    var ownerName: String {
        if owner == 0 { return "root" }
        // A static program has no name service but this file.
        let users = (try? Files.readText("/etc/passwd")) ?? ""
        for line in users.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 2, fields[2] == "\(owner)" { return String(fields[0]) }
        }
        return "\(owner)"
    }

    init(_ field: JSONField) throws(JSONError) {
        id = try field.required("id").string()
        bundle = try field.required("bundle").string()
        root = try field.required("rootfs").string()
        owner = try field.required("owner").number()
        process = try field.required("pid").number()
        processStartedAt = try field.required("startTime").number()
        cgroup = try field.required("cgroup").string()
        scope = try field.read("scope") { field throws(JSONError) in
            SystemdScope(name: try field.required("name").string(), isOfUser: try field.required("user").bool())
        }
        created = try field.required("created").number()
        annotations = try field.optional("annotations")?.stringMembers() ?? [:]
        newKeyring = try field.optional("newKeyring")?.bool() ?? true
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
        guard let text = try? Files.read("/proc/\(process)/stat"), let end = text.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, !["Z", "X"].contains(String(decoding: fields[0], as: UTF8.self)),
            let start = UInt64(String(decoding: fields[19], as: UTF8.self))
        else { return nil }
        self.process = process
        startedAt = start
    }
}
