public import OCI

/// An image that is complete in the store.
public struct ImageRecord: Sendable, Equatable {
    /// The digest of its configuration.
    public let id: Digest
    /// What it says of itself.
    public let configuration: ImageConfiguration
    /// Its layers, the lowest first.
    public let layers: [LayerRecord]
    /// When it came here, in seconds since 1970.
    public let stored: Int64
    /// Its names, in familiar form (`busybox:latest`), sorted.
    public var references: [String]

    /// The bytes of the files in all its layers.
    public var size: Int64 { layers.reduce(0) { $0 + $1.size } }
}

/// A layer: one directory, shared by all images that have it.
public struct LayerRecord: Sendable, Equatable {
    /// The digest of its uncompressed archive.
    public let diffID: Digest
    /// The name of its directory under `layers`: short, because overlay's options have little room.
    public let number: Int
    /// The bytes of its files.
    public let size: Int64
    /// The digest of the archive as it came, which is kept as a blob.
    public let blob: Digest
}

/// What removing an image did, in order.
public enum ImageRemoval: Sendable, Equatable {
    /// A name was taken away: `busybox:latest`.
    case untagged(String)
    /// The image itself is gone.
    case deleted(Digest)
}

/// One image that an archive brought.
public struct LoadedImage: Sendable, Equatable {
    /// Its identifier.
    public let id: Digest
    /// The names that lead to it now, in familiar form; none if the archive had none.
    public let references: [String]
}
