import DockerModels
import Engine
import NIOHTTP1
import Testing

@testable import DockerAPI

/// What clients ask for, as the engine gets it.
@Suite struct CreationTests {
    private func specification(_ text: String, name: String? = nil) throws -> ContainerSpecification {
        let creation = try DockerJSON.decode(ContainerCreation.self, from: Array(text.utf8))
        return try CreationTranslator(creation).specification(name: name)
    }

    private func host(_ members: String) throws -> ContainerSpecification {
        try specification(#"{"Image":"x","HostConfig":{\#(members)}}"#)
    }

    @Test func whatTheDockerCommandSends() throws {
        let made = try specification(
            #"""
            {"Hostname":"","Domainname":"","User":"","AttachStdin":true,"Tty":true,"OpenStdin":true,"StdinOnce":true,
            "Env":null,"Cmd":["sh"],"Image":"alpine","Volumes":{},"WorkingDir":"","Entrypoint":null,"Labels":{},
            "HostConfig":{"Binds":null,"LogConfig":{"Type":"","Config":{}},"NetworkMode":"default","PortBindings":{},
            "RestartPolicy":{"Name":"no","MaximumRetryCount":0},"AutoRemove":true,"ConsoleSize":[30,100],
            "MemorySwappiness":-1,"PidsLimit":0,"OomKillDisable":false,"Isolation":"","ShmSize":0,"Devices":[]},
            "NetworkingConfig":{"EndpointsConfig":{"default":{"IPAMConfig":null,"MacAddress":""}}}}
            """#, name: "/web")
        #expect(made.name == "web")
        #expect(made.image == "alpine")
        #expect(made.command == ["sh"])
        #expect(made.entrypoint == nil)
        #expect(made.terminal && made.openStandardInput && made.standardInputOnce && made.autoRemove)
        #expect(made.consoleRows == 30 && made.consoleColumns == 100)
        #expect(made.resources == ResourceLimits())
        #expect(made.network == NetworkSpecification())
        #expect(made.isolation == .process)
        #expect(made.mounts.isEmpty && made.restart == .no && made.sharedMemorySize == nil)
    }

    @Test func inspectGivesBackResolvedDefaults() throws {
        let made = try specification(#"{"Image":"x","HostConfig":{"Memory":64,"NetworkMode":"default"}}"#)
        let echo = try DockerJSON.decode(ContainerCreation.self, from: made.document)
        #expect(echo.hostConfig?.logConfig?.type == "json-file")
        #expect(echo.hostConfig?.networkMode == "bridge")
        #expect(echo.hostConfig?.memorySwap == 128)
        #expect(echo.hostConfig?.restartPolicy?.name == "no")
        #expect(echo.hostConfig?.runtime == "bulkhead")
        #expect(echo.hostConfig?.privileged == false)
    }

    @Test(
        arguments: [
            ("", "", .process), ("default", "bulkhead", .process), ("process", "runc", .process), ("vm", "", .vm),
            ("", "vm", .vm), ("vm", "bulkhead", .vm), ("machine:dev", "", .machine(name: "dev")),
            ("", "machine:dev", .machine(name: "dev")), ("", "io.containerd.runc.v2", .process),
        ] as [(String, String, Isolation)])
    func levelIsChosenByEitherName(isolation: String, runtime: String, level: Isolation) throws {
        #expect(try Isolation(isolation: isolation, runtime: runtime) == level)
    }

    @Test(arguments: [
        ("vm", "runc", "conflicting options"), ("hyperv", "", "invalid isolation 'hyperv'"),
        ("", "kata", "unknown or invalid runtime name: kata"), ("machine:", "", "invalid isolation 'machine:'"),
    ])
    func otherLevelsAreRefused(isolation: String, runtime: String, text: String) {
        let error = #expect(throws: APIError.self) { try Isolation(isolation: isolation, runtime: runtime) }
        #expect(error?.status == .badRequest)
        #expect(error?.message.contains(text) == true)
    }

    @Test(arguments: [
        (#""Links":["a:b"]"#, "HostConfig.Links"), (#""VolumesFrom":["a"]"#, "HostConfig.VolumesFrom"),
        (#""DeviceRequests":[{"Count":-1}]"#, "HostConfig.DeviceRequests"),
        (#""PidMode":"container:a""#, "HostConfig.PidMode"), (#""UsernsMode":"remap""#, "UsernsMode"),
        (#""NetworkMode":"mine""#, "network mine not found"), (#""StorageOpt":{"size":"1g"}"#, "HostConfig.StorageOpt"),
        (#""LogConfig":{"Type":"syslog"}"#, "syslog"), (#""RestartPolicy":{"Name":"often"}"#, "often"),
        (#""Memory":-5"#, "Memory"), (#""Memory":100,"MemorySwap":50"#, "memoryswap"),
        (#""NanoCpus":1,"CpuQuota":5"#, "Nano CPUs"),
        (#""Mounts":[{"Type":"image","Target":"/a"}]"#, "mount type unknown"),
        (#""Binds":["relative/path:/a"]"#, "relative/path"), (#""Binds":["/a:b"]"#, "absolute"),
        (#""PortBindings":{"80/carrier":[{}]}"#, "carrier"),
        (#""BlkioDeviceReadBps":[{"Path":"/dev/sda"}]"#, "BlkioDeviceReadBps"),
    ])
    func whatCantBeHonouredIsRefusedByName(members: String, name: String) {
        let error = #expect(throws: APIError.self) { try host(members) }
        #expect(error?.message.contains(name) == true, "\(error?.message ?? "")")
    }

    @Test func healthchecksAreRefusedUnlessOff() throws {
        #expect(throws: APIError.self) { try specification(#"{"Image":"x","Healthcheck":{"Test":["CMD","true"]}}"#) }
        _ = try specification(#"{"Image":"x","Healthcheck":{"Test":["NONE"]}}"#)
    }

    @Test func mountsOfEveryKind() throws {
        let made = try specification(
            #"""
            {"Image":"x","Volumes":{"/anonymous":{},"/data":{}},"HostConfig":{
            "Binds":["/src:/dst:ro,z,rshared","data:/data:nocopy","/only"],
            "Mounts":[{"Type":"bind","Source":"/a","Target":"/b","ReadOnly":true,"BindOptions":{"NonRecursive":true}},
            {"Type":"volume","Target":"/v"},{"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":1024,"Mode":448}}],
            "Tmpfs":{"/run":"rw,size=64k"}}}
            """#)
        var bind = MountSpecification(source: .bind(path: "/src", create: true), target: "/dst", readOnly: true)
        bind.propagation = "rshared"
        var long = MountSpecification(source: .bind(path: "/a", create: false), target: "/b", readOnly: true)
        long.nonRecursive = true
        #expect(
            made.mounts == [
                bind, MountSpecification(source: .volume(name: "data", copy: false), target: "/data"),
                MountSpecification(source: .volume(name: nil, copy: true), target: "/only"), long,
                MountSpecification(source: .volume(name: nil, copy: true), target: "/v"),
                MountSpecification(source: .tmpfs(options: ["size=1024", "mode=700"]), target: "/t"),
                MountSpecification(source: .tmpfs(options: ["rw", "size=64k"]), target: "/run"),
                MountSpecification(source: .volume(name: nil, copy: true), target: "/anonymous"),
            ])
    }

    @Test func portsOfEveryKind() throws {
        let made = try specification(
            #"""
            {"Image":"x","ExposedPorts":{"90/udp":{},"7000-7001":{}},"HostConfig":{"PublishAllPorts":true,
            "PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"},{"HostPort":"8000-8010"}],
            "81":[{"HostIp":"","HostPort":""}],"82/tcp":null}}}
            """#)
        let port80 = ContainerPort(number: 80, transport: .tcp)
        #expect(
            made.network.ports == [
                PortSpecification(port: port80, hostAddress: "127.0.0.1", hostPorts: 8080...8080),
                PortSpecification(port: port80, hostPorts: 8000...8010),
                PortSpecification(port: ContainerPort(number: 81, transport: .tcp)),
            ])
        #expect(made.network.exposed.map(\.text) == ["7000/tcp", "7001/tcp", "90/udp"])
        #expect(made.network.publishAll)
    }

    @Test func limitsOfEveryKind() throws {
        let limits = try host(
            #"""
            "Memory":67108864,"MemorySwap":-1,"MemoryReservation":1024,"NanoCpus":1500000000,"CpuShares":512,
            "CpusetCpus":"0","PidsLimit":50,"Ulimits":[{"Name":"core","Soft":-1,"Hard":-1}],"OomScoreAdj":5
            """#
        ).resources
        #expect(limits.memory == 67_108_864 && limits.memorySwap == -1 && limits.memoryReservation == 1024)
        #expect(limits.nanoProcessors == 1_500_000_000 && limits.cpuShares == 512 && limits.cpusetCpus == "0")
        #expect(limits.processes == 50 && limits.oomScoreAdjustment == 5)
        #expect(limits.ulimits == [Ulimit(name: "core", soft: .max, hard: .max)])
    }
}
