import ArgumentParser
import DockerModels
import OCI
import Testing

@testable import BulkheadCommands

/// Command lines, and the requests that Docker's own command (28.5.2) was seen to send for them.
struct CreationTests {
    /// A request without what says nothing: null, false, zero, and empty texts, lists and objects.
    static func significant(_ document: JSON) -> JSON? {
        switch document {
        case .null, .bool(false), .integer(0), .string(""): return nil
        case .array(let elements):
            let kept = elements.compactMap { significant($0) ?? ($0 == .string("") ? $0 : nil) }
            return kept.isEmpty ? nil : .array(kept)
        case .object(let members):
            let kept = members.compactMapValues { value in
                // The members of a set are empty objects, which do say something.
                value == .object([:]) ? value : significant(value)
            }
            .filter { $0.value != .object([:]) || $0.key.contains("/") }
            return kept.isEmpty ? nil : .object(kept)
        default: return document
        }
    }

    static func request(_ line: [String]) throws -> JSON? {
        let arguments = try CommandLineSpelling.normalized(line)
        let options: CreateOptions
        switch try Bulkhead.parseAsRoot(arguments) {
        case let run as Run: options = run.options
        case let create as Create: options = create.options
        default: throw CommandError.usage("not a command that creates")
        }
        let creation = try options.creation(environment: { ["HOME": "/root"][$0] }, directory: "/here/there")
        return significant(try JSON(parsing: try DockerJSON.encode(creation)))
    }

    @Test func interactive() throws {
        let captured = """
            {"AttachStdin":true,"AttachStdout":true,"AttachStderr":true,"OpenStdin":true,"StdinOnce":true,"Cmd":["cat"],
            "Image":"alpine","HostConfig":{"NetworkMode":"default","RestartPolicy":{"Name":"no"},"AutoRemove":true,
            "MemorySwappiness":-1}}
            """
        #expect(try CreationTests.request(["run", "-i", "--rm", "alpine", "cat"]) == (try JSON(parsing: captured)))
    }

    @Test func isolationAndRuntimePassThrough() throws {
        let captured = """
            {"AttachStdout":true,"AttachStderr":true,"ExposedPorts":{"80/tcp":{}},"Cmd":["echo","hi"],"Image":"alpine",
            "HostConfig":{"Binds":["/tmp:/mnt:ro"],"NetworkMode":"default",
            "PortBindings":{"80/tcp":[{"HostPort":"8080"}]},"RestartPolicy":{"Name":"no"},"AutoRemove":true,
            "Runtime":"bulkhead","Isolation":"vm","Memory":67108864,"MemorySwappiness":-1}}
            """
        let line = [
            "run", "--rm", "--name", "t1", "--isolation=vm", "--runtime=bulkhead", "-p", "8080:80", "-v",
            "/tmp:/mnt:ro", "-m", "64m", "alpine", "echo", "hi",
        ]
        #expect(try CreationTests.request(line) == (try JSON(parsing: captured)))
    }

