import Glibc
import Linux
import Networks
import TestKit
import Testing

@Suite("The default network, in namespaces of the test's own", .serialized, .blocking, .enabled(if: geteuid() == 0))
struct BridgeNetworkTests {
    @Test func containersReachEachOtherAndTheOutside() async throws {
        let fixture = try BridgeFixture()
        let network = try await fixture.network()
        let first = try await fixture.container("first", in: network)
        let second = try await fixture.container("second", in: network)
        let inside = try TestServer("second", in: second.namespace, port: 80, .tcp)
        let outside = try TestServer("outside", in: fixture.neighbour, port: 80, .udp)
        let address = "\(second.endpoint.address.address)"
        #expect(try ask(address, 80, .tcp, from: first.namespace) == "second \(first.endpoint.address.address)")
        // The neighbour knows no way to the container's network: the host's address stands for it.
        #expect(try ask("10.9.9.2", 80, .udp, from: first.namespace) == "outside 10.9.9.1")
        withExtendedLifetime((inside, outside)) {}
        try await network.close()
    }

    @Test func aContainerThatOnlyListensIsFoundWhereItsAddressWasBefore() async throws {
        let fixture = try BridgeFixture()
        let network = try await fixture.network()
        // A bridge in a machine: it has learnt that the container's hardware address is outside.
        let machine = try fixture.machine()
        let first = try await fixture.container("first", in: network)
        let gateway = "\(first.endpoint.gateway)"
        // The host knows it: it will not ask whose the address is.
        #expect(try ask(gateway, 81, .tcp, from: first.namespace) == "refused")
        try await network.release("first")
        try fixture.host.run {
            var socket = try NetlinkSocket()
            try socket.deleteLink(first.endpoint.hostInterface)
        }
        let second = try await fixture.container("second", in: network, inside: machine)
        #expect(second.endpoint.hardwareAddress == first.endpoint.hardwareAddress)
        let server = try TestServer("second", in: second.namespace, port: 80, .tcp)
        let address = "\(second.endpoint.address.address)"
        #expect(try ask(address, 80, .tcp, from: fixture.host).hasPrefix("second "))
        // And back: the host's bridge has learnt that it is in the machine.
        try await network.release("second")
        let third = try await fixture.container("third", in: network)
        #expect(third.endpoint.hardwareAddress == first.endpoint.hardwareAddress)
        let other = try TestServer("third", in: third.namespace, port: 80, .tcp)
        #expect(try ask(address, 80, .tcp, from: fixture.host).hasPrefix("third "))
        // Nor does it help that somebody in the machine still speaks with that address.
        _ = try ask(gateway, 82, .udp, from: second.namespace)
        #expect(try ask(address, 80, .tcp, from: fixture.host).hasPrefix("third "))
        withExtendedLifetime((server, other)) {}
        try await network.close()
    }

    @Test(arguments: [HeldPort.Transport.tcp, .udp])
    func publishedPortAnswersFromEverywhere(_ transport: HeldPort.Transport) async throws {
        let fixture = try BridgeFixture()
        let network = try await fixture.network()
        let web = try await fixture.container("web", in: network)
        let other = try await fixture.container("other", in: network)
        let server = try TestServer("web", in: web.namespace, port: 80, transport)
        let published = try await network.publish("web", named: "web", [port(8080, to: 80, transport)])
        #expect(published.map(\.hostPort) == [8080])
        #expect(try ask("127.0.0.1", 8080, transport, from: fixture.host).hasPrefix("web "))
        #expect(try ask("10.9.9.1", 8080, transport, from: fixture.host).hasPrefix("web "))
        // From outside the client's address is seen.
        #expect(try ask("10.9.9.1", 8080, transport, from: fixture.neighbour) == "web 10.9.9.2")
        #expect(try ask("\(web.endpoint.gateway)", 8080, transport, from: other.namespace).hasPrefix("web "))
        #expect(try ask("10.9.9.1", 8080, transport, from: web.namespace).hasPrefix("web "))
        try await network.withdraw("web")
        #expect(try !ask("10.9.9.1", 8080, transport, from: fixture.neighbour).hasPrefix("web "))
        withExtendedLifetime(server) {}
        try await network.close()
    }

