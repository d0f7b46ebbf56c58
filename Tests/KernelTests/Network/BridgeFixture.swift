import Linux
import Networks
import Testing

/// A host with a neighbour, both in namespaces of their own: 10.9.9.1 and 10.9.9.2.
struct BridgeFixture {
    let host: TestNamespace
    let neighbour: TestNamespace

    init() throws {
        host = try TestNamespace()
        neighbour = try TestNamespace()
        try host.connect(
            "up0", #require(IPv4Prefix("10.9.9.1/24")), to: neighbour, #require(IPv4Prefix("10.9.9.2/24")))
    }

    /// A daemon's network on the host, open.
    func network(root: String = "/net-test") async throws -> BridgeNetwork {
        var configuration = BridgeConfiguration(root: root)
        configuration.namespace = host.path
        let network = BridgeNetwork(configuration)
        try await network.open()
        return network
    }

    /// A container of a network, with its interface configured as its init process does it.
    func container(
        _ name: String, in network: BridgeNetwork, hardwareAddress: HardwareAddress? = nil
    ) async throws -> (namespace: TestNamespace, endpoint: Endpoint) {
        let namespace = try TestNamespace()
        let endpoint = try await network.reserve(name, hardwareAddress: hardwareAddress)
        try await network.connect(name, toNamespaceOf: namespace.thread)
        try namespace.run {
            var socket = try NetlinkSocket()
            try socket.configureInterface(
                name: "eth0", hardwareAddress: endpoint.hardwareAddress, addresses: [endpoint.address],
                mtu: endpoint.mtu, gateway: endpoint.gateway)
        }
        return (namespace, endpoint)
    }
}

/// A port on every address of the host.
func port(_ host: UInt16, to port: UInt16, _ transport: HeldPort.Transport) -> PortRequest {
    PortRequest(port: port, transport: transport, hostPorts: host...host)
}
