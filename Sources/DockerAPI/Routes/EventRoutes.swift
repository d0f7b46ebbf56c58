import DockerModels
import Engine
import NIOHTTP1

/// What happens, as it happens.
struct EventRoutes: Sendable {
    let engine: Engine
    /// Headers of every answer.
    let headers: HTTPHeaders

    var routes: [Route] { [Route(.GET, "/events") { try await events($0) }] }

    private static let filterNames: Set<String> = [
        "config", "container", "daemon", "event", "image", "label", "machine", "network", "node", "plugin", "scope",
        "secret", "service", "type", "volume",
    ]

    private func events(_ call: Call) async throws -> Reply {
        let filters = try Filters(call.query["filters"], allowed: Self.filterNames)
        let since = try call.query.time("since")
        let until = try call.query.time("until")
        if let since, let until, until < since {
            throw APIError(.badRequest, "`since` time (\(since)) cannot be after `until` time (\(until))")
        }
        let stream = engine.events.subscribe(since: since, until: until) { Self.matches($0, filters) }
        var headers = headers
        headers.add(name: "Content-Type", value: "application/json")
        call.exchange.begin(.ok, headers)
        call.exchange.endWithClient()
        let outlet = Outlet(call.exchange)
        for await event in stream {
            try await outlet.write(try DockerJSON.encode(Self.message(event)) + [UInt8(ascii: "\n")])
        }
        try await outlet.drained()
        call.exchange.finish()
        return .written
    }

    static func matches(_ event: EngineEvent, _ filters: Filters) -> Bool {
        guard filters.matches("type", { $0 == event.kind.rawValue }),
            filters.matches("scope", { $0 == "local" }),
            filters.matches("event", { event.action == $0 || event.action.hasPrefix($0 + ":") }),
            filters.matchesLabels(event.attributes)
        else { return false }
        for kind in EngineEvent.Kind.allCases {
            let names = filters[kind.rawValue]
            if names.isEmpty { continue }
            guard event.kind == kind || (kind == .image && event.kind == .container) else { return false }
            let name = kind == .image && event.kind == .container ? event.attributes["image"] : event.attributes["name"]
            let matches = names.contains { wanted in
                event.kind == kind && event.actor.hasPrefix(wanted) || name == wanted
                    || name.map { $0 + ":latest" == wanted || $0 == wanted + ":latest" } ?? false
            }
            guard matches else { return false }
        }
        return ["node", "service", "secret", "config", "plugin"].allSatisfy { filters[$0].isEmpty }
    }

    static func message(_ event: EngineEvent) -> EventMessage {
        var message = EventMessage()
        if event.kind == .container || event.kind == .image {
            message.status = event.action
            message.id = event.actor
            message.from = event.kind == .container ? event.attributes["image"] : nil
        }
        message.type = event.kind.rawValue
        message.action = event.action
        message.actor = .init(id: event.actor, attributes: event.attributes)
        message.scope = "local"
        message.time = event.time / 1_000_000_000
        message.timeNano = event.time
        return message
    }
}
