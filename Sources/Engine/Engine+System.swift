extension Engine {
    /// What the engine says of itself and its host.
    public func info() async -> SystemReport {
        SystemReport(id: "", root: configuration.root)
    }
}
