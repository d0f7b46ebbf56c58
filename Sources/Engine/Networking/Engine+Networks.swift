import Linux
import Logging
import Networks

extension Engine {
    /// The default bridge, the host's network and none.
    public func networks() async -> [NetworkRecord] {
        let gateway = await network.gateway
        var bridge = NetworkRecord(
            id: networkIdentifiers["bridge"] ?? "", name: "bridge", driver: "bridge",
            subnet: gateway.map { $0.networkText }, gateway: gateway.map { "\($0.address)" },
            interface: network.configuration.name, mtu: Int(network.configuration.mtu), created: openedAt,
            endpoints: [:])
        var host = NetworkRecord(
            id: networkIdentifiers["host"] ?? "", name: "host", driver: "host", subnet: nil, gateway: nil,
            interface: nil, mtu: 0, created: openedAt, endpoints: [:])
        var none = host
        none.id = networkIdentifiers["none"] ?? ""
        none.name = "none"
        none.driver = "null"
        for container in containers.values where container.record.state.isRunning {
            let absent = EndpointRecord(
                id: "", address: "", prefixLength: 0, gateway: "", hardwareAddress: "", mtu: 0)
            switch container.record.specification.network.mode {
            case .bridge: bridge.endpoints[container.id] = container.record.endpoint
            case .host: host.endpoints[container.id] = absent
            case .none: none.endpoints[container.id] = absent
            case .container: continue
            }
        }
        return [bridge, host, none]
    }

    /// One network by its name, its identifier or the beginning of that.
    public func network(named name: String) async throws(EngineError) -> NetworkRecord {
        let all = await networks()
        if let found = all.first(where: { $0.name == name || $0.id == name }) { return found }
        let found = all.filter { !name.isEmpty && $0.id.hasPrefix(name) }
        guard let network = found.first, found.count == 1 else {
            throw EngineError(.notFound, "network \(name) not found")
        }
        return network
    }

    /// A machine's place on the bridge, in which the containers in it have theirs.
    func reserveNetwork(_ machine: ManagedMachine) async throws(EngineError) -> Endpoint {
        do throws(NetworkError) {
            try await network.open()
            let endpoint = try await network.reserve(machine.id)
            machine.record.endpoint = EndpointRecord(endpoint)
            return endpoint
        } catch {
            throw EngineError(error)
        }
    }

    func adoptNetwork(_ machine: ManagedMachine) async {
        guard let known = machine.record.endpoint, let endpoint = Endpoint(known) else { return }
        do throws(NetworkError) {
            try await network.adopt(endpoint, of: machine.id)
        } catch {
            logger.warning("take over the network of machine \(machine.name): \(error)")
        }
    }

    func releaseNetwork(_ machine: ManagedMachine) async {
        guard machine.record.endpoint != nil else { return }
        machine.record.endpoint = nil
        do throws(NetworkError) {
            try await network.release(machine.id)
        } catch {
            logger.warning("give back the network of machine \(machine.name): \(error)")
        }
    }

    /// A tap device on the bridge, for a machine, or for a container that has one of its own.
    func openTap(_ id: String) async throws(EngineError) -> TapDevice {
        do throws(NetworkError) {
            return TapDevice(try await network.openTap(id))
        } catch {
            throw EngineError(error)
        }
    }

    func closeNetwork() async {
        do throws(NetworkError) {
            try await network.close()
        } catch {
            logger.warning("remove the bridge network: \(error)")
        }
    }
}
