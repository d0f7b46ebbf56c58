/// How an image's program is run: the `config` member of its configuration.
public struct ImageProcess: Sendable, Equatable {
    public var user = ""
    public var exposedPorts: [String] = []
    public var environment: [String] = []
    public var entrypoint: [String] = []
    public var command: [String] = []
    public var volumes: [String] = []
    public var workingDirectory = ""
    public var labels: [String: String] = [:]
    public var stopSignal = ""
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
            names.isEmpty ? nil : .object(Dictionary(names.map { ($0, .object([:])) }) { first, _ in first })
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
