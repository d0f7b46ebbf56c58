public import OCI
import Linux

/// The images of one daemon: complete or not there.
///
/// Archives are taken apart in `ingest`, checked against their digests, moved to their places and synced; then the index
/// is replaced, and only then the image exists. What a crash leaves outside the index is swept at the next start.
public actor ImageStore {
    nonisolated let paths: StorePaths
    var index: ImageIndex
    var configurations: [Digest: ImageConfiguration] = [:]
    var blockImagesBeingMade: [Digest: Task<String, any Error>] = [:]
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Opens the store below the daemon's root.
    public init(root: String) throws(ImageError) {
        paths = StorePaths(root: root)
        try paths.prepare()
        index = try ImageIndex(path: paths.index)
        for id in index.images.keys { configurations[id] = try ImageStore.configuration(id, paths) }
        let chains = Set(configurations.values.map { ImageStore.chainID($0.diffIDs) })
        try paths.sweep(index, chains: chains)
    }

    /// A path in the store's own folder for an archive that is about to come in; whoever asked removes it.
    public nonisolated func ingestPath(_ name: String) -> String { "\(paths.ingest)/\(name)" }

    /// All images, the newest first.
    public func list() -> [ImageRecord] {
        index.images.keys.compactMap(record).sorted { $0.configuration.created > $1.configuration.created }
    }

    /// The image of that name, identifier, or beginning of an identifier.
    public func image(named name: String) throws(ImageError) -> ImageRecord {
        guard let record = record(try resolve(name)) else { throw .notFound(name) }
        return record
    }

    /// The directories of an image's layers, the topmost first, as overlay wants them.
    public func layerDirectories(of id: Digest) throws(ImageError) -> [String] {
        guard let record = record(id) else { throw .notFound("\(id)") }
        return record.layers.reversed().map { paths.layer($0.number) }
    }

    /// The text of an image's configuration as it came.
    public func configurationText(of id: Digest) throws(ImageError) -> [UInt8] {
        do { return try Files.read(paths.blob(id)) } catch { throw ImageError("read the image \(id)", error) }
    }

    /// Gives an image a further name.
    public func tag(_ name: String, as newName: String) throws(ImageError) {
        guard let reference = Reference(newName), reference.digest == nil else { throw .invalidReference(newName) }
        let id = try resolve(name)
        try change { $0.name(id, reference) }
    }

    func record(_ id: Digest) -> ImageRecord? {
        guard let entry = index.images[id], let configuration = configurations[id] else { return nil }
        return ImageRecord(
            id: id, configuration: configuration, layers: entry.diffIDs.compactMap { index.layers[$0] },
            stored: entry.stored, references: entry.references)
    }

    func resolve(_ name: String) throws(ImageError) -> Digest {
        if let digest = Digest(name) {
            guard index.images[digest] != nil else { throw .notFound(name) }
            return digest
        }
        if let reference = Reference(name) {
            let familiar = reference.familiar
            if let found = index.images.first(where: { $0.value.references.contains(familiar) }) { return found.key }
        }
        let digits = name.hasPrefix("sha256:") ? name.dropFirst(7) : Substring(name)
        if !digits.isEmpty, digits.allSatisfy({ $0.isHexDigit && !$0.isUppercase }) {
            let found = index.images.keys.filter { $0.hexadecimal.hasPrefix(digits) }
            if found.count > 1 { throw .ambiguous(name) }
            if let only = found.first { return only }
        }
        throw .notFound(Reference(name)?.familiar ?? name)
    }

    /// Changes the index, on disk first.
    func change(_ body: (inout ImageIndex) -> Void) throws(ImageError) {
        var changed = index
        body(&changed)
        try changed.write(to: paths.index)
        index = changed
    }

    static func configuration(_ id: Digest, _ paths: StorePaths) throws(ImageError) -> ImageConfiguration {
        do {
            return try ImageConfiguration(json: JSON(parsing: Files.read(paths.blob(id))))
        } catch let error as JSONError {
            throw ImageError("the configuration of image \(id)", error)
        } catch {
            throw .failed("read the configuration of image \(id): \(error)")
        }
    }

    /// The name of a stack of layers (image-spec config.md, "Layer ChainID").
    static func chainID(_ diffIDs: [Digest]) -> Digest {
        guard let first = diffIDs.first else { return .zero }
        return diffIDs.dropFirst().reduce(first) { SHA256.digest(of: Array("\($0) \($1)".utf8)) }
    }

    /// One at a time: loading, importing and removing change the same folders.
    func exclusively<T>(_ body: () async throws -> T) async rethrows -> T {
        if isBusy { await withCheckedContinuation { waiting.append($0) } }
        isBusy = true
        defer {
            if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
        }
        return try await body()
    }
}
