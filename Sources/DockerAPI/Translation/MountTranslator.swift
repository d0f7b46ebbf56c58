import DockerModels
import Engine
import NIOHTTP1

/// Binds, mounts in the long form, tmpfs and anonymous volumes.
struct MountTranslator {
    let config: ContainerConfig
    let host: HostConfig

    func mounts() throws(APIError) -> [MountSpecification] {
        var mounts: [MountSpecification] = []
        for bind in host.binds ?? [] { mounts.append(try Self.bind(bind)) }
        for mount in host.mounts ?? [] { mounts.append(try Self.mount(mount)) }
        for (target, options) in (host.tmpfs ?? [:]).sorted(by: { $0.key < $1.key }) {
            let options = options.split(separator: ",").map(String.init)
            mounts.append(MountSpecification(source: .tmpfs(options: options), target: try Self.absolute(target)))
        }
        let taken = Set(mounts.map(\.target))
        for target in (config.volumes ?? [:]).keys.sorted() where !taken.contains(target) {
            mounts.append(
                MountSpecification(source: .volume(name: nil, copy: true), target: try Self.absolute(target)))
        }
        return mounts
    }

    /// `source:target[:options]`, or only a target, which is an anonymous volume.
    static func bind(_ text: String) throws(APIError) -> MountSpecification {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts.contains("") else {
            throw APIError(.badRequest, "invalid volume specification: '\(text)'")
        }
        let target = try absolute(parts.count == 1 ? parts[0] : parts[1])
        var mount = MountSpecification(source: .volume(name: nil, copy: true), target: target)
        var copy = true
        for option in parts.count == 3 ? parts[2].split(separator: ",").map(String.init) : [] {
            switch option {
            case "ro": mount.readOnly = true
            case "rw", "z", "Z", "cached", "delegated", "consistent": break
            case "nocopy": copy = false
            case "rprivate", "private", "rshared", "shared", "rslave", "slave": mount.propagation = option
            default: throw APIError(.badRequest, "invalid mode: \(parts[2])")
            }
        }
        guard parts.count > 1 else { return mount }
        if parts[0].hasPrefix("/") {
            mount.source = .bind(path: parts[0], create: true)
        } else {
            mount.source = .volume(name: try volumeName(parts[0]), copy: copy)
        }
        return mount
    }

    /// A mount in the long form.
    static func mount(_ config: MountConfig) throws(APIError) -> MountSpecification {
        let source = config.source ?? ""
        guard let target = config.target, !target.isEmpty else {
            throw APIError(
                .badRequest, "invalid mount config for type \"\(config.type ?? "")\": field Target must not be empty")
        }
        var mount = MountSpecification(
            source: .tmpfs(options: []), target: try absolute(target), readOnly: config.readOnly ?? false)
        switch config.type ?? "" {
        case "bind":
            guard source.hasPrefix("/") else {
                throw APIError(
                    .badRequest,
                    "invalid mount config for type \"bind\": invalid mount path: '\(source)' mount path must be absolute"
                )
            }
            let options = config.bindOptions ?? .init()
            if options.readOnlyForceRecursive ?? false {
                throw UnsupportedFields.refused("Mounts.BindOptions.ReadOnlyForceRecursive")
            }
            mount.source = .bind(path: source, create: options.createMountpoint ?? false)
            mount.propagation = options.propagation.nonEmpty
            mount.nonRecursive = options.nonRecursive ?? false
        case "volume":
            let options = config.volumeOptions ?? .init()
            if options.subpath.nonEmpty != nil { throw UnsupportedFields.refused("Mounts.VolumeOptions.Subpath") }
            if !(options.labels ?? [:]).isEmpty { throw UnsupportedFields.refused("Mounts.VolumeOptions.Labels") }
            if !(options.driverConfig?.options ?? [:]).isEmpty
                || !["", "local"].contains(options.driverConfig?.name ?? "")
            {
                throw UnsupportedFields.refused("Mounts.VolumeOptions.DriverConfig")
            }
            mount.source = .volume(
                name: source.isEmpty ? nil : try volumeName(source), copy: !(options.noCopy ?? false))
        case "tmpfs":
            mount.source = .tmpfs(options: tmpfs(config.tmpfsOptions))
        case let type:
            throw APIError(.badRequest, "invalid mount config for type \"\(type)\": mount type unknown")
        }
        return mount
    }

    private static func tmpfs(_ options: MountConfig.TmpfsOptions?) -> [String] {
        var made: [String] = []
        if let size = options?.sizeBytes, size > 0 { made.append("size=\(size)") }
        if let mode = options?.mode, mode > 0 { made.append("mode=\(String(mode, radix: 8))") }
        for option in options?.options ?? [] { made.append(option.joined(separator: "=")) }
        return made
    }

    private static func absolute(_ path: String) throws(APIError) -> String {
        guard path.hasPrefix("/") else {
            throw APIError(
                .badRequest, "invalid mount config: invalid mount path: '\(path)' mount path must be absolute")
        }
        return path
    }

    /// A volume's name: never a path.
    static func volumeName(_ name: String) throws(APIError) -> String {
        let first = name.utf8.first.map { isAlphanumeric($0) } ?? false
        guard first, name.utf8.count > 1, name.utf8.allSatisfy({ isAlphanumeric($0) || "_.-".utf8.contains($0) })
        else {
            throw APIError(
                .badRequest,
                "create \(name): \"\(name)\" includes invalid characters for a local volume name, only "
                    + "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
            )
        }
        return name
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
