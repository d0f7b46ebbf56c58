import Linux
import Logging
import Networks
import Wire

/// A container's part in a network, from before its process exists until it has ended.
struct NetworkConnection: Sendable {
    var endpoint: Endpoint?
    var interfaces: [InterfaceSetup] = []
}

extension Engine {
    /// Opens the bridge. Without it, as where the daemon may not do that, everything but the bridge works.
    func openNetwork() async {
        do {
            try await network.open()
        } catch {
            logger.warning("the bridge network can't be opened: \(error)")
        }
    }

    /// Takes an address for a container that is about to start, and the host's ports that lead to it.
    func reserveNetwork(_ container: ManagedContainer) async throws(EngineError) -> NetworkConnection {
        let specification = container.record.specification
        guard specification.network.mode == .bridge else { return NetworkConnection() }
        let requests = try portRequests(container.record)
        do throws(NetworkError) {
            try await network.open()
            let wanted = specification.network.hardwareAddress.flatMap { HardwareAddress($0) }
            let endpoint = try await network.reserve(container.id, hardwareAddress: wanted)
            container.record.life.endpoint = EndpointRecord(endpoint)
            if !requests.isEmpty {
                let published = try await network.publish(container.id, named: container.record.name, requests)
                container.record.life.publishedPorts = published.map { PublishedPortRecord($0) }
            }
            var interface = InterfaceSetup(
                name: "eth0", hardwareAddress: "\(endpoint.hardwareAddress)", addresses: ["\(endpoint.address)"],
                gateway: "\(endpoint.gateway)", mtu: Int(endpoint.mtu))
            if case .machine = specification.isolation { interface.guestBridge = true }
            return NetworkConnection(endpoint: endpoint, interfaces: [interface])
        } catch {
            throw EngineError(error)
        }
    }

    /// The ports that are to be published: those asked for, or all that are exposed.
    private func portRequests(_ record: ContainerRecord) throws(EngineError) -> [PortRequest] {
        var wanted = record.specification.network.ports
        if record.specification.network.publishAll {
            let named = Set(wanted.map(\.port))
            wanted += record.resolved.exposedPorts.filter { !named.contains($0) }.map { PortSpecification(port: $0) }
        }
        var requests: [PortRequest] = []
        for port in wanted {
            guard let transport = HeldPort.Transport(port.port.transport) else {
                throw EngineError(.invalid, "port \(port.port.number)/sctp can't be published: only tcp and udp can")
            }
            let address = port.hostAddress.isEmpty ? IPv4Address.any : IPv4Address(port.hostAddress)
            guard let address else {
                throw EngineError(.invalid, "invalid IP address: \(port.hostAddress): only IPv4 is published")
            }
            requests.append(
                PortRequest(
                    port: port.port.number, transport: transport, hostAddress: address, hostPorts: port.hostPorts))
        }
        return requests
    }

    /// Puts the link into the container's namespace, or says in which machine it is. A machine of its own has its place
    /// in the network already.
    func connectNetwork(_ container: ManagedContainer, _ connection: NetworkConnection, _ process: Int32)
        async throws(EngineError)
    {
        guard connection.endpoint != nil else { return }
        do throws(NetworkError) {
            switch container.record.specification.isolation {
            case .process: try await network.connect(container.id, toNamespaceOf: process)
            case .machine: if let machine = container.machine { try await network.place(container.id, in: machine.id) }
            case .vm: break
            }
        } catch {
            throw EngineError(error)
        }
    }

    /// Gives back what a container has of the network, and its machine.
    func release(_ container: ManagedContainer) async {
        if container.record.life.endpoint != nil {
            do throws(NetworkError) {
                try await network.release(container.id)
            } catch {
                logger.warning("give back the network of \(container.id): \(error)")
            }
            publishNetwork("disconnect", container)
        }
        container.record.life.endpoint = nil
        container.record.life.publishedPorts = []
        await releaseMachine(container)
    }

    /// Takes over the place in the network of a container that runs since before this daemon.
    func adoptNetwork(_ container: ManagedContainer) async throws(EngineError) {
        guard let known = container.record.life.endpoint, let endpoint = Endpoint(known) else { return }
        let published = container.record.life.publishedPorts.compactMap { PublishedPort($0) }
        do throws(NetworkError) {
            let lost = try await network.adopt(endpoint, of: container.id, publishing: published)
            for port in lost {
                logger.warning(
                    "port \(port.hostPort) of container \(container.id) was taken by another program meanwhile")
            }
        } catch {
            logger.warning("take over the network of \(container.id): \(error)")
        }
    }

    func publishNetwork(_ action: String, _ container: ManagedContainer) {
        events.publish(
            EngineEvent(
                kind: .network, action: action, actor: networkIdentifiers["bridge"] ?? "",
                attributes: ["container": container.id, "name": "bridge", "type": "bridge"], time: Timestamp.now))
    }
}
