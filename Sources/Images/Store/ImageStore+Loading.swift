import Foundation
import Glibc
import Linux
public import OCI

extension ImageStore {
    /// Loads the images of an archive: one that `docker save` wrote, or an OCI layout, compressed or not.
    ///
    /// - Returns: what has been loaded, in the archive's order.
    public func load(archive: String) async throws(ImageError) -> [LoadedImage] {
        do {
            return try await exclusively {
                do { return try await loadAlone(archive) } catch {
                    await giveBack()
                    throw error
                }
            }
        } catch let error as ImageError { throw error } catch { throw .failed("load: \(error)") }
    }

    private func loadAlone(_ archive: String) async throws(ImageError) -> [LoadedImage] {
        let paths = paths
        let folder = "\(paths.ingest)/\(Clock.realtimeNanoseconds)"
        defer { ImageStore.discard(folder) }
        let images = try await Offload.run { () throws(ImageError) in
            try ArchiveContents(Ingest(archive: archive, folder: folder)).images
        }
        var loaded: [LoadedImage] = []
        for image in images {
            let id = try await store(configuration: image.configuration, layers: image.layers)
            try change { index in for reference in image.references { index.name(id, reference) } }
            loaded.append(LoadedImage(id: id, references: image.references.map { $0.familiar }))
        }
        return loaded
    }

    /// Makes an image of one layer out of a tar archive.
    public func importArchive(
        _ archive: String, changes: [String], message: String, reference: String?
    ) async throws(ImageError) -> Digest {
        var name: Reference?
        if let reference {
            name = Reference(reference)
            guard name?.digest == nil, name != nil else { throw .invalidReference(reference) }
        }
        var process = ImageProcess()
        for change in changes { try process.apply(change) }
        do {
            return try await exclusively {
                do { return try await importAlone(archive, process, message, name) } catch {
                    await giveBack()
                    throw error
                }
            }
        } catch let error as ImageError { throw error } catch { throw .failed("import: \(error)") }
    }

    private func importAlone(
        _ archive: String, _ process: ImageProcess, _ message: String, _ reference: Reference?
    ) async throws(ImageError) -> Digest {
        let layer = try await storeLayer(ArchiveMember(name: archive, path: archive), expecting: nil)
        let created = Date.now.ISO8601Format()
        var history = ImageHistory()
        history.created = created
        history.comment = message.isEmpty ? "Imported from -" : message
        let configuration = ImageConfiguration(
            created: created, process: process, diffIDs: [layer.diffID], history: [history])
        let path = "\(paths.ingest)/\(Clock.realtimeNanoseconds).json"
        defer { ImageStore.discard(path) }
        do { try Files.write(path, configuration.json.encoded) } catch { throw ImageError("import", error) }
        let id = try register(configuration: path)
        if let reference { try change { $0.name(id, reference) } }
        return id
    }

    /// Brings an image into the store: its layers, then itself.
    private func store(
        configuration: ArchiveMember, layers: [ArchiveMember]
    ) async throws(ImageError) -> Digest {
        let parsed: ImageConfiguration
        do {
            let text = try Files.read(configuration.path, limit: 4 << 20)
            try configuration.check(SHA256.digest(of: text))
            parsed = try ImageConfiguration(json: JSON(parsing: text))
        } catch let error as ImageError { throw error } catch let error as JSONError {
            throw ImageError("the image's configuration", error)
        } catch {
            throw .failed("read the image's configuration: \(error)")
        }
        guard parsed.diffIDs.count == layers.count else {
            throw .invalidArchive(
                "the configuration names \(parsed.diffIDs.count) layers, the archive has \(layers.count)")
        }
        guard ["", "linux"].contains(parsed.operatingSystem), ["", "amd64"].contains(parsed.architecture) else {
            throw .invalidArchive(
                "the image is for \(parsed.operatingSystem)/\(parsed.architecture), this host is linux/amd64")
        }
        for (diffID, layer) in zip(parsed.diffIDs, layers) where index.layers[diffID] == nil {
            _ = try await storeLayer(layer, expecting: diffID)
        }
        return try register(configuration: configuration.path)
    }

