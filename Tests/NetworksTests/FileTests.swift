import Linux
import Testing

@testable import Networks

@Suite("resolv.conf, hosts and the packet filter's text")
struct FileTests {
    @Test func loopbackServersAreLeftOut() {
        let host =
            "# comment\nnameserver 127.0.0.53\nnameserver 192.0.2.1 # mine\nsearch a.example b.example\noptions edns0 trust-ad\n"
        #expect(
            ResolverFile.contents(host: host)
                == "nameserver 192.0.2.1\nsearch a.example b.example\noptions edns0 trust-ad\n")
        #expect(ResolverFile.contents(host: "nameserver ::1\n") == "nameserver 8.8.8.8\nnameserver 8.8.4.4\n")
        #expect(
            ResolverFile.contents(host: "nameserver 127.0.0.1\n", sharesHostNetwork: true) == "nameserver 127.0.0.1\n")
    }

    @Test func settingsReplaceTheHosts() {
        let settings = ResolverFile.Settings(
            nameServers: ["1.1.1.1"], searchDomains: ["x.example"], options: ["ndots:2"])
        #expect(
            ResolverFile.contents(host: "nameserver 9.9.9.9\nsearch y.example\noptions a\n", settings: settings)
                == "nameserver 1.1.1.1\nsearch x.example\noptions ndots:2\n")
        #expect(
            ResolverFile.contents(
                host: "nameserver 9.9.9.9\nsearch y.example\n", settings: .init(searchDomains: ["."]))
                == "nameserver 9.9.9.9\n")
    }

    @Test func hostsNameTheContainer() throws {
        let text = try HostsFile.contents(
            address: IPv4Address("172.17.0.2"), names: ["web.example", "web"],
            extraHosts: ["db:10.0.0.1", "host.docker.internal=host-gateway", "six:::1"],
            gateway: IPv4Address("172.17.0.1"))
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.first == "127.0.0.1\tlocalhost")
        #expect(lines.contains("::1\tlocalhost ip6-localhost ip6-loopback"))
        #expect(
            lines.suffix(4) == [
                "10.0.0.1\tdb", "172.17.0.1\thost.docker.internal", "::1\tsix", "172.17.0.2\tweb.example web",
            ])
    }

    @Test(arguments: ["db", ":10.0.0.1", "db:", "db:nowhere", "a b:10.0.0.1", "a\nb:10.0.0.1"])
    func malformedExtraHostIsRefused(_ extra: String) {
        #expect(throws: NetworkError.self) { try HostsFile.contents(address: nil, names: [], extraHosts: [extra]) }
    }

    @Test func changesNameExactlyThePorts() throws {
        let table = FilterTable(name: "t", bridge: "b", network: try #require(IPv4Prefix("172.17.0.1/16")))
        let address = try #require(IPv4Address("172.17.0.2"))
        let everywhere = PublishedPort(port: 80, transport: .tcp, hostAddress: .any, hostPort: 8080)
        let loopback = try #require(IPv4Address("127.0.0.1"))
        let here = PublishedPort(port: 53, transport: .udp, hostAddress: loopback, hostPort: 5353)
        let text = table.change("add", [everywhere, here].map { Published(address: address, port: $0) })
        #expect(
            text == """
                add element ip t ports { 6 . 8080 : 172.17.0.2 . 80 }
                add element ip t address-ports { 127.0.0.1 . 17 . 5353 : 172.17.0.2 . 53 }

                """)
        #expect(table.change("add", []).isEmpty)
    }
}
