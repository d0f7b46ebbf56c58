import NIOHTTP1

/// What is not there: what Docker has and this version has not says so, instead of looking like a wrong path.
struct AbsentRoutes: Sendable {
    private static let swarm =
        "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node "
        + "to swarm and try again."

    private static let swarmPaths = ["/swarm", "/nodes", "/services", "/tasks", "/secrets", "/configs"]

    private static let later: [(HTTPMethod, String, String)] = [
        (.POST, "/build", "building images"), (.POST, "/build/prune", "building images"),
        (.POST, "/build/cancel", "building images"), (.POST, "/commit", "committing containers"),
        (.POST, "/auth", "logging in to registries"), (.GET, "/system/df", "reporting disk usage"),
        (.POST, "/containers/{name}/update", "updating containers"),
        (.GET, "/containers/{name}/changes", "listing changes of containers"),
        (.GET, "/containers/{name}/export", "exporting containers"),
        (.HEAD, "/containers/{name}/archive", "copying files"), (.GET, "/containers/{name}/archive", "copying files"),
        (.PUT, "/containers/{name}/archive", "copying files"),
        (.GET, "/distribution/{name}/json", "asking registries"),
    ]

    var routes: [Route] {
        [Route(.GET, "/plugins") { _ in try .json([String]()) }]
            + Self.later.map { method, path, what in Route(method, path) { _ in throw NotYet.error(what) } }
    }

    /// The error for a path that no route has.
    static func error(_ path: Substring) -> APIError {
        let isSwarm = swarmPaths.contains { path == $0 || path.hasPrefix($0 + "/") }
        return isSwarm ? APIError(.serviceUnavailable, swarm) : .pageNotFound
    }
}
