import Linux
import OCI
import TestKit
import Testing

/// `linux.netDevices` (config-linux.md, "Network Devices"): the host of these containers is a network namespace of the
/// test.
@Suite("bulkhead-runtime: network devices", .serialized, .blocking, .enabled(if: isSuperuser))
struct NetworkDeviceTests {
    /// A host with the pair of interfaces `d0` and `d1`; `d0` is up and has addresses.
    private func withHost(
        _ arguments: [String], _ body: (inout RuntimeBundle, TestNamespace) throws -> Void
    ) throws {
        try withBundle(arguments) { bundle throws in
            let host = try TestNamespace()
            try host.run {
                var socket = try NetlinkSocket()
                try socket.addVirtualEthernet(
                    VirtualEthernet(name: "d0", peerName: "d1", namespace: .own, mtu: 1400), bridge: nil)
            }
            for words in [
                "link set d1 up", "addr add 10.77.0.2/24 dev d0", "addr add 10.77.1.2/24 dev d0",
                "addr add 10.78.0.2/24 scope link dev d0", "addr add fd77::2/64 nodad dev d0",
            ] {
                let result = try ip(words, host, bundle)
                try #require(result.code == 0, "\(words): \(result.error)")
            }
            try body(&bundle, host)
        }
    }

    private func ip(_ words: String, _ host: TestNamespace, _ bundle: RuntimeBundle) throws -> CommandResult {
        let resources = bundle.resources
        return try host.run {
            try Command.run("/usr/sbin/ip", words.split(separator: " ").map(String.init), in: resources)
        }
    }

    private func run(
        _ bundle: RuntimeBundle, on host: TestNamespace, _ words: [String] = ["run"]
    ) throws -> CommandResult {
        try bundle.write()
        return try host.run { try bundle.command(words + ["-b", bundle.directory, bundle.id]) }
    }

    /// The global addresses of an interface, as `ip` shows them.
    private func addresses(_ text: String) -> [String] {
        let words = text.split { $0 == " " || $0 == "\n" }
        return zip(words, words.dropFirst()).compactMap { name, address in
            (name == "inet" || name == "inet6") && !address.hasPrefix("fe80") ? String(address) : nil
        }
    }

    private let global = ["10.77.0.2/24", "10.77.1.2/24", "fd77::2/64"]

    /// That `d0` is on its host as before.
    private func expectBack(
        _ host: TestNamespace, _ bundle: RuntimeBundle, at location: SourceLocation = #_sourceLocation
    ) throws {
        let shown = try ip("addr show d0", host, bundle)
        #expect(shown.code == 0, "\(shown.error)", sourceLocation: location)
        #expect(shown.output.contains(",UP") && shown.output.contains("mtu 1400"), sourceLocation: location)
        for address in global {
            #expect(addresses(shown.output).contains(address), "\(shown.output)", sourceLocation: location)
        }
    }

    @Test func areMovedWithNewNamesAndTheirGlobalAddresses() throws {
        try withHost(script("ip addr show inside; ip link show d0")) { bundle, host throws in
            bundle.specification.linux.networkDevices = [.init(hostName: "d0", name: "inside")]
            let before = try ip("link show d0", host, bundle).output.split(separator: " ")
            let result = try run(bundle, on: host)
            #expect(result.error.contains("d0"), "there is one with the old name as well")
            #expect(addresses(result.output) == global, "\(result.output)")
            #expect(result.output.contains(",UP") && result.output.contains("mtu 1400"), "\(result.output)")
            let hardware = try #require(before.firstIndex(of: "link/ether").map { before[$0 + 1] })
            #expect(result.output.contains("link/ether \(hardware) "), "\(result.output)")
        }
    }

