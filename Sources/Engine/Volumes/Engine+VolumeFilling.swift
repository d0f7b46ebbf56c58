import Linux

extension Engine {
    /// Fills volumes that no container has used yet from what the image has at their place, unless something is in
    /// them already.
    func fillVolumes(_ container: ManagedContainer, _ layers: [String]) async throws(EngineError) {
        for mount in container.record.resolved.mounts where mount.kind == .volume {
            guard var volume = volumesByName[mount.name] else {
                throw EngineError(.internal, "the volume \(mount.name) of container \(container.id) is gone")
            }
            guard !volume.filled else { continue }
            if mount.copiesImage {
                let (source, target) = (mount.target, volume.mountpoint)
                try await Blocking.run { () throws(EngineError) in
                    do throws(SystemError) {
                        guard try Files.entries(of: target).isEmpty else { return }
                        try VolumeFilling.fill(target, from: source, in: layers)
                    } catch {
                        throw EngineError(.internal, "fill the volume \(target) from the image: \(error)")
                    }
                }
            }
            volume.filled = true
            try database.save(volume)
            volumesByName[volume.name] = volume
        }
    }
}

/// What an image has at a place.
enum VolumeFilling {
    /// Copies it, where it is a directory.
    ///
    /// The layers are put together by an overlay that is mounted nowhere: only its descriptor exists, and it vanishes
    /// with that.
    static func fill(_ target: String, from path: String, in layers: [String]) throws(SystemError) {
        guard let first = layers.first else { return }
        let root: RootDirectory
        if layers.count == 1 {
            root = try RootDirectory(first)
        } else {
            // fsconfig takes at most 255 bytes at once; kernels from 6.8 on take one layer after the other.
            let joined = layers.joined(separator: ":")
            let options: [(String, String?)] =
                joined.utf8.count <= 255 ? [("lowerdir", joined)] : layers.map { ("lowerdir+", $0) }
            root = RootDirectory(
                adopting: try Mount.make("overlay", source: "overlay", options: options, .readOnly))
        }
        guard let directory = try root.find(path), try FileStatus(of: directory.rawValue).kind == .directory else {
            return
        }
        try Files.copyContent(of: "/proc/self/fd/\(directory.rawValue)", to: target)
        extendLifetime(directory)
    }
}
