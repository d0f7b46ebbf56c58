/// How an image's program is run: the `config` member of its configuration.
public struct ImageProcess: Sendable, Equatable {
    /// `user`, `user:group`, `uid:gid`; empty for root.
    public var user = ""
    /// Ports that the program listens on, as `80/tcp` or `80`, sorted; as they were written, not checked.
    public var exposedPorts: [String] = []
    /// `NAME=value`.
    public var environment: [String] = []
    /// The program and its first arguments; empty where `command` is all.
    public var entrypoint: [String] = []
    /// What follows the entry point unless the user says something else.
    public var command: [String] = []
    /// Absolute paths in the container that are to be volumes, sorted.
    public var volumes: [String] = []
    /// The absolute path where the program starts; empty for the root.
    public var workingDirectory = ""
    /// The image's labels; a container inherits them.
    public var labels: [String: String] = [:]
    /// What asks the program to end, as a name or number; empty for SIGTERM.
    public var stopSignal = ""
    /// Instructions for builds upon this image (Docker's extension): kept and shown, never run.
    public var onBuild: [String] = []

    /// Nothing said.
    public init() {}

    init(_ field: JSONField) throws(JSONError) {
        user = try field.optional("User")?.string() ?? ""
        exposedPorts = try field.optional("ExposedPorts")?.members().keys.sorted() ?? []
        environment = try field.optional("Env")?.strings() ?? []
        entrypoint = try field.optional("Entrypoint")?.strings() ?? []
        command = try field.optional("Cmd")?.strings() ?? []
        volumes = try field.optional("Volumes")?.members().keys.sorted() ?? []
        workingDirectory = try field.optional("WorkingDir")?.string() ?? ""
        labels = try field.optional("Labels")?.stringMembers() ?? [:]
        stopSignal = try field.optional("StopSignal")?.string() ?? ""
        onBuild = try field.optional("OnBuild")?.strings() ?? []
    }

    var json: JSON {
        func set(_ names: [String]) -> JSON? {
            names.isEmpty ? nil : .object(names.reduce(into: [:]) { $0[$1] = .object([:]) })
        }
        func list(_ texts: [String]) -> JSON? { texts.isEmpty ? nil : JSON(texts) }
        func text(_ text: String) -> JSON? { text.isEmpty ? nil : .string(text) }
        return .members([
            "User": text(user), "ExposedPorts": set(exposedPorts), "Env": list(environment),
            "Entrypoint": list(entrypoint), "Cmd": list(command), "Volumes": set(volumes),
            "WorkingDir": text(workingDirectory), "Labels": labels.isEmpty ? nil : JSON(labels),
            "StopSignal": text(stopSignal), "OnBuild": list(onBuild),
        ])
    }
}
