import DockerModels
import Engine
import NIOHTTP1

/// Networks: in this version the three that are always there.
struct NetworkRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            Route(.GET, "/networks") { try await list($0) },
            Route(.GET, "/networks/") { try await list($0) },
            Route(.POST, "/networks/create") { _ in throw NotYet.error("creating networks") },
            Route(.POST, "/networks/prune") { _ in throw NotYet.error("pruning networks") },
            Route(.POST, "/networks/{id}/connect") { _ in throw NotYet.error("connecting containers to networks") },
            Route(.POST, "/networks/{id}/disconnect") { _ in
                throw NotYet.error("disconnecting containers from networks")
            },
            Route(.GET, "/networks/{id}") { call in
                try .json(await describe(try await engine.network(named: call.name), members: true))
            },
            Route(.DELETE, "/networks/{id}") { call in
                let network = try await engine.network(named: call.name)
                throw APIError(
                    .forbidden, "\(network.name) is a pre-defined network and cannot be removed")
            },
        ]
    }

    private func list(_ call: Call) async throws -> Reply {
        let filters = try Filters(
            call.query["filters"], allowed: ["dangling", "driver", "id", "label", "name", "scope", "type"])
        let names = try filters.patterns("name")
        let unused = try filters.flag("dangling") ?? false
        var networks: [NetworkDescription] = []
        for network in await engine.networks() {
            guard !unused, names.isEmpty || names.contains(where: { $0.matches(network.name) }),
                filters.matches("driver", { $0 == network.driver }),
                filters.matches("id", { network.id.hasPrefix($0) }), filters.matchesLabels([:]),
                filters.matches("scope", { $0 == "local" }), filters.matches("type", { $0 == "builtin" })
            else { continue }
            networks.append(await describe(network, members: false))
        }
        return try .json(networks)
    }

    private func describe(_ network: NetworkRecord, members: Bool) async -> NetworkDescription {
        var made = NetworkDescription()
        made.name = network.name
        made.id = network.id
        made.created = RFC3339.text(network.created)
        made.scope = "local"
        made.driver = network.driver
        made.enableIPv4 = true
        made.enableIPv6 = false
        made.isInternal = false
        made.attachable = false
        made.ingress = false
        made.configOnly = false
        made.configFrom = .init()
        made.ipam = .init(config: network.subnet.map { [.init(subnet: $0, gateway: network.gateway)] } ?? [])
        made.options =
            network.interface.map {
                [
                    "com.docker.network.bridge.default_bridge": "true", "com.docker.network.bridge.name": $0,
                    "com.docker.network.bridge.enable_icc": "true",
                    "com.docker.network.bridge.enable_ip_masquerade": "true",
                    "com.docker.network.driver.mtu": String(network.mtu),
                ]
            } ?? [:]
        made.labels = [:]
        var containers: [String: NetworkDescription.Member] = [:]
        if members {
            for (id, endpoint) in network.endpoints {
                var member = NetworkDescription.Member()
                // It may have gone in between; then it has no name any more.
                member.name = (try? await engine.container(named: id).name) ?? ""
                member.endpointID = endpoint.id
                member.macAddress = endpoint.hardwareAddress
                member.ipv4Address = "\(endpoint.address)/\(endpoint.prefixLength)"
                member.ipv6Address = ""
                containers[id] = member
            }
        }
        made.containers = containers
        return made
    }
}