    @Test func manyOptions() throws {
        let captured = """
            {"Hostname":"hh","User":"1000:1000","AttachStdout":true,"AttachStderr":true,"Env":["A=1"],"Cmd":["true"],
            "Image":"alpine","WorkingDir":"/w","Labels":{"l":"1"},"StopSignal":"INT","StopTimeout":3,"HostConfig":{
            "LogConfig":{"Type":"json-file","Config":{"max-size":"1m"}},"NetworkMode":"none",
            "RestartPolicy":{"Name":"unless-stopped"},"Annotations":{"a":"b"},"CapAdd":["CAP_NET_ADMIN"],
            "CapDrop":["ALL"],"CgroupnsMode":"private","Dns":["1.1.1.1"],"ExtraHosts":["x:1.2.3.4"],"GroupAdd":["5"],
            "IpcMode":"shareable","PidMode":"host","ReadonlyRootfs":true,"SecurityOpt":["no-new-privileges"],
            "Tmpfs":{"/tmp":"size=1m"},"UsernsMode":"host","ShmSize":1048576,"Sysctls":{"net.ipv4.ip_forward":"1"},
            "NanoCpus":1500000000,"Devices":[{"PathOnHost":"/dev/null","PathInContainer":"/dev/xx",
            "CgroupPermissions":"rwm"}],"MemorySwappiness":-1,"PidsLimit":100,
            "Ulimits":[{"Name":"nofile","Hard":20,"Soft":10}],"Mounts":[{"Type":"volume","Source":"v1","Target":"/v"},
            {"Type":"bind","Source":"/tmp","Target":"/b","ReadOnly":true}],"Init":true}}
            """
        let line = """
            create -h hh -u 1000:1000 -e A=1 -w /w -l l=1 --stop-signal INT --stop-timeout 3 --log-driver json-file \
            --log-opt max-size=1m --network none --restart unless-stopped --annotation a=b --cap-add net_admin \
            --cap-drop all --cgroupns private --dns 1.1.1.1 --add-host x:1.2.3.4 --group-add 5 --ipc shareable \
            --pid host --read-only --security-opt no-new-privileges --tmpfs /tmp:size=1m --userns host --shm-size 1m \
            --sysctl net.ipv4.ip_forward=1 --cpus 1.5 --device /dev/null:/dev/xx --pids-limit 100 \
            --ulimit nofile=10:20 --mount type=volume,source=v1,target=/v --mount type=bind,src=/tmp,dst=/b,readonly \
            --init alpine true
            """
        #expect(
            try CreationTests.request(line.split(separator: " ").map(String.init)) == (try JSON(parsing: captured)))
    }

    @Test func machineIsAnIsolationLevel() throws {
        let request = try CreationTests.request(["run", "--machine", "lab", "box"])
        #expect(request?["HostConfig"]["Isolation"].text == "machine:lab")
        #expect(throws: CommandError.self) {
            try CreationTests.request(["run", "--machine", "lab", "--isolation", "vm", "box"])
        }
    }

    @Test func whatFollowsTheImageBelongsToTheContainer() throws {
        let request = try CreationTests.request([
            "run", "--rm=false", "-it", "box", "ls", "--rm=false", "-it", "--", "-x",
        ])
        #expect(request?["Cmd"].elements.map(\.text) == ["ls", "--rm=false", "-it", "--", "-x"])
        #expect(request?["HostConfig"]["AutoRemove"].isTrue == false)
        #expect(request?["Tty"].isTrue == true)
    }

    @Test func packedShortOptions() throws {
        let request = try CreationTests.request(["run", "-itv/a:/b", "-e=A=1", "-m64m", "-p8080:80/udp", "box"])
        #expect(request?["HostConfig"]["Binds"].elements.map(\.text) == ["/a:/b"])
        #expect(request?["Env"].elements.map(\.text) == ["A=1"])
        #expect(request?["HostConfig"]["Memory"].number == 64 << 20)
        #expect(request?["HostConfig"]["PortBindings"]["80/udp"].elements.first?["HostPort"].text == "8080")
    }

    @Test func valuesMayBeginWithADash() throws {
        let request = try CreationTests.request(["run", "--memory-swap", "-1", "-e", "-x=1", "box"])
        #expect(request?["HostConfig"]["MemorySwap"].number == -1)
        #expect(request?["Env"].elements.map(\.text) == ["-x=1"])
    }

    @Test func relativeSourcesAndAnonymousVolumes() throws {
        let request = try CreationTests.request(["run", "-v", "../x/./y:/y:ro", "-v", "/data", "-v", "name:/n", "box"])
        #expect(request?["HostConfig"]["Binds"].elements.map(\.text) == ["/here/x/y:/y:ro", "name:/n"])
        #expect(request?["Volumes"].members.map(\.name) == ["/data"])
    }

    @Test func environmentIsTakenFromHere() throws {
        let request = try CreationTests.request(["run", "-e", "HOME", "-e", "MISSING", "-e", "EMPTY=", "box"])
        #expect(request?["Env"].elements.map(\.text) == ["HOME=/root", "EMPTY="])
    }

    @Test func rangesOfPorts() throws {
        let ports = try PublishedPort.parse("127.0.0.1:8000-8001:80-81/tcp")
        #expect(ports.map(\.containerPort) == ["80/tcp", "81/tcp"])
        #expect(ports.map(\.hostPort) == ["8000", "8001"])
        #expect(try PublishedPort.parse("[::1]:80:80").first?.address == "::1")
        #expect(try PublishedPort.parse("80").first?.hostPort == "")
        #expect(throws: CommandError.self) { try PublishedPort.parse("8000-8002:80-81") }
        #expect(throws: CommandError.self) { try PublishedPort.parse("a:80") }
        #expect(throws: CommandError.self) { try PublishedPort.parse("80:80/icmp") }
    }

    @Test(arguments: [
        ["run", "--foo", "box"], ["run"], ["run", "-m", "lots", "box"], ["run", "--cpus", "-1", "box"],
        ["run", "--restart", "sometimes", "box"], ["run", "--rm", "--restart", "always", "box"],
        ["run", "--ulimit", "nofile", "box"], ["run", "--mount", "type=bind,target=/x", "box"],
        ["run", "--rm=perhaps", "box"], ["run", "-a", "stdthing", "box"],
    ])
    func mistakesAreNamed(line: [String]) {
        #expect(throws: (any Error).self) { try CreationTests.request(line) }
    }
}
