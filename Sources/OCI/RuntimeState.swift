/// What a runtime says of a container: the state of the OCI runtime specification.
public struct RuntimeState: Sendable, Equatable {
    /// Where it is in its life.
    public enum Status: String, Sendable { case creating, created, running, stopped, paused }

    /// The version of the specification.
    public var version = "1.2.0"
    /// The container's name.
    public var id: String
    /// Where it is in its life.
    public var status: Status
    /// Its first process, or nil where there is none.
    public var process: Int32?
    /// The bundle's directory.
    public var bundle: String
    /// Those of config.json.
    public var annotations: [String: String] = [:]

    /// Creates it.
    public init(id: String, status: Status, process: Int32?, bundle: String) {
        self.id = id
        self.status = status
        self.process = process
        self.bundle = bundle
    }

    /// The object.
    public var json: JSON {
        .members([
            "ociVersion": .string(version), "id": .string(id), "status": .string(status.rawValue),
            "pid": JSON(process ?? 0), "bundle": .string(bundle),
            "annotations": annotations.isEmpty ? nil : JSON(annotations),
        ])
    }
}
