public import OCI

/// One image in `GET /images/json`.
public struct ImageSummary: Sendable, Equatable, Codable {
    /// `sha256:` and 64 digits; the parent's, or empty.
    public var id, parentID: String?
    /// References, and references by digest.
    public var repoTags, repoDigests: [String]?
    /// When it was created, in seconds since 1970.
    public var created: Int64?
    /// Bytes; shared with others (-1: not counted).
    public var size, sharedSize: Int64?
    /// Labels.
    public var labels: [String: String]?
    /// How many containers are made from it; -1: not counted.
    public var containers: Int64?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case id = "Id", parentID = "ParentId", repoTags = "RepoTags", repoDigests = "RepoDigests"
        case created = "Created", size = "Size", sharedSize = "SharedSize", labels = "Labels"
        case containers = "Containers"
    }
}

/// The answer to `GET /images/{name}/json`.
public struct ImageInspection: Sendable, Equatable, Codable {
    /// `sha256:` and 64 digits.
    public var id: String?
    /// References, and references by digest.
    public var repoTags, repoDigests: [String]?
    /// The parent, a remark, when (RFC 3339), with what, by whom, for what.
    public var parent, comment, created, dockerVersion, author, architecture, variant, os: String?
    /// How containers made from it run.
    public var config: ImageConfig?
    /// Bytes.
    public var size: Int64?
    /// How it is kept.
    public var graphDriver: JSON?
    /// Its layers.
    public var rootFS: RootFS?
    /// When it was last tagged.
    public var metadata: Metadata?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case id = "Id", repoTags = "RepoTags", repoDigests = "RepoDigests", parent = "Parent", comment = "Comment"
        case created = "Created", dockerVersion = "DockerVersion", author = "Author", config = "Config"
        case architecture = "Architecture", variant = "Variant", os = "Os", size = "Size"
        case graphDriver = "GraphDriver", rootFS = "RootFS", metadata = "Metadata"
    }

    /// Its layers.
    public struct RootFS: Sendable, Equatable, Codable {
        /// `layers`.
        public var type: String?
        /// Digests of the unpacked archives, lowest first.
        public var layers: [String]?

        /// Creates it.
        public init(layers: [String]) {
            type = "layers"
            self.layers = layers
        }

        enum CodingKeys: String, CodingKey { case type = "Type", layers = "Layers" }
    }

    /// When it was last tagged.
    public struct Metadata: Sendable, Equatable, Codable {
        /// RFC 3339.
        public var lastTagTime: String?

        /// Creates it.
        public init(lastTagTime: String) { self.lastTagTime = lastTagTime }

        enum CodingKeys: String, CodingKey { case lastTagTime = "LastTagTime" }
    }
}

/// One step of `GET /images/{name}/history`, newest first.
public struct ImageHistoryItem: Sendable, Equatable, Codable {
    /// The image or `<missing>`; the instruction; a remark.
    public var id, createdBy, comment: String?
    /// In seconds since 1970.
    public var created: Int64?
    /// References.
    public var tags: [String]?
    /// Bytes.
    public var size: Int64?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case id = "Id", created = "Created", createdBy = "CreatedBy", tags = "Tags", size = "Size"
        case comment = "Comment"
    }
}

/// What `DELETE /images/{name}` has done.
public struct ImageRemoval: Sendable, Equatable, Codable {
    /// A reference, or an identifier.
    public var untagged, deleted: String?

    /// Creates it.
    public init(untagged: String? = nil, deleted: String? = nil) {
        self.untagged = untagged
        self.deleted = deleted
    }

    enum CodingKeys: String, CodingKey { case untagged = "Untagged", deleted = "Deleted" }
}
