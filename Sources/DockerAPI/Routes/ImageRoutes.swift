import DockerModels
import Engine
import Images
import NIOHTTP1

/// Images.
struct ImageRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            Route(.GET, "/images/json") { try await list($0) },
            Route(.GET, "/images/search") { _ in throw NotYet.error("searching registries") },
            Route(.GET, "/images/get") { _ in throw NotYet.error("saving images") },
            Route(.POST, "/images/load") { try await load($0) },
            Route(.POST, "/images/create") { try await create($0) },
            Route(.POST, "/images/prune") { _ in throw NotYet.error("pruning images") },
            Route(.GET, "/images/{name}/json") { call in
                try .json(ImageDescriber(image: try await engine.image(named: call.name)).inspection())
            },
            Route(.GET, "/images/{name}/history") { call in
                try .json(ImageDescriber(image: try await engine.image(named: call.name)).history())
            },
            Route(.GET, "/images/{name}/get") { _ in throw NotYet.error("saving images") },
            Route(.POST, "/images/{name}/push") { _ in throw NotYet.error("pushing images") },
            Route(.POST, "/images/{name}/tag") { try await tag($0) },
            Route(.DELETE, "/images/{name}") { try await remove($0) },
        ]
    }

    private func list(_ call: Call) async throws -> Reply {
        let filters = try Filters(
            call.query["filters"], allowed: ["before", "dangling", "label", "reference", "since", "until"])
        let filter = try await ImageFilter(filters) { try await engine.image(named: $0).created }
        var summaries: [ImageSummary] = []
        for image in await engine.listImages() where filter.matches(image) {
            let containers = await engine.containerCount(ofImage: image.id)
            summaries.append(ImageDescriber(image: image).summary(containers: containers))
        }
        return try .json(summaries)
    }

    private func load(_ call: Call) async throws -> Reply {
        let upload = try await receive(call)
        let loaded = try await engine.loadImages(archive: upload.path)
        withExtendedLifetime(upload) {}
        var messages: [ProgressMessage] = []
        for image in loaded {
            if image.references.isEmpty {
                messages.append(ProgressMessage(stream: "Loaded image ID: \(image.id)\n"))
            }
            for name in image.references { messages.append(ProgressMessage(stream: "Loaded image: \(name)\n")) }
        }
        return try progress(messages)
    }

    /// Both ways to a new image that share a path: importing an archive, and pulling.
    private func create(_ call: Call) async throws -> Reply {
        if let name = call.query["fromImage"].nonEmpty {
            let tag = call.query["tag"].nonEmpty.map { $0.contains(":") ? "@\($0)" : ":\($0)" } ?? ""
            // Clients ask this when an image is missing, and show the text.
            let familiar = name.hasPrefix("docker.io/library/") ? name.dropFirst("docker.io/library/".count) : name[...]
            throw APIError(
                .notFound,
                "pull access denied for \(familiar)\(tag): pulling images is not there yet: "
                    + "bring one in with 'docker load' or 'docker import'")
        }
        guard let source = call.query["fromSrc"].nonEmpty else {
            throw APIError(.badRequest, "neither fromImage nor fromSrc is given")
        }
        guard source == "-" else { throw NotYet.error("importing from \(source)") }
        if let platform = call.query["platform"].nonEmpty, !Platform.isOurs(platform) {
            throw NotYet.error("importing for platform \(platform)")
        }
        let upload = try await receive(call)
        let reference = call.query["repo"].nonEmpty.map { name in
            call.query["tag"].nonEmpty.map { "\(name):\($0)" } ?? name
        }
        let id = try await engine.importImage(
            archive: upload.path, changes: call.query.all("changes"), message: call.query["message"] ?? "",
            reference: reference)
        withExtendedLifetime(upload) {}
        return try progress([ProgressMessage(status: "\(id)")])
    }

    private func receive(_ call: Call) async throws -> Upload {
        try await Upload.receive(call.exchange.body, in: engine.configuration.root + "/content/ingest")
    }

    private func progress(_ messages: [ProgressMessage]) throws -> Reply {
        var bytes: [UInt8] = []
        for message in messages { bytes += try DockerJSON.encode(message) + Array("\r\n".utf8) }
        return .bytes(.ok, type: "application/json", bytes)
    }

    private func tag(_ call: Call) async throws -> Reply {
        guard let repository = call.query["repo"].nonEmpty else {
            throw APIError(.badRequest, "invalid reference format: repo is missing")
        }
        let name = call.query["tag"].nonEmpty.map { "\(repository):\($0)" } ?? repository
        try await engine.tagImage(call.name, as: name)
        return .empty(.created)
    }

    private func remove(_ call: Call) async throws -> Reply {
        let steps = try await engine.removeImage(call.name, force: call.query.flag("force"))
        let removed = steps.map { step -> DockerModels.ImageRemoval in
            switch step {
            case .untagged(let reference): .init(untagged: reference)
            case .deleted(let id): .init(deleted: "\(id)")
            }
        }
        return try .json(removed)
    }
}