    @Test func keepTheirNamesWhereNoneIsGivenAndGetNumbers() throws {
        try withHost(script("ip -o link | cut -d: -f2 | cut -d@ -f1")) { bundle, host throws in
            bundle.specification.linux.networkDevices = [.init(hostName: "d0"), .init(hostName: "d1", name: "net%d")]
            let result = try run(bundle, on: host)
            #expect(
                Set(result.lines.map { $0.filter { $0 != " " } }).isSuperset(of: ["lo", "d0", "net0"]), "\(result)")
        }
    }

    /// A template makes room where the name is taken.
    @Test func belongToANamespaceThatIsJoined() throws {
        try withHost(["/bin/true"]) { bundle, host throws in
            let other = try TestNamespace()
            try other.run {
                var socket = try NetlinkSocket()
                try socket.addVirtualEthernet(
                    VirtualEthernet(name: "d0", peerName: "eth0", namespace: .own), bridge: nil)
            }
            bundle.specification.linux.namespaces.removeAll { $0.kind == .network }
            bundle.specification.linux.namespaces.append(.init(.network, path: other.path))
            bundle.specification.linux.networkDevices = [.init(hostName: "d0", name: "eth%d")]
            let result = try run(bundle, on: host)
            #expect(result.code == 0, "\(result.error)")
            // The container has ended, the namespace has not.
            #expect(Set(try other.interfaces()).isSuperset(of: ["lo", "d0", "eth0", "eth1"]))
            #expect(try !host.interfaces().contains("d0"))
        }
    }

    @Test func kernelParametersCanNameThem() throws {
        try withHost(["/bin/cat", "/proc/sys/net/ipv4/conf/inside/forwarding"]) { bundle, host throws in
            bundle.specification.linux.networkDevices = [.init(hostName: "d0", name: "inside")]
            bundle.specification.linux.sysctl = ["net.ipv4.conf.inside.forwarding": "1"]
            let result = try run(bundle, on: host)
            #expect(result.output == "1\n", "\(result.error)")
        }
    }

    @Test func areMovedIntoAUserNamespaceToo() throws {
        try withHost(script("ip addr show inside")) { bundle, host throws in
            bundle.specification.linux.namespaces.append(.init(.user))
            bundle.specification.linux.userMappings = [.init(inside: 0, outside: 100_000, count: 1000)]
            bundle.specification.linux.groupMappings = [.init(inside: 0, outside: 100_000, count: 1000)]
            bundle.specification.linux.networkDevices = [.init(hostName: "d0", name: "inside")]
            let owned = try Command.run(
                "/bin/chown", ["-hR", "100000:100000", bundle.rootFileSystem], in: bundle.resources)
            try #require(owned.code == 0, "\(owned.error)")
            let result = try run(bundle, on: host)
            #expect(addresses(result.output) == global, "\(result)")
        }
    }

    enum Failure: CaseIterable { case missingDevice, nameTaken, missingProgram, unwritablePidFile, brokenProgram }

    @Test(arguments: Failure.allCases) func comeBackWhereTheContainerCannotBeMade(_ failure: Failure) throws {
        try withHost(["/bin/true"]) { bundle, host throws in
            var (words, named) = (["run"], "")
            bundle.specification.linux.networkDevices = [.init(hostName: "d0", name: "inside")]
            switch failure {
            case .missingDevice:
                bundle.specification.linux.networkDevices.append(.init(hostName: "nope"))
                named = "linux.netDevices.nope"
            case .nameTaken:
                bundle.specification.linux.networkDevices.append(.init(hostName: "d1", name: "lo"))
                named = "linux.netDevices.d1"
            case .missingProgram:
                bundle.specification.process?.arguments = ["/nonexistent"]
                named = "/nonexistent"
            case .unwritablePidFile:
                words += ["--pid-file", "/proc/nope/pid"]
                named = "--pid-file"
            case .brokenProgram:
                try Files.write("\(bundle.rootFileSystem)/broken", Array("no program".utf8), mode: 0o755)
                bundle.specification.process?.arguments = ["/broken"]
                named = "/broken"
            }
            let result = try run(bundle, on: host, words)
            #expect(result.code != 0 && result.error.contains(named), "\(result.error)")
            try expectBack(host, bundle)
            try expectNothing(bundle)
        }
    }

    @Test func comeBackIntoTheirBridge() throws {
        try withHost(["/nonexistent"]) { bundle, host throws in
            try host.run {
                var socket = try NetlinkSocket()
                try socket.addBridge("br0")
                let bridge = try #require(try socket.link(named: "br0"))
                try socket.bringUp("d0", bridge: bridge.index)
            }
            bundle.specification.linux.networkDevices = [.init(hostName: "d0")]
            #expect(try run(bundle, on: host).code != 0)
            #expect(try ip("link show d0", host, bundle).output.contains("master br0"))
            try expectBack(host, bundle)
        }
    }

    @Test func whatCannotBeMovedIsNamed() throws {
        try withHost(["/bin/true"]) { bundle, host throws in
            bundle.specification.linux.networkDevices = [.init(hostName: "lo", name: "other")]
            let loopback = try run(bundle, on: host)
            #expect(loopback.code == 1 && loopback.error.contains("linux.netDevices.lo: move"), "\(loopback.error)")
            bundle.specification.linux.networkDevices = [.init(hostName: "d0")]
            bundle.specification.linux.namespaces.removeAll { $0.kind == .network }
            let without = try run(bundle, on: host)
            #expect(without.code == 1 && without.error.contains("linux.netDevices: needs"), "\(without.error)")
            bundle.specification.linux.namespaces.append(.init(.network, path: host.path))
            let same = try run(bundle, on: host)
            #expect(same.code == 1 && same.error.contains("the host's own"), "\(same.error)")
            try expectBack(host, bundle)
        }
    }
}
