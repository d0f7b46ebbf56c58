public import Linux

extension BridgeNetwork {
    /// Takes the lowest free address for a container or machine.
    ///
    /// - Parameters:
    ///   - container: Whose it is.
    ///   - hardwareAddress: Asked for, or nil for the one that goes with the address.
    public func reserve(
        _ container: String, hardwareAddress: HardwareAddress? = nil
    ) throws(NetworkError) -> Endpoint {
        let link = try opened()
        guard members[container] == nil else {
            throw NetworkError(.addressTaken, "container \(container) is in the network already")
        }
        guard let address = link.takeAddress(), let prefix = IPv4Prefix(address, length: Int(link.address.length))
        else {
            throw NetworkError(.addressTaken, "no available IPv4 addresses on this network's address pools: bridge")
        }
        let endpoint = Endpoint(
            id: Endpoint.makeIdentifier(), address: prefix, gateway: link.address.address,
            hardwareAddress: hardwareAddress ?? HardwareAddress(for: address), mtu: configuration.mtu)
        members[container] = Member(endpoint: endpoint)
        return endpoint
    }

    /// Takes over what a container has that was there before this daemon. Ports that another program has taken in the
    /// meantime are not held, but still lead to the container.
    ///
    /// - Returns: Those ports.
    @discardableResult
    public func adopt(
        _ endpoint: Endpoint, of container: String, publishing published: [PublishedPort] = []
    ) throws(NetworkError) -> [PublishedPort] {
        let link = try opened()
        guard members[container] == nil, link.pool.take(endpoint.address.address) else {
            throw NetworkError(.addressTaken, "address \(endpoint.address) of container \(container) is not free")
        }
        members[container] = Member(endpoint: endpoint, published: published)
        return published.filter { port in
            let request = PortRequest(
                port: port.port, transport: port.transport, hostAddress: port.hostAddress,
                hostPorts: port.hostPort...port.hostPort)
            return (try? ports.take(request)) == nil
        }
    }

    /// Puts an interface into the network namespace of a process; it is configured from inside.
    public func connect(
        _ container: String, toNamespaceOf process: Int32, interface: String = "eth0"
    ) throws(NetworkError) {
        let link = try opened()
        let endpoint = try member(container).endpoint
        try makeTableOnce()
        do { try link.connect(endpoint, toNamespaceOf: process, interface: interface) } catch {
            throw NetworkError(error)
        }
    }

    /// Makes a tap device on the bridge for a machine's hypervisor; it vanishes with the last copy of the descriptor.
    public func openTap(_ container: String) throws(NetworkError) -> Descriptor {
        let link = try opened()
        let endpoint = try member(container).endpoint
        try makeTableOnce()
        do { return try link.openTap(endpoint) } catch { throw NetworkError(error) }
    }

    /// Says that a container is in a machine, over whose tap device its packets come and go.
    public func place(_ container: String, in machine: String) throws(NetworkError) {
        let link = try opened()
        let (endpoint, machine) = (try member(container).endpoint, try member(machine).endpoint)
        do { try link.place(endpoint, in: machine) } catch { throw NetworkError(error) }
    }

    /// Gives back address and ports. The kernel removes the link together with the container's namespace; the address
    /// is given to nobody else before that.
    public func release(_ container: String) throws(NetworkError) {
        let link = try opened()
        var failure: NetworkError?
        do { try withdraw(container) } catch { failure = error }
        guard let member = members.removeValue(forKey: container) else { return }
        link.pool.give(member.endpoint.address.address)
        link.leaving[member.endpoint.address.address] = member.endpoint.hostInterface
        if let failure { throw failure }
    }

    /// Everybody's place in the network, by container.
    public var endpoints: [String: Endpoint] { members.mapValues(\.endpoint) }
}
