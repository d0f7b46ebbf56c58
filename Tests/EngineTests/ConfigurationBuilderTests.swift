import OCI
import Testing

@testable import Engine

@Suite struct ConfigurationBuilderTests {
    static func resolved(_ specification: ContainerSpecification) -> ResolvedContainer {
        ResolvedContainer(
            imageID: "sha256:1", arguments: ["true"], environment: ["A=1"], workingDirectory: "", user: "1000:1000",
            hostname: "abc", labels: [:], entrypoint: [], command: ["true"], stopSignal: "SIGTERM", exposedPorts: [],
            mounts: [], networkContainer: nil, hostsPath: "/c/hosts", hostnamePath: "/c/hostname",
            resolverPath: "/c/resolv.conf", logPath: "/c/log")
    }

    private func build(
        _ change: (inout ContainerSpecification, inout ResolvedContainer, inout LaunchFacts) -> Void = { _, _, _ in }
    ) throws -> RuntimeSpecification {
        var specification = ContainerSpecification(image: "i")
        var resolved = Self.resolved(specification)
        var facts = LaunchFacts()
        facts.host.sysctls = HostFacts.guest.sysctls
        change(&specification, &resolved, &facts)
        let builder = ConfigurationBuilder(
            id: "id1", specification: specification, resolved: resolved, facts: facts)
        return try RuntimeSpecification(parsing: try builder.build().encoded)
    }

    @Test func hasDockersDefaults() throws {
        let config = try build()
        #expect(config.process?.arguments == ["true"])
        #expect(
            config.process?.environment == [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=abc", "A=1",
            ])
        #expect(config.process?.capabilities?.bounding.count == 14)
        #expect(config.process?.user.name == "1000:1000")
        #expect(config.hostname == "abc")
        #expect(
            config.mounts.map(\.destination) == [
                "/proc", "/dev", "/dev/pts", "/sys", "/sys/fs/cgroup", "/dev/mqueue", "/dev/shm", "/etc/resolv.conf",
                "/etc/hostname", "/etc/hosts",
            ])
    }

    @Test func aMountOverDevDropsAllBelowIt() throws {
        let config = try build { _, resolved, _ in
            resolved.mounts = [Self.bind("/x", "/dev")]
        }
        #expect(!config.mounts.contains { $0.destination.hasPrefix("/dev/") })
        #expect(config.mounts.last?.source == "/x")
    }

    @Test func shallowMountsComeFirst() throws {
        let config = try build { _, resolved, _ in
            resolved.mounts = [Self.bind("/1", "/a/b/c"), Self.bind("/2", "/a"), Self.bind("/3", "/z/y")]
        }
        #expect(config.mounts.suffix(3).map(\.destination) == ["/a", "/z/y", "/a/b/c"])
    }

    @Test func memoryAlsoLimitsSwapToTwice() throws {
        let builder = try json { specification, _, _ in
            specification.resources.memory = 64 << 20
            specification.resources.nanoProcessors = 1_500_000_000
            specification.resources.processes = 50
        }
        #expect(builder.contains(#""memory":{"limit":67108864,"swap":134217728}"#))
        #expect(builder.contains(#""cpu":{"period":100000,"quota":150000}"#))
        #expect(builder.contains(#""pids":{"limit":50}"#))
    }

    @Test func aMachineOfItsOwnIsTheLimit() throws {
        let text = try json { specification, _, facts in
            specification.resources.memory = 64 << 20
            facts.placement = .vm
        }
        #expect(!text.contains(#""limit":67108864"#))
        #expect(!text.contains(#"{"type":"network"}"#))
    }

    private func json(
        _ change: (inout ContainerSpecification, inout ResolvedContainer, inout LaunchFacts) -> Void
    ) throws -> String {
        var specification = ContainerSpecification(image: "i")
        var resolved = Self.resolved(specification)
        var facts = LaunchFacts()
        change(&specification, &resolved, &facts)
        return try ConfigurationBuilder(
            id: "id1", specification: specification, resolved: resolved, facts: facts
        ).build().description
    }

    private static func bind(_ source: String, _ target: String) -> ResolvedMount {
        ResolvedMount(
            kind: .bind, name: "", source: source, target: target, readOnly: false, propagation: "rprivate",
            options: [], nonRecursive: false, copiesImage: false, anonymous: false)
    }

    @Test(arguments: [
        (["ALL"], [], 41), ([], ["ALL"], 0), (["NET_ADMIN"], ["ALL"], 1), (["net_admin"], ["CAP_KILL"], 14),
    ]) func capabilitiesFollowDockersRules(added: [String], dropped: [String], count: Int) throws {
        var security = SecuritySpecification()
        security.capabilitiesAdded = added
        security.capabilitiesDropped = dropped
        #expect(try ContainerResolver.capabilities(security).count == count)
    }

    @Test func unknownCapabilityIsRefused() {
        var security = SecuritySpecification()
        security.capabilitiesAdded = ["FLY"]
        #expect(throws: EngineError(.invalid, "invalid capability: unknown capability: \"CAP_FLY\"")) {
            try ContainerResolver.capabilities(security)
        }
    }

    @Test func anEntrypointMakesTheImagesCommandVoid() throws {
        var image = ImageDefaults()
        image.entrypoint = ["/entry"]
        image.command = ["serve"]
        var specification = ContainerSpecification(image: "i")
        #expect(try ContainerResolver.arguments(specification, image).command == ["serve"])
        specification.command = ["ls"]
        let own = try ContainerResolver.arguments(specification, image)
        #expect(own.entrypoint + own.command == ["/entry", "ls"])
        specification.command = nil
        specification.entrypoint = ["sh"]
        let other = try ContainerResolver.arguments(specification, image)
        #expect(other.entrypoint + other.command == ["sh"])
        #expect(throws: EngineError(.invalid, "no command specified")) {
            try ContainerResolver.arguments(ContainerSpecification(image: "i"), ImageDefaults())
        }
    }

    @Test func environmentReplacesAndRemoves() {
        #expect(
            ContainerResolver.environment(["A=1", "B=2", "C=3"], adding: ["B=x", "C", "D=4"]) == ["A=1", "B=x", "D=4"])
    }
}
