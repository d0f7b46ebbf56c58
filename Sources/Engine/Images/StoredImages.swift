import Images
import OCI

/// Images as containers need them, out of the daemon's store.
struct StoredImages: ImageSource {
    let store: ImageStore

    func defaults(named name: String) async throws(EngineError) -> ImageDefaults {
        do {
            let image = try await store.image(named: name)
            let process = image.configuration.process
            var defaults = ImageDefaults()
            defaults.id = "\(image.id)"
            defaults.entrypoint = process.entrypoint
            defaults.command = process.command
            defaults.environment = process.environment
            defaults.workingDirectory = process.workingDirectory
            defaults.user = process.user
            defaults.labels = process.labels
            defaults.exposedPorts = process.exposedPorts.compactMap(StoredImages.port)
            defaults.volumes = process.volumes
            defaults.stopSignal = process.stopSignal.isEmpty ? nil : process.stopSignal
            return defaults
        } catch { throw EngineError(error) }
    }

    func layers(of id: String) async throws(EngineError) -> [String] {
        do { return try await store.layerDirectories(of: digest(id)) } catch { throw EngineError(error) }
    }

    func blockImage(of id: String) async throws(EngineError) -> String {
        do { return try await store.blockImage(of: digest(id)) } catch { throw EngineError(error) }
    }

    private func digest(_ id: String) throws(ImageError) -> Digest {
        guard let digest = Digest(id) else { throw .notFound(id) }
        return digest
    }

    /// `80/tcp`; what an image says wrongly exposes nothing.
    private static func port(_ text: String) -> ContainerPort? {
        let parts = text.split(separator: "/")
        guard let number = parts.first.flatMap({ UInt16($0) }), number > 0 else { return nil }
        guard let transport = ContainerPort.Transport(rawValue: parts.count > 1 ? parts[1].lowercased() : "tcp") else {
            return nil
        }
        return ContainerPort(number: number, transport: transport)
    }
}

extension EngineError {
    /// What an image's error is to clients.
    init(_ error: ImageError) {
        let kind: Kind =
            switch error {
            case .notFound: .notFound
            case .ambiguous, .invalidReference, .invalidArchive: .invalid
            case .conflict: .conflict
            case .failed: .internal
            }
        self.init(kind, error.description)
    }
}
