/// What points to a blob (image-spec, descriptor.md).
public struct BlobDescriptor: Sendable, Equatable {
    /// What kind of blob it is (`application/vnd.oci.image.manifest.v1+json`); empty where it isn't said.
    public var mediaType: String
    /// The digest of the blob's bytes as they are stored (a compressed layer's compressed ones), by which it is found.
    public var digest: Digest
    /// Bytes of the blob, as the descriptor claims; 0 where it doesn't.
    public var size: Int64
    /// Notes on the blob: in an index, the image's name (`org.opencontainers.image.ref.name`) and such.
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
