import OCI

/// The images that an archive holds, whichever of the two layouts it has.
struct ArchiveContents {
    /// One image: the files of its configuration and layers, the lowest first, and its names.
    struct Image {
        var configuration: ArchiveMember
        var layers: [ArchiveMember]
        var references: [Reference]
    }

    private let ingest: Ingest
    private(set) var images: [Image] = []

    init(_ ingest: Ingest) throws(ImageError) {
        self.ingest = ingest
        do {
            if let manifest = try ingest.document("manifest.json") {
                try readDockerManifest(manifest)
            } else if let index = try ingest.document("index.json") {
                try readIndex(index.value, references: [], depth: 0)
            } else {
                throw ImageError.invalidArchive(
                    "neither manifest.json nor index.json is in the archive: is it one that docker save wrote?")
            }
        } catch let error as JSONError { throw ImageError("the archive's manifest", error) } catch let error
            as ImageError
        {
            throw error
        } catch { throw .failed("\(error)") }
        guard !images.isEmpty else { throw .invalidArchive("no image for linux/amd64 is in the archive") }
    }

    /// `docker save`: an array of {Config, RepoTags, Layers}.
    private mutating func readDockerManifest(_ manifest: JSONField) throws {
        for field in try manifest.elements() {
            var references: [Reference] = []
            for name in try field.optional("RepoTags")?.strings() ?? [] {
                guard let reference = Reference(name) else { throw ImageError.invalidReference(name) }
                references.append(reference)
            }
            images.append(
                Image(
                    configuration: try member(field.required("Config").string()),
                    layers: try field.optional("Layers")?.strings().map { try member($0) } ?? [], references: references
                ))
        }
    }

    /// An OCI layout: index.json, whose manifests may be indices again.
    private mutating func readIndex(_ json: JSON, references: [Reference], depth: Int) throws {
        guard depth < 4 else { throw ImageError.invalidArchive("indices nested deeper than any tool writes them") }
        switch try ImageManifest(json: json) {
        case .image(let config, let layers):
            images.append(
                Image(
                    configuration: try member(Ingest.blob(config.digest)),
                    layers: try layers.map { try member(Ingest.blob($0.digest)) }, references: references))
        case .index(let descriptors):
            for descriptor in descriptors where descriptor.platform.map({ $0 == "linux/amd64" }) ?? true {
                // attestations are manifests, too, and no images
                guard descriptor.annotations["vnd.docker.reference.type"] == nil else { continue }
                let name = Ingest.blob(descriptor.digest)
                guard let document = try ingest.document(name, digest: descriptor.digest) else {
                    throw ImageError.invalidArchive("\(name) is missing in the archive")
                }
                let own = ArchiveContents.reference(descriptor.annotations)
                try readIndex(document.value, references: own.map { [$0] } ?? references, depth: depth + 1)
            }
        }
    }

    private static func reference(_ annotations: [String: String]) -> Reference? {
        if let name = annotations["io.containerd.image.name"] { return Reference(name) }
        // the layout's own annotation is a tag alone where nobody said more; a bare tag names nothing
        guard let name = annotations["org.opencontainers.image.ref.name"], name.contains(":") || name.contains("/")
        else {
            return nil
        }
        return Reference(name)
    }

    private func member(_ name: String) throws(ImageError) -> ArchiveMember {
        guard let path = ingest.path(name) else { throw .invalidArchive("\(name) is missing in the archive") }
        let digest = name.hasPrefix(Ingest.blobs) ? Digest(hexadecimal: name.dropFirst(Ingest.blobs.count)) : nil
        return ArchiveMember(name: name, path: path, digest: digest)
    }
}

/// A file of an archive that has been taken apart.
struct ArchiveMember: Sendable {
    /// Its name in the archive.
    var name: String
    /// Where it lies now.
    var path: String
    /// What its bytes must hash to; nil where its name doesn't promise it.
    var digest: Digest?

    /// Throws if its bytes are not those that its name promises.
    func check(_ found: Digest) throws(ImageError) {
        guard digest == nil || digest == found else { throw .invalidArchive("\(name): its digest is \(found)") }
    }
}
