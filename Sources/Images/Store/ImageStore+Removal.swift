public import OCI
import Linux

extension ImageStore {
    /// Takes a name away, and with the last one the image; by identifier, the image with all its names.
    ///
    /// - Parameters:
    ///   - force: take the image away even if it has several names and is removed by its identifier.
    ///   - isUsed: why the image can't go (a container uses it), or nil.
    public func remove(
        _ name: String, force: Bool, isUsed: @Sendable (Digest) -> String?
    ) async throws(ImageError) -> [ImageRemoval] {
        let id = try resolve(name)
        guard let record = record(id) else { throw .notFound(name) }
        let reference = Reference(name)?.familiar
        let byName = reference.map(record.references.contains) ?? false

        if byName, let reference, record.references.count > 1 {
            try change { $0.images[id]?.references.removeAll { $0 == reference } }
            return [.untagged(reference)]
        }
        if let reason = isUsed(id) {
            let verb = byName ? "unable to remove repository reference \"\(name)\"" : "unable to delete \(id.short)"
            throw .conflict("conflict: \(verb) (must force) - \(reason)")
        }
        let repositories = Set(record.references.compactMap { Reference($0)?.familiarName })
        if !byName, repositories.count > 1, !force {
            throw .conflict(
                "conflict: unable to delete \(id.short) (must be forced) - image is referenced in multiple repositories"
            )
        }
        do {
            try await exclusively { try await delete(id) }
        } catch let error as ImageError { throw error } catch { throw .failed("remove \(name): \(error)") }
        return record.references.map { .untagged($0) } + [.deleted(id)]
    }

    private func delete(_ id: Digest) async throws(ImageError) {
        guard let configuration = configurations[id] else { return }
        let chain = ImageStore.chainID(configuration.diffIDs)
        var unused: [LayerRecord] = []
        try change { index in
            index.images[id] = nil
            unused = index.unusedLayers
            for layer in unused { index.layers[layer.diffID] = nil }
        }
        configurations[id] = nil
        let chainIsUsed = configurations.values.contains { ImageStore.chainID($0.diffIDs) == chain }
        await removeFiles(of: unused)
        ImageStore.discard(paths.blob(id))
        if !chainIsUsed { ImageStore.discard(paths.blockImage(chain)) }
    }
}