    /// Unpacks a layer into a directory of its own and keeps the archive as a blob.
    private func storeLayer(
        _ member: ArchiveMember, expecting diffID: Digest?
    ) async throws(ImageError) -> LayerRecord {
        let paths = paths
        let path = member.path
        let number = index.nextLayer
        // even a number whose work is cut off is not used again
        index.nextLayer += 1
        let working = "\(paths.ingest)/layer-\(number)"
        let layer: LayerRecord
        do {
            layer = try await Offload.run { () throws(ImageError) in
                do { try Files.makeDirectory(working) } catch { throw .failed("unpack: \(error)") }
                let unpacked = try LayerUnpacker.unpack(path, into: working)
                guard diffID == nil || diffID == unpacked.diffID else {
                    throw .invalidArchive(
                        "the layer's digest is \(unpacked.diffID), the image's configuration says \(diffID ?? .zero)")
                }
                let blob = try ImageStore.keep(path, paths, check: member.check)
                return LayerRecord(diffID: unpacked.diffID, number: number, size: unpacked.size, blob: blob)
            }
        } catch {
            ImageStore.discard(working)
            throw error
        }
        if let same = index.layers[layer.diffID] {
            ImageStore.discard(working)
            return same
        }
        do {
            try await Offload.run { () throws(ImageError) in
                do {
                    // after a power cut a layer that is listed must be whole: everything of this file system, once
                    let directory = try Descriptor.open(working, .directory)
                    try Files.synchronizeFileSystem(of: directory)
                    try Files.rename(working, to: paths.layer(number))
                } catch { throw .failed("store the layer: \(error)") }
            }
        } catch {
            ImageStore.discard(working)
            throw error
        }
        index.layers[layer.diffID] = layer
        return layer
    }

    /// Puts the image into the index, its configuration into the blobs.
    private func register(configuration path: String) throws(ImageError) -> Digest {
        let id = try ImageStore.keep(path, paths)
        let parsed = try ImageStore.configuration(id, paths)
        do {
            // the new names must be on the disk before the index that counts on them
            for folder in [paths.blobs, paths.layers] { try Descriptor.open(folder, .directory).synchronize() }
        } catch { throw ImageError("store the image", error) }
        try change { index in
            let before = index.images[id]
            index.images[id] = ImageIndex.Entry(
                references: before?.references ?? [],
                stored: before?.stored ?? Clock.realtimeNanoseconds / 1_000_000_000,
                diffIDs: parsed.diffIDs)
        }
        configurations[id] = parsed
        return id
    }

    /// Copies a file into the blobs under its digest, durably, unless `check` refuses that.
    private static func keep(
        _ path: String, _ paths: StorePaths, check: (Digest) throws(ImageError) -> Void = { _ in }
    ) throws(ImageError) -> Digest {
        let temporary = "\(paths.ingest)/blob-\(Clock.realtimeNanoseconds)"
        do {
            let source = try Descriptor.open(path)
            var hash = SHA256()
            let target = try Descriptor.open(temporary, [.writeOnly, .create, .exclusive], mode: 0o600)
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = Glibc.read(source.rawValue, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw SystemError.last("read", path) }
                if count == 0 { break }
                buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                try target.writeAll(Array(buffer[..<count]))
            }
            let digest = hash.finish()
            try check(digest)
            try target.synchronize()
            try Files.rename(temporary, to: paths.blob(digest))
            return digest
        } catch {
            discard(temporary)
            if let error = error as? ImageError { throw error }
            throw .failed("store the blob: \(error)")
        }
    }

    /// Gives back what layers that no image has got use, after a failure.
    private func giveBack() async {
        let unused = index.unusedLayers
        for layer in unused { index.layers[layer.diffID] = nil }
        await removeFiles(of: unused)
    }

    /// Removes the directories and blobs of layers that the index names no more.
    func removeFiles(of layers: [LayerRecord]) async {
        let blobs = Set(index.layers.values.map(\.blob))
        let paths = paths
        await Offload.run {
            for layer in layers {
                ImageStore.discard(paths.layer(layer.number))
                if !blobs.contains(layer.blob) { ImageStore.discard(paths.blob(layer.blob)) }
            }
        }
    }

    /// Removes what was only needed on the way; what resists is swept at the next start.
    static func discard(_ path: String) {
        try? Files.removeTree(path)
    }
}
