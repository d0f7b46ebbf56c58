/// What containers need of images: a seam, so that the engine is tested without a content store.
protocol ImageSource: Sendable {
    /// What an image says of how its program is run.
    ///
    /// - Throws: `notFound`, `No such image: X:latest`.
    func defaults(named name: String) async throws(EngineError) -> ImageDefaults

    /// The directories of its layers, topmost first.
    func layers(of id: String) async throws(EngineError) -> [String]

    /// The path of its block image, made the first time.
    func blockImage(of id: String) async throws(EngineError) -> String
}
