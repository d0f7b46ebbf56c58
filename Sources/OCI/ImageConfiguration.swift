/// What an image says of itself (image-spec, config.md).
public struct ImageConfiguration: Sendable, Equatable {
    /// The processor that it is made for, in Go's word: `amd64`; empty where it isn't said.
    public var architecture: String
    /// The operating system that it is made for: `linux`; empty where it isn't said.
    public var operatingSystem: String
    /// When it was made, as RFC 3339 text; empty where it isn't said.
    public var created: String
    /// Who made it, in words that are only shown; empty where it isn't said.
    public var author: String
    /// How its program is run.
    public var process: ImageProcess
    /// The digests of its layers' uncompressed archives, the lowest first.
    public var diffIDs: [Digest]
    /// How it came to be, the oldest first.
    public var history: [ImageHistory]

    /// Reads the document; members that are not known are left alone.
    public init(json: JSON) throws(JSONError) {
        let document = JSONField(json)
        architecture = try document.optional("architecture")?.string() ?? ""
        operatingSystem = try document.optional("os")?.string() ?? ""
        created = try document.optional("created")?.string() ?? ""
        author = try document.optional("author")?.string() ?? ""
        process =
            try document.optional("config").map { field throws(JSONError) in try ImageProcess(field) } ?? ImageProcess()
        diffIDs = []
        for field in try document.required("rootfs").optional("diff_ids")?.elements() ?? [] {
            guard let digest = Digest(try field.string()) else { throw field.error("must be a SHA-256 digest") }
            diffIDs.append(digest)
        }
        history = []
        for field in try document.optional("history")?.elements() ?? [] { history.append(try ImageHistory(field)) }
    }

    /// An image of one layer, as `import` makes it.
    public init(created: String, process: ImageProcess, diffIDs: [Digest], history: [ImageHistory]) {
        architecture = "amd64"
        operatingSystem = "linux"
        self.created = created
        author = ""
        self.process = process
        self.diffIDs = diffIDs
        self.history = history
    }

    /// The document.
    public var json: JSON {
        .members([
            "architecture": .string(architecture), "os": .string(operatingSystem), "created": .string(created),
            "config": process.json,
            "rootfs": .object(["type": "layers", "diff_ids": JSON(diffIDs.map { $0.description })]),
            "history": .array(history.map { $0.json }),
        ])
    }
}

/// One step of an image's history.
public struct ImageHistory: Sendable, Equatable {
    /// When the step was done, as RFC 3339 text; empty where it isn't said.
    public var created = ""
    /// The instruction or command that made the step; empty where it isn't said.
    public var createdBy = ""
    /// The maker's remark, such as the message of an import; empty for none.
    public var comment = ""
    /// Whether the step made no layer.
    public var isEmptyLayer = false

    /// An empty step.
    public init() {}

    init(_ field: JSONField) throws(JSONError) {
        created = try field.optional("created")?.string() ?? ""
        createdBy = try field.optional("created_by")?.string() ?? ""
        comment = try field.optional("comment")?.string() ?? ""
        isEmptyLayer = try field.optional("empty_layer")?.bool() ?? false
    }

    var json: JSON {
        .members([
            "created": .string(created), "created_by": .string(createdBy),
            "comment": comment.isEmpty ? nil : .string(comment), "empty_layer": isEmptyLayer ? true : nil,
        ])
    }
}
