/// The configuration of one container: `config.json` of the OCI runtime specification 1.3, as far as it is about Linux.
///
/// What the specification knows and Bulkhead does not do yet is refused with its name when it is read; what the
/// specification does not know is skipped, as it demands.
public struct RuntimeSpecification: Sendable, Equatable {
    /// The newest version of the specification whose properties are known.
    public static let newestVersion = "1.3.0"
    /// The version of the specification that the document was written for.
    public var version = "1.2.0"
    /// The root filesystem; nil where whoever makes the container has it already.
    public var root: RuntimeRoot?
    /// The program; nil in a document that is only for `create` without `start`.
    public var process: RuntimeProcess?
    /// The host name in a UTS namespace of its own.
    public var hostname: String?
    /// The NIS domain name there.
    public var domainname: String?
    /// What is mounted, in this order.
    public var mounts: [RuntimeMount] = []
    /// Words of whoever wrote the document.
    public var annotations: [String: String] = [:]
    /// Programs that are run at points of its life.
    public var hooks = RuntimeHooks()
    /// What is about Linux.
    public var linux = RuntimeLinux()

    /// An empty configuration.
    public init() {}

    /// Reads a document.
    ///
    /// - Throws: ``JSONError`` naming the property that is wrong or not supported.
    public init(json: JSON) throws(JSONError) {
        let document = JSONField(json)
        version = try document.required("ociVersion").string()
        guard version.hasPrefix("1.") else {
            throw JSONError(path: "ociVersion", problem: "\(version) is not supported, only 1.x is")
        }
        try document.refuse(["vm", "windows", "solaris", "zos", "freebsd"])
        root = try document.read("root") { field throws(JSONError) in try RuntimeRoot(field) }
        process = try document.read("process") { field throws(JSONError) in try RuntimeProcess(field) }
        hostname = try document.read("hostname") { field throws(JSONError) in try field.string() }
        domainname = try document.read("domainname") { field throws(JSONError) in try field.string() }
        mounts = try document.list("mounts") { field throws(JSONError) in try RuntimeMount(field) }
        annotations = try document.optional("annotations")?.stringMembers() ?? [:]
        hooks = try document.read("hooks") { field throws(JSONError) in try RuntimeHooks(field) } ?? RuntimeHooks()
        linux = try document.read("linux") { field throws(JSONError) in try RuntimeLinux(field) } ?? RuntimeLinux()
    }

    /// Reads the text of a document.
    public init(parsing bytes: [UInt8]) throws(JSONError) { try self.init(json: JSON(parsing: bytes)) }

    /// The document.
    public var json: JSON {
        .members([
            "ociVersion": .string(version),
            "root": root?.json,
            "process": process?.json,
            "hostname": hostname.map { .string($0) },
            "domainname": domainname.map { .string($0) },
            "mounts": mounts.isEmpty ? nil : .array(mounts.map { $0.json }),
            "annotations": annotations.isEmpty ? nil : JSON(annotations),
            "hooks": hooks.json,
            "linux": linux.json,
        ])
    }
}

/// The root filesystem: `root`.
public struct RuntimeRoot: Sendable, Equatable {
    /// The directory, absolute or relative to the bundle.
    public var path: String
    /// Whether the container can't write to it.
    public var readOnly = false

    /// Creates it.
    public init(path: String, readOnly: Bool = false) {
        self.path = path
        self.readOnly = readOnly
    }

    init(_ field: JSONField) throws(JSONError) {
        path = try field.required("path").string()
        readOnly = try field.optional("readonly")?.bool() ?? false
    }

    var json: JSON { .members(["path": .string(path), "readonly": readOnly ? true : nil]) }
}

/// One element of `mounts`.
public struct RuntimeMount: Sendable, Equatable {
    /// Where, as an absolute path in the container.
    public var destination: String
    /// The file system's type, or nil where it is a bind.
    public var type: String?
    /// What is mounted.
    public var source: String?
    /// As mount(8) knows them, and the file system's own.
    public var options: [String]
    /// Whom the owners of its files become; empty: nobody else, or where it is `idmap` the container's mappings.
    public var userMappings: [RuntimeMapping] = []
    /// The same for groups.
    public var groupMappings: [RuntimeMapping] = []

    /// Creates it.
    public init(destination: String, type: String? = nil, source: String? = nil, options: [String] = []) {
        self.destination = destination
        self.type = type
        self.source = source
        self.options = options
    }

    init(_ field: JSONField) throws(JSONError) {
        userMappings = try RuntimeMapping.list(field, "uidMappings")
        groupMappings = try RuntimeMapping.list(field, "gidMappings")
        destination = try field.required("destination").string()
        type = try field.optional("type")?.string()
        source = try field.optional("source")?.string()
        options = try field.optional("options")?.strings() ?? []
    }

    var json: JSON {
        .members([
            "destination": .string(destination),
            "type": type.map { .string($0) },
            "source": source.map { .string($0) },
            "options": options.isEmpty ? nil : JSON(options),
            "uidMappings": RuntimeMapping.json(userMappings),
            "gidMappings": RuntimeMapping.json(groupMappings),
        ])
    }
}
