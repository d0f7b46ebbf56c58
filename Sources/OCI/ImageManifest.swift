/// What points to a blob (image-spec, descriptor.md).
public struct BlobDescriptor: Sendable, Equatable {
    public var mediaType: String
    public var digest: Digest
    public var size: Int64
    public var annotations: [String: String]
    /// `linux/amd64` where the descriptor says it.
    public var platform: String?

    /// Reads one.
    public init(_ field: JSONField) throws(JSONError) {
        mediaType = try field.optional("mediaType")?.string() ?? ""
        let text = try field.required("digest")
        guard let digest = Digest(try text.string()) else { throw text.error("must be a SHA-256 digest") }
        self.digest = digest
        size = try field.optional("size")?.number() ?? 0
        annotations = try field.optional("annotations")?.stringMembers() ?? [:]
        if let platform = try field.optional("platform") {
            self.platform =
                "\(try platform.optional("os")?.string() ?? "")/\(try platform.optional("architecture")?.string() ?? "")"
        }
    }
}

/// A manifest, or an index of manifests: both are lists of descriptors (image-spec, manifest.md and image-index.md).
public enum ImageManifest: Sendable, Equatable {
    /// One image.
    case image(config: BlobDescriptor, layers: [BlobDescriptor])
    /// Several, for several platforms or names.
    case index([BlobDescriptor])

    /// Reads the document.
    public init(json: JSON) throws(JSONError) {
        let document = JSONField(json)
        if let manifests = try document.optional("manifests") {
            var descriptors: [BlobDescriptor] = []
            for field in try manifests.elements() { descriptors.append(try BlobDescriptor(field)) }
            self = .index(descriptors)
        } else {
            var layers: [BlobDescriptor] = []
            for field in try document.required("layers").elements() { layers.append(try BlobDescriptor(field)) }
            self = .image(config: try BlobDescriptor(document.required("config")), layers: layers)
        }
    }
}
