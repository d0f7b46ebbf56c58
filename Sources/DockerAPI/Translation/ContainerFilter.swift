import Engine
import NIOHTTP1

/// Decides which containers a list shows.
struct ContainerFilter {
    static let names: Set<String> = [
        "ancestor", "before", "expose", "exited", "health", "id", "is-task", "isolation", "label", "name", "network",
        "publish", "since", "status", "volume",
    ]

    private let filters: Filters
    private let namePatterns: [Filters.Pattern]
    private let exitCodes: [Int32]
    private let published: [ContainerPort]
    private let exposed: [ContainerPort]
    private let before: Int64?
    private let since: Int64?

    /// - Parameter created: when a container was created, by its name.
    init(_ filters: Filters, created: (String) async throws -> Int64) async throws {
        self.filters = filters
        namePatterns = try filters.patterns("name")
        var codes: [Int32] = []
        for text in filters["exited"] {
            guard let code = Int32(text) else { throw APIError(.badRequest, "invalid filter 'exited=[\(text)]'") }
            codes.append(code)
        }
        exitCodes = codes
        for status in filters["status"] where ContainerState.Status(rawValue: status) == nil {
            throw APIError(.badRequest, "invalid filter 'status=[\(status)]'")
        }
        for health in filters["health"] where !["none", "starting", "healthy", "unhealthy"].contains(health) {
            throw APIError(.badRequest, "invalid filter 'health=[\(health)]'")
        }
        published = try ContainerFilter.ports(filters["publish"])
        exposed = try ContainerFilter.ports(filters["expose"])
        var before: Int64?
        for name in filters["before"] { before = min(before ?? .max, try await created(name)) }
        self.before = before
        var since: Int64?
        for name in filters["since"] { since = max(since ?? .min, try await created(name)) }
        self.since = since
    }

    private static func ports(_ texts: [String]) throws(APIError) -> [ContainerPort] {
        var ports: [ContainerPort] = []
        for text in texts { ports.append(contentsOf: try PortText.ports(text)) }
        return ports
    }

    /// Whether the filters ask for containers that don't run.
    var wantsAll: Bool { !filters["status"].isEmpty || !exitCodes.isEmpty }

    func matches(_ container: ContainerRecord) -> Bool {
        guard filters.matches("id", { container.id.hasPrefix($0) }),
            namePatterns.isEmpty
                || namePatterns.contains(where: { $0.matches(container.name) || $0.matches("/" + container.name) }),
            filters.matches("status", { container.state.status.rawValue == $0 }),
            filters.matches("health", { $0 == "none" }),
            filters.matches("is-task", { $0 != "true" }),
            filters.matches("isolation", { isolation(container, is: $0) }),
            filters.matchesLabels(container.resolved.labels),
            exitCodes.isEmpty || (container.state.status == .exited && exitCodes.contains(container.state.exitCode)),
            filters.matches("ancestor", { ancestor(container, is: $0) }),
            filters.matches("volume", { uses(container, volume: $0) }),
            filters.matches("network", { container.networkName == $0 })
        else { return false }
        if let before, container.created >= before { return false }
        if let since, container.created <= since { return false }
        return matchesPorts(container)
    }

    private func matchesPorts(_ container: ContainerRecord) -> Bool {
        if !published.isEmpty {
            let ports = Set(container.publishedPorts.map(\.port))
            if ports.isDisjoint(with: published) { return false }
        }
        return exposed.isEmpty || !Set(container.resolved.exposedPorts).isDisjoint(with: exposed)
    }

    private func isolation(_ container: ContainerRecord, is text: String) -> Bool {
        let level = container.specification.isolation
        return level.text == text || (level == .process && text == "default")
    }

    private func ancestor(_ container: ContainerRecord, is name: String) -> Bool {
        let image = container.specification.image
        if image == name || image == name + ":latest" || name == image + ":latest" { return true }
        let digits = container.resolved.imageID.dropFirst("sha256:".count)
        return container.resolved.imageID == name || (name.utf8.count >= 12 && digits.hasPrefix(name))
    }

    private func uses(_ container: ContainerRecord, volume: String) -> Bool {
        container.resolved.mounts.contains { $0.name == volume || $0.target == volume || $0.source == volume }
    }
}

extension ContainerRecord {
    /// The name of its network as clients know it.
    var networkName: String {
        switch specification.network.mode {
        case .bridge: "bridge"
        case .none: "none"
        case .host: "host"
        case .container(let name): "container:\(resolved.networkContainer ?? name)"
        }
    }
}