    @Test func hostsLoopbackIsClosedToContainersAndNeighbours() async throws {
        let fixture = try BridgeFixture()
        let network = try await fixture.network()
        let web = try await fixture.container("web", in: network)
        let server = try TestServer("web", in: web.namespace, port: 80, .tcp)
        let secret = try TestServer("secret", in: fixture.host, port: 7777, .udp)
        let loopback = try #require(IPv4Address("127.0.0.1"))
        let published = try await network.publish(
            "web", named: "web", [PortRequest(port: 80, transport: .tcp, hostAddress: loopback)])
        let number = try #require(published.first).hostPort
        #expect(try ask("127.0.0.1", number, .tcp, from: fixture.host).hasPrefix("web "))
        #expect(try !ask("10.9.9.1", number, .tcp, from: fixture.neighbour).hasPrefix("web "))
        // A container that sends packets for 127.0.0.1 to the bridge gets no answer.
        let gateway = web.endpoint.gateway
        try web.namespace.run {
            try Files.set("/proc/sys/net/ipv4/conf/eth0/route_localnet", "1")
            #expect(
                system("ip link set lo down; ip route flush table local; ip route add 127.0.0.1 via \(gateway)") == 0)
        }
        #expect(try !ask("127.0.0.1", 7777, .udp, from: web.namespace).hasPrefix("secret"))
        withExtendedLifetime((server, secret)) {}
        try await network.close()
    }

    @Test func unpublishedPortIsClosedToNeighbours() async throws {
        let fixture = try BridgeFixture()
        let network = try await fixture.network()
        let web = try await fixture.container("web", in: network)
        let server = try TestServer("web", in: web.namespace, port: 80, .tcp)
        let gateway = try #require(await network.gateway)
        try fixture.neighbour.run {
            #expect(system("ip route add \(gateway.networkText) via 10.9.9.1") == 0)
        }
        let address = "\(web.endpoint.address.address)"
        #expect(try ask(address, 80, .tcp, from: fixture.host).hasPrefix("web "))
        #expect(try ask(address, 80, .tcp, from: fixture.neighbour) == "no answer")
        withExtendedLifetime(server) {}
        try await network.close()
    }

    @Test func takenPortIsNamedAsDockerDoes() async throws {
        let fixture = try BridgeFixture()
        let network = try await fixture.network()
        _ = try await network.reserve("first")
        let endpoint = try await network.reserve("second")
        try await network.publish("first", named: "one", [port(8080, to: 80, .tcp)])
        let prefix = "driver failed programming external connectivity on endpoint two (\(endpoint.id)): "
        do {
            try await network.publish("second", named: "two", [port(8081, to: 81, .tcp), port(8080, to: 80, .tcp)])
            Issue.record("published twice")
        } catch {
            #expect(error.description == prefix + "Bind for 0.0.0.0:8080 failed: port is already allocated")
            #expect(error.kind == .portTaken)
        }
        // Nothing of the failed one is held: its first port is free again.
        let program = try TestServer("program", in: fixture.host, port: 8081, .tcp)
        do {
            try await network.publish("second", named: "two", [port(8081, to: 81, .tcp)])
            Issue.record("published over a program's port")
        } catch {
            #expect(error.description == prefix + "failed to bind host port for 0.0.0.0:8081: address already in use")
        }
        let range = PortRequest(port: 80, transport: .tcp, hostPorts: 8080...8083)
        #expect(try await network.publish("second", named: "two", [range]).map(\.hostPort) == [8082])
        withExtendedLifetime(program) {}
        try await network.close()
    }

    @Test func addressStaysWithItsLinkUntilThatIsGone() async throws {
        let fixture = try BridgeFixture()
        let network = try await fixture.network()
        let first = try await fixture.container("first", in: network)
        try await network.release("first")
        let second = try await network.reserve("second")
        #expect(second.address != first.endpoint.address)
        let third = try await network.reserve("third")
        try await network.release("third")
        #expect(try await network.reserve("fourth").address == third.address)
        try await network.close()
    }
}
