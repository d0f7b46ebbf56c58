import Linux

extension Engine {
    /// Creates a volume, or gives the one of that name; nil makes up a name.
    public func createVolume(
        _ name: String?, driver: String = "local", labels: [String: String] = [:], options: [String: String] = [:]
    ) async throws(EngineError) -> VolumeRecord {
        guard driver.isEmpty || driver == "local" else {
            throw EngineError(
                .notFound,
                "create \(name ?? ""): error looking up volume plugin \(driver): plugin \"\(driver)\" not found")
        }
        guard options.isEmpty else {
            throw EngineError(.invalid, "create \(name ?? ""): options of the local driver are not supported yet")
        }
        if let name, let known = volumesByName[name] { return known }
        var volume = try newVolume(name.flatMap { $0.isEmpty ? nil : $0 })
        volume.labels = labels
        do {
            try Files.makeDirectories(volume.mountpoint)
        } catch {
            throw EngineError(.internal, "create \(volume.name): \(error)")
        }
        try database.save(volume)
        volumesByName[volume.name] = volume
        publishVolume("create", volume.name, ["driver": "local"])
        return volume
    }

    /// All volumes.
    public func volumes() -> [VolumeRecord] { volumesByName.values.sorted { $0.name < $1.name } }

    /// One volume by its name.
    public func volume(named name: String) throws(EngineError) -> VolumeRecord {
        guard let volume = volumesByName[name] else { throw EngineError(.notFound, "get \(name): no such volume") }
        return volume
    }

    /// Removes it with all its data, unless a container uses it.
    public func removeVolume(_ name: String, force: Bool = false) async throws(EngineError) {
        guard volumesByName[name] != nil else {
            if force { return }
            throw EngineError(.notFound, "get \(name): no such volume")
        }
        let users = users(ofVolume: name)
        guard users.isEmpty else {
            throw EngineError(
                .conflict, "remove \(name): volume is in use - [\(users.joined(separator: ", "))]")
        }
        try database.delete(volume: name)
        volumesByName[name] = nil
        let folder = paths.volume(name)
        let logger = logger
        try await Blocking.run { Trees.remove(folder, logger) }
        publishVolume("destroy", name, ["driver": "local"])
    }

    /// The identifiers of the containers that use it.
    public func users(ofVolume name: String) -> [String] {
        containers.values
            .filter { container in
                container.record.resolved.mounts.contains { $0.kind == .volume && $0.name == name }
            }
            .map(\.id).sorted()
    }

    /// A volume that is not recorded yet.
    func newVolume(_ name: String?) throws(EngineError) -> VolumeRecord {
        let anonymous = name == nil
        let name = name ?? Identifier.random()
        guard Identifier.isValidName(name) else {
            throw EngineError(
                .invalid,
                "create \(name): \"\(name)\" includes invalid characters for a local volume name, only "
                    + "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
            )
        }
        return VolumeRecord(
            name: name, mountpoint: paths.volume(name) + "/_data", created: Timestamp.now, labels: [:], options: [:],
            anonymous: anonymous, filled: false)
    }

    func publishVolume(_ action: String, _ name: String, _ attributes: [String: String] = [:]) {
        events.publish(
            EngineEvent(kind: .volume, action: action, actor: name, attributes: attributes, time: Timestamp.now))
    }
}
