extension Engine {
    /// What the engine says of itself and its host.
    public func info() async -> SystemReport {
        SystemReport(id: "", root: configuration.root)
    }

    /// The default bridge, the host's network and none.
    public func networks() async -> [NetworkRecord] { [] }

    /// One network by its name or identifier.
    public func network(named name: String) async throws(EngineError) -> NetworkRecord {
        throw EngineError(.notFound, "network \(name) not found")
    }
}
