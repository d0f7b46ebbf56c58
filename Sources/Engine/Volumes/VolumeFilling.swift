extension Engine {
    /// Fills new volumes from the image.
    func fillVolumes(_ container: ManagedContainer, _ layers: [String]) async throws(EngineError) {}
}
