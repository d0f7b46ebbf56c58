import DockerModels
import Engine
import NIOHTTP1

/// Volumes.
struct VolumeRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            Route(.GET, "/volumes") { try await list($0) },
            Route(.POST, "/volumes/create") { try await create($0) },
            Route(.POST, "/volumes/prune") { _ in throw NotYet.error("pruning volumes") },
            Route(.GET, "/volumes/{name}") { try .json(describe(try await engine.volume(named: $0.name))) },
            Route(.DELETE, "/volumes/{name}") { call in
                try await engine.removeVolume(call.name, force: call.query.flag("force"))
                return .empty(.noContent)
            },
        ]
    }

    private func list(_ call: Call) async throws -> Reply {
        let filters = try Filters(call.query["filters"], allowed: ["dangling", "driver", "label", "name"])
        let patterns = try filters.patterns("name")
        let dangling = try filters.flag("dangling")
        var volumes: [VolumeDescription] = []
        for volume in await engine.volumes() {
            guard filters.matchesLabels(volume.labels), filters.matches("driver", { $0 == "local" }),
                patterns.isEmpty || patterns.contains(where: { $0.matches(volume.name) })
            else { continue }
            if let dangling {
                guard await engine.users(ofVolume: volume.name).isEmpty == dangling else { continue }
            }
            volumes.append(describe(volume))
        }
        return try .json(VolumeList(volumes: volumes))
    }

    private func create(_ call: Call) async throws -> Reply {
        let creation: VolumeCreation = try await call.body()
        let driver = creation.driver.nonEmpty ?? "local"
        guard driver == "local" else {
            throw APIError(
                .notFound,
                "create \(creation.name ?? ""): error looking up volume plugin \(driver): plugin \"\(driver)\" not found"
            )
        }
        let name = try creation.name.nonEmpty.map { name throws(APIError) in try MountTranslator.volumeName(name) }
        let volume = try await engine.createVolume(
            name, driver: driver, labels: creation.labels ?? [:], options: creation.driverOpts ?? [:])
        return try .json(describe(volume), .created)
    }

    private func describe(_ volume: VolumeRecord) -> VolumeDescription {
        var made = VolumeDescription()
        made.name = volume.name
        made.driver = "local"
        made.mountpoint = volume.mountpoint
        made.createdAt = RFC3339.text(volume.created / 1_000_000_000 * 1_000_000_000)
        made.scope = "local"
        made.labels = volume.labels
        made.options = volume.options
        return made
    }
}
