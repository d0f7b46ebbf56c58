import DockerModels
import Engine
import NIOHTTP1

/// The network, its ports and its names.
struct NetworkTranslator {
    let config: ContainerConfig
    let host: HostConfig
    let endpoints: [String: EndpointSettings?]

    init(_ creation: ContainerCreation) {
        config = creation.config
        host = creation.hostConfig ?? HostConfig()
        endpoints = creation.networkingConfig?.endpointsConfig ?? [:]
    }

    func network() throws(APIError) -> NetworkSpecification {
        var network = NetworkSpecification()
        network.mode = try mode()
        network.hardwareAddress = try hardwareAddress()
        for port in (config.exposedPorts ?? [:]).keys.sorted() {
            network.exposed.append(contentsOf: try PortText.ports(port))
        }
        network.ports = try bindings()
        network.publishAll = host.publishAllPorts ?? false
        network.nameServers = host.dns ?? []
        network.searchDomains = host.dnsSearch ?? []
        network.resolverOptions = host.dnsOptions ?? []
        for line in host.extraHosts ?? [] {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw APIError(.badRequest, "bad format for add-host: \"\(line)\"")
            }
        }
        network.extraHosts = host.extraHosts ?? []
        return network
    }

    private func mode() throws(APIError) -> NetworkSpecification.Mode {
        if config.networkDisabled ?? false { return .none }
        switch host.networkMode ?? "" {
        case "", "default", "bridge": return .bridge
        case "none": return .none
        case "host": return .host
        case let mode where mode.hasPrefix("container:"):
            let container = String(mode.dropFirst("container:".count))
            guard !container.isEmpty else {
                throw APIError(.badRequest, "invalid container format container:<name|id>")
            }
            return .container(container)
        case let mode: throw APIError(.notFound, "network \(mode) not found")
        }
    }

    private func hardwareAddress() throws(APIError) -> String? {
        var address = config.macAddress.nonEmpty
        for (name, endpoint) in endpoints {
            guard ["", "default", "bridge", "none", "host"].contains(name) else {
                throw APIError(.notFound, "network \(name) not found")
            }
            guard let endpoint else { continue }
            if endpoint.ipamConfig?.ipv4Address.nonEmpty != nil || endpoint.ipamConfig?.ipv6Address.nonEmpty != nil {
                throw APIError(
                    .badRequest, "user specified IP address is supported on user defined networks only")
            }
            if !(endpoint.aliases ?? []).isEmpty {
                throw APIError(
                    .badRequest, "network-scoped alias is supported only for containers in user defined networks")
            }
            if !(endpoint.links ?? []).isEmpty { throw UnsupportedFields.refused("EndpointsConfig.Links") }
            if !(endpoint.driverOpts ?? [:]).isEmpty { throw UnsupportedFields.refused("EndpointsConfig.DriverOpts") }
            address = endpoint.macAddress.nonEmpty ?? address
        }
        return address
    }

    private func bindings() throws(APIError) -> [PortSpecification] {
        var made: [PortSpecification] = []
        for (text, bindings) in (host.portBindings ?? [:]).sorted(by: { $0.key < $1.key }) {
            let ports = try PortText.ports(text)
            for port in ports {
                for binding in bindings ?? [] {
                    var range: ClosedRange<UInt16>?
                    if let hostPort = binding.hostPort.nonEmpty, hostPort != "0" {
                        guard let parsed = PortText.range(hostPort[...]) else {
                            throw APIError(.badRequest, "invalid port specification: \"\(hostPort)\"")
                        }
                        range = parsed
                    }
                    made.append(
                        PortSpecification(port: port, hostAddress: binding.hostIP ?? "", hostPorts: range))
                }
            }
        }
        return made
    }
}
