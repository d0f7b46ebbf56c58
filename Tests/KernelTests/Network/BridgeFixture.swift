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

    /// A machine of the network with that root: its interface, a port of the host's bridge, is one of its own bridge's
    /// too, to which its containers are connected.
    func machine(root: String = "/net-test") throws -> TestNamespace {
        let namespace = try TestNamespace()
        let thread = namespace.thread
        try host.run {
            var socket = try NetlinkSocket()
            let bridge = try #require(try socket.link(named: BridgeConfiguration(root: root).name)).index
            try socket.addVirtualEthernet(
                VirtualEthernet(name: "machine0", peerName: "eth0", namespace: .process(thread)), bridge: nil)
            try socket.addPort("machine0", to: bridge)
        }
        try namespace.run {
            var socket = try NetlinkSocket()
            try socket.addBridge("br0")
            let bridge = try #require(try socket.link(named: "br0")).index
            try socket.addPort("eth0", to: bridge)
            try socket.bringUp("br0")
        }
        return namespace
    }

    /// A container of a network, with its interface configured as its init process does it.
    func container(
        _ name: String, in network: BridgeNetwork, hardwareAddress: HardwareAddress? = nil,
        inside machine: TestNamespace? = nil
    ) async throws -> (namespace: TestNamespace, endpoint: Endpoint) {
        let namespace = try TestNamespace()
        let endpoint = try await network.reserve(name, hardwareAddress: hardwareAddress)
        if let machine {
            let thread = namespace.thread
            try machine.run {
                var socket = try NetlinkSocket()
                let pair = VirtualEthernet(
                    name: "veth1", peerName: "eth0", peerAddress: endpoint.hardwareAddress,
                    namespace: .process(thread))
                try socket.addVirtualEthernet(pair, bridge: socket.link(named: "br0")?.index)
            }
        } else {
            try await network.connect(name, toNamespaceOf: namespace.thread)
        }
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
