import Linux

extension Engine {
    /// The mounts of a new container: the client's, and an anonymous volume for each of the image's volumes that the
    /// client did not put something on.
    ///
    /// - Returns: them, and the volumes that have to be made.
    func resolveMounts(_ specification: ContainerSpecification, _ image: ImageDefaults)
        throws(EngineError) -> ([ResolvedMount], [VolumeRecord])
    {
        var wanted = specification.mounts
        let targets = Set(wanted.map { MountPaths.clean($0.target) })
        for target in image.volumes where !targets.contains(MountPaths.clean(target)) {
            wanted.append(MountSpecification(source: .volume(name: nil, copy: true), target: target))
        }
        var mounts: [ResolvedMount] = []
        var volumes: [VolumeRecord] = []
        for mount in wanted {
            var resolved = ResolvedMount(
                kind: .bind, name: "", source: "", target: MountPaths.clean(mount.target), readOnly: mount.readOnly,
                propagation: mount.propagation ?? "", options: [], nonRecursive: mount.nonRecursive,
                copiesImage: false, anonymous: false)
            switch mount.source {
            case .bind(let path, let create):
                guard path.hasPrefix("/") else {
                    throw EngineError(
                        .invalid,
                        "invalid mount config for type \"bind\": invalid mount path: '\(path)' mount path must be absolute"
                    )
                }
                if !create && !Files.exists(path) {
                    throw EngineError(
                        .invalid,
                        "invalid mount config for type \"bind\": bind source path does not exist: \(path)")
                }
                resolved.source = path
                if resolved.propagation.isEmpty { resolved.propagation = "rprivate" }
            case .volume(let name, let copy):
                let volume = try volumeForMount(name, pending: volumes)
                if volumesByName[volume.name] == nil, !volumes.contains(where: { $0.name == volume.name }) {
                    volumes.append(volume)
                }
                resolved.kind = .volume
                resolved.name = volume.name
                resolved.source = volume.mountpoint
                resolved.copiesImage = copy
                resolved.anonymous = name == nil
            case .tmpfs(let options):
                resolved.kind = .tmpfs
                resolved.options = options
            }
            mounts.append(resolved)
        }
        return (mounts, volumes)
    }

    private func volumeForMount(_ name: String?, pending: [VolumeRecord]) throws(EngineError) -> VolumeRecord {
        if let name, let known = volumesByName[name] ?? pending.first(where: { $0.name == name }) { return known }
        return try newVolume(name)
    }

    /// Makes directories for binds whose source is missing, where the client's way of asking implies that.
    func prepareBinds(_ container: ManagedContainer) throws(EngineError) {
        for mount in container.record.resolved.mounts where mount.kind == .bind {
            guard !Files.exists(mount.source) else { continue }
            let creates = container.record.specification.mounts.contains { asked in
                if case .bind(mount.source, create: true) = asked.source { true } else { false }
            }
            guard creates else {
                throw EngineError(
                    .invalid, "invalid mount config for type \"bind\": bind source path does not exist: \(mount.source)"
                )
            }
            do {
                try Files.makeDirectories(mount.source)
            } catch {
                throw EngineError(.internal, "error while creating mount source path '\(mount.source)': \(error)")
            }
        }
    }
}
