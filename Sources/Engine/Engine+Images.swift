public import Images
public import OCI

extension Engine {
    /// All images, the newest first.
    public func listImages() async -> [ImageRecord] { await imageStore.list() }

    /// One image.
    ///
    /// - Throws: `notFound`, `No such image: X:latest`.
    public func image(named name: String) async throws(EngineError) -> ImageRecord {
        do { return try await imageStore.image(named: name) } catch { throw EngineError(error) }
    }

    /// How many containers were made from an image.
    public func containerCount(ofImage id: Digest) -> Int {
        containers.values.count { $0.record.resolved.imageID == "\(id)" }
    }

    /// Loads the images of an archive file.
    public func loadImages(archive: String) async throws(EngineError) -> [LoadedImage] {
        do {
            let loaded = try await imageStore.load(archive: archive)
            for image in loaded { publishImage("load", "\(image.id)", name: image.references.first ?? "\(image.id)") }
            return loaded
        } catch { throw EngineError(error) }
    }

    /// Makes an image of one layer out of a tar archive file.
    public func importImage(
        archive: String, changes: [String], message: String, reference: String?
    ) async throws(EngineError) -> Digest {
        do {
            let id = try await imageStore.importArchive(
                archive, changes: changes, message: message, reference: reference)
            publishImage("import", "\(id)", name: reference ?? "\(id)")
            return id
        } catch { throw EngineError(error) }
    }

    /// Gives an image a further name.
    public func tagImage(_ name: String, as newName: String) async throws(EngineError) {
        do {
            try await imageStore.tag(name, as: newName)
            publishImage("tag", "\(try await imageStore.image(named: newName).id)", name: newName)
        } catch { throw EngineError(error) }
    }

    /// Takes a name of an image away, and with the last one the image.
    public func removeImage(_ name: String, force: Bool) async throws(EngineError) -> [ImageRemoval] {
        // the containers of now: one that is created meanwhile finds the image gone and says so
        let users = Dictionary(
            containers.values.map {
                ($0.record.resolved.imageID, (id: String($0.id.prefix(12)), runs: $0.record.state.isRunning))
            }
        ) { $0.runs ? $0 : $1 }
        do {
            let removed = try await imageStore.remove(name, force: force) { id in
                guard let user = users["\(id)"] else { return nil }
                if user.runs { return "image is being used by running container \(user.id)" }
                // Not even by force: the container's root is made of the image's layers.
                return "image is being used by stopped container \(user.id)"
            }
            for step in removed {
                switch step {
                case .untagged(let reference): publishImage("untag", reference, name: reference)
                case .deleted(let id): publishImage("delete", "\(id)", name: "\(id)")
                }
            }
            return removed
        } catch { throw EngineError(error) }
    }

    /// The text of an image's configuration as it came.
    public func imageConfiguration(of id: Digest) async throws(EngineError) -> [UInt8] {
        do { return try await imageStore.configurationText(of: id) } catch { throw EngineError(error) }
    }

    private func publishImage(_ action: String, _ id: String, name: String) {
        events.publish(
            EngineEvent(
                kind: .image, action: action, actor: id, attributes: ["name": name], time: Timestamp.now))
    }
}
