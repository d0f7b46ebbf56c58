import DockerModels
import Engine
import NIOHTTP1

/// Answers requests: finds the route, calls it, and says what failed in Docker's shape.
struct Service: Sendable {
    let engine: Engine
    private let router: Router
    /// Headers of every answer.
    private let headers: HTTPHeaders

    init(engine: Engine) {
        self.engine = engine
        let headers: HTTPHeaders = [
            "Api-Version": APIVersion.newest.description, "Ostype": "linux", "Docker-Experimental": "false",
            "Server": "Docker/\(engine.configuration.version) (linux)",
        ]
        self.headers = headers
        let groups = [
            SystemRoutes(engine: engine, headers: headers).routes,
            ContainerRoutes(engine: engine).routes,
            ContainerStreamRoutes(engine: engine, headers: headers).routes,
            ExecRoutes(engine: engine).routes,
            ImageRoutes(engine: engine).routes,
            VolumeRoutes(engine: engine).routes,
            NetworkRoutes(engine: engine).routes,
            EventRoutes(engine: engine, headers: headers).routes,
            MachineRoutes(engine: engine, headers: headers).routes,
            AbsentRoutes().routes,
        ]
        router = Router(routes: groups.flatMap { $0 })
    }

    /// Answers one request.
    func respond(_ exchange: Exchange) async {
        do {
            switch try await reply(to: exchange) {
            case .written: break
            case .empty(let status): exchange.reply(status, headers, [])
            case .bytes(let status, let type, let bytes):
                var headers = self.headers
                headers.add(name: "Content-Type", value: type)
                exchange.reply(status, headers, bytes)
            }
        } catch {
            fail(exchange, APIError(error))
        }
    }

    private func reply(to exchange: Exchange) async throws -> Reply {
        let parts = exchange.head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path = parts[0]
        if exchange.head.method == .OPTIONS { return .empty(.ok) }
        let version = try APIVersion.taken(from: &path)
        guard let (route, name) = router.find(exchange.head.method, path) else { throw AbsentRoutes.error(path) }
        let query = Query(parts.count > 1 ? parts[1] : "")
        return try await route.handler(Call(exchange: exchange, version: version, name: name, query: query))
    }

    private func fail(_ exchange: Exchange, _ error: APIError) {
        // Behind the head there is no way to tell what failed but to break off.
        guard !exchange.hasBegun else { return exchange.abort() }
        if error.status == .notModified { return exchange.reply(.notModified, headers, []) }
        var headers = self.headers
        headers.add(name: "Content-Type", value: "application/json")
        let body = (try? DockerJSON.encode(ErrorMessage(message: error.message))) ?? []  // a string always encodes
        exchange.reply(error.status, headers, body + [UInt8(ascii: "\n")])
    }
}
