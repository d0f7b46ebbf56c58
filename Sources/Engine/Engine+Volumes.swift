extension Engine {
    /// Creates a volume, or gives the one of that name; nil makes up a name.
    public func createVolume(
        _ name: String?, driver: String = "local", labels: [String: String] = [:], options: [String: String] = [:]
    ) async throws(EngineError) -> VolumeRecord {
        throw EngineError(.unavailable, "not yet")
    }

    /// All volumes.
    public func volumes() -> [VolumeRecord] { [] }

    /// One volume by its name.
    public func volume(named name: String) throws(EngineError) -> VolumeRecord {
        throw EngineError(.notFound, "get \(name): no such volume")
    }

    /// Removes it with all its data, unless a container uses it.
    public func removeVolume(_ name: String, force: Bool = false) async throws(EngineError) {
        throw EngineError(.notFound, "get \(name): no such volume")
    }

    /// The identifiers of the containers that use it.
    public func users(ofVolume name: String) -> [String] { [] }
}
