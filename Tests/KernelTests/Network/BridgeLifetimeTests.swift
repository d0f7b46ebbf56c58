import Glibc
import Linux
import Networks
import TestKit
import Testing

@Suite(
    "What a daemon's network leaves to the next, and to the host", .serialized, .blocking, .enabled(if: geteuid() == 0))
struct BridgeLifetimeTests {
    @Test func twoDaemonsSideBySide() async throws {
        let fixture = try BridgeFixture()
        let left = try await fixture.network(root: "/net-left")
        let right = try await fixture.network(root: "/net-right")
        let (first, second) = (try #require(await left.gateway), try #require(await right.gateway))
        #expect(!first.overlaps(second))
        let one = try await fixture.container("one", in: left)
        let two = try await fixture.container("two", in: right)
        let server = try TestServer("one", in: one.namespace, port: 80, .tcp)
        try await left.publish("one", named: "one", [port(8080, to: 80, .tcp)])
        #expect(try ask("10.9.9.1", 8080, .tcp, from: two.namespace).hasPrefix("one "))
        try await right.close()
        #expect(try ask("127.0.0.1", 8080, .tcp, from: fixture.host).hasPrefix("one "))
        withExtendedLifetime(server) {}
        try await left.close()
    }

    @Test func nextDaemonTakesOver() async throws {
        let fixture = try BridgeFixture()
        let web: (namespace: TestNamespace, endpoint: Endpoint)
        let published: [PublishedPort]
        do {
            let network = try await fixture.network()
            web = try await fixture.container("web", in: network)
            published = try await network.publish("web", named: "web", [port(8080, to: 80, .tcp)])
            _ = try await fixture.container("forgotten", in: network)
            try await network.publish("forgotten", named: "forgotten", [port(8081, to: 80, .tcp)])
        }
        // The first daemon is gone without having closed anything.
        let server = try TestServer("web", in: web.namespace, port: 80, .tcp)
        let network = try await fixture.network()
        #expect(try ask("127.0.0.1", 8080, .tcp, from: fixture.host).hasPrefix("web "))
        #expect(try await network.adopt(web.endpoint, of: "web", publishing: published).isEmpty)
        try await network.sweep()
        #expect(try ask("127.0.0.1", 8080, .tcp, from: fixture.host).hasPrefix("web "))
        let left = try fixture.host.interfaces().filter { $0.hasPrefix("veth") }
        #expect(left == [web.endpoint.hostInterface])
        #expect(try await network.reserve("new").address != web.endpoint.address)
        await #expect(throws: NetworkError.self) {
            try await network.publish("new", named: "new", [port(8080, to: 80, .tcp)])
        }
        try await network.publish("new", named: "new", [port(8081, to: 80, .tcp)])
        withExtendedLifetime(server) {}
        try await network.close()
    }

    @Test func removedTableIsMadeAnew() async throws {
        let fixture = try BridgeFixture()
        let network = try await fixture.network()
        let web = try await fixture.container("web", in: network)
        let server = try TestServer("web", in: web.namespace, port: 80, .tcp)
        try await network.publish("web", named: "web", [port(8080, to: 80, .tcp)])
        try fixture.host.run { #expect(system("nft flush ruleset") == 0) }
        try await network.publish("web", named: "web", [port(8081, to: 80, .tcp)])
        for number: UInt16 in [8080, 8081] {
            #expect(try ask("10.9.9.1", number, .tcp, from: fixture.neighbour) == "web 10.9.9.2")
        }
        withExtendedLifetime(server) {}
        try await network.close()
    }

    @Test func nothingIsLeftAfterClose() async throws {
        let fixture = try BridgeFixture()
        let before = try fixture.host.interfaces()
        let network = try await fixture.network()
        let web = try await fixture.container("web", in: network)
        let machine = try await network.reserve("machine")
        let tap = try await network.openTap("machine")
        #expect(try fixture.host.interfaces().contains(machine.tapInterface))
        try await network.publish("web", named: "web", [port(8080, to: 80, .udp)])
        try await network.close()
        withExtendedLifetime(tap) {}
        withExtendedLifetime(web) {}
        #expect(try fixture.host.interfaces() == before)
        try fixture.host.run { #expect(system("test -z \"$(nft list ruleset)\"") == 0) }
    }
}
