import DockerModels
import Engine
import OCI
import NIOHTTP1

/// Containers: what lists and changes them.
struct ContainerRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            Route(.GET, "/containers/json") { try await list($0) },
            Route(.POST, "/containers/create") { try await create($0) },
            Route(.POST, "/containers/prune") { _ in throw NotYet.error("pruning containers") },
            Route(.GET, "/containers/{name}/json") { try await inspect($0) },
            Route(.GET, "/containers/{name}/top") { try await top($0) },
            Route(.POST, "/containers/{name}/start") { try await start($0) },
            Route(.POST, "/containers/{name}/stop") { try await stop($0) },
            Route(.POST, "/containers/{name}/restart") { try await restart($0) },
            Route(.POST, "/containers/{name}/kill") { try await kill($0) },
            Route(.POST, "/containers/{name}/pause") { call in
                try await engine.pause(call.name)
                return .empty(.noContent)
            },
            Route(.POST, "/containers/{name}/unpause") { call in
                try await engine.unpause(call.name)
                return .empty(.noContent)
            },
            Route(.POST, "/containers/{name}/rename") { try await rename($0) },
            Route(.POST, "/containers/{name}/resize") { try await resize($0) },
            Route(.DELETE, "/containers/{name}") { try await remove($0) },
        ]
    }

    private func create(_ call: Call) async throws -> Reply {
        let specification = try ContainerRoutes.specification(try await call.document(), call.query)
        let created = try await engine.create(specification)
        return try .json(ContainerCreated(id: created.id, warnings: created.warnings), .created)
    }

    /// What a creation asks for, in the engine's terms.
    ///
    /// On its own because Swift 6.3's optimiser crashes where it splits a coroutine with all of a creation's fields.
    @inline(never)
    private static func specification(
        _ document: JSON, _ query: Query
    ) throws -> ContainerSpecification {
        let creation = try DockerJSON.decode(ContainerCreation.self, from: document)
        if let platform = query["platform"], !platform.isEmpty, !Platform.isOurs(platform) {
            throw APIError(
                .badRequest,
                "image with reference \(creation.config.image ?? "") was found but does not match the "
                    + "specified platform: wanted \(platform), actual: \(Platform.name)")
        }
        return try CreationTranslator(creation).specification(name: query["name"])
    }

    private func start(_ call: Call) async throws -> Reply {
        try await engine.start(call.name)
        return .empty(.noContent)
    }

    private func stop(_ call: Call) async throws -> Reply {
        try await engine.stop(call.name, timeout: try call.query.number("t"), signal: signal(call))
        return .empty(.noContent)
    }

    private func restart(_ call: Call) async throws -> Reply {
        try await engine.restart(call.name, timeout: try call.query.number("t"), signal: signal(call))
        return .empty(.noContent)
    }

    private func kill(_ call: Call) async throws -> Reply {
        try await engine.kill(call.name, signal: signal(call))
        return .empty(.noContent)
    }

    private func signal(_ call: Call) -> String? { call.query["signal"].nonEmpty }

    private func rename(_ call: Call) async throws -> Reply {
        let name = call.query["name"] ?? ""
        try await engine.rename(call.name, to: name.first == "/" ? String(name.dropFirst()) : name)
        return .empty(.noContent)
    }

    private func resize(_ call: Call) async throws -> Reply {
        let size = try call.terminalSize()
        try await engine.resize(call.name, rows: size.rows, columns: size.columns)
        return .empty(.ok)
    }

    private func remove(_ call: Call) async throws -> Reply {
        if call.query.flag("link") { throw UnsupportedFields.refused("link") }
        try await engine.remove(call.name, force: call.query.flag("force"), volumes: call.query.flag("v"))
        return .empty(.noContent)
    }

    private func top(_ call: Call) async throws -> Reply {
        let builder = try ProcessTableBuilder(arguments: call.query["ps_args"] ?? "", now: Timestamp.now)
        return try .json(builder.table(try await engine.top(call.name)))
    }

    private func inspect(_ call: Call) async throws -> Reply {
        let container = try await engine.container(named: call.name)
        let execs = await engine.execs(of: container.id)
        let describer = ContainerDescriber(container: container, networkID: await networkID(of: container))
        return try .json(try describer.inspection(execs: execs))
    }

    private func networkID(of container: ContainerRecord) async -> String {
        await engine.networks().first { $0.name == container.networkName }?.id ?? ""
    }

    private func list(_ call: Call) async throws -> Reply {
        let filters = try Filters(call.query["filters"], allowed: ContainerFilter.names)
        let filter = try await ContainerFilter(filters) { try await engine.container(named: $0).created }
        let limit: Int = try call.query.number("limit") ?? 0
        let all = call.query.flag("all") || filter.wantsAll || limit > 0
        var networks: [String: String] = [:]
        for network in await engine.networks() { networks[network.name] = network.id }
        let now = Timestamp.now
        var summaries: [ContainerSummary] = []
        for container in await engine.list(all: all) where filter.matches(container) {
            if limit > 0 && summaries.count == limit { break }
            let describer = ContainerDescriber(
                container: container, networkID: networks[container.networkName] ?? "")
            summaries.append(describer.summary(now: now))
        }
        return try .json(summaries)
    }
}

extension Call {
    /// The size in the query, as rows and columns.
    func terminalSize() throws(APIError) -> (rows: UInt16, columns: UInt16) {
        guard let rows = try query.number("h", as: UInt16.self), let columns = try query.number("w", as: UInt16.self)
        else { throw APIError(.badRequest, "invalid resize: h and w are needed") }
        return (rows, columns)
    }
}

/// The platform that images must be for.
enum Platform {
    #if arch(arm64)
    static let architecture = "arm64"
    #else
    static let architecture = "amd64"
    #endif
    static let name = "linux/\(architecture)"

    static func isOurs(_ text: String) -> Bool {
        let parts = text.lowercased().split(separator: "/")
        return parts.first == "linux" && (parts.count == 1 || parts[1] == architecture || parts[1] == "x86_64")
    }
}

/// What later versions do.
enum NotYet {
    static func error(_ what: String) -> APIError { APIError(.notImplemented, "\(what) is not there yet") }
}
