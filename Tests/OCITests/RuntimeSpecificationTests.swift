import OCI
import Testing

@Suite("config.json")
struct RuntimeSpecificationTests {
    private func read(_ text: String) throws -> RuntimeSpecification {
        try RuntimeSpecification(parsing: Array(text.utf8))
    }

    private func problem(_ text: String) -> JSONError? {
        do {
            _ = try read(text)
            return nil
        } catch { return error as? JSONError }
    }

    @Test func leastThatIsAllowed() throws {
        let specification = try read(#"{"ociVersion": "1.0.0", "root": {"path": "rootfs"}}"#)
        #expect(specification.root == RuntimeRoot(path: "rootfs"))
        #expect(specification.process == nil)
        #expect(specification.mounts.isEmpty)
    }

    @Test func everythingThatIsRead() throws {
        let specification = try read(Self.example)
        let process = try #require(specification.process)
        #expect(process.terminal && process.consoleSize == .init(height: 25, width: 80))
        #expect(process.user == RuntimeUser(uid: 1, gid: 2, additionalGroups: [5, 6]))
        #expect(process.limits == [.init(type: "RLIMIT_NOFILE", soft: 1024, hard: .max)])
        #expect(process.capabilities?.ambient == ["CAP_NET_BIND_SERVICE"])
        #expect(process.oomScoreAdjustment == -100)
        #expect(
            specification.linux.namespaces == [.init(.pid), .init(.network, path: "/proc/7/ns/net"), .init(.mount)])
        #expect(specification.linux.resources.memory.limit == 536_870_912)
        #expect(specification.linux.resources.devices == [.init(allow: false)])
        #expect(specification.linux.resources.processes == 32771)
        #expect(specification.linux.devices.first?.mode == 0o666)
        #expect(specification.linux.seccomp?.calls.first?.arguments.first?.comparison == "SCMP_CMP_EQ")
        #expect(specification.linux.sysctl == ["net.ipv4.ip_forward": "1"])
    }

    @Test func writingAndReadingGivesTheSame() throws {
        let specification = try read(Self.example)
        #expect(try RuntimeSpecification(json: specification.json) == specification)
    }

    /// What is read is written again as it was.
    @Test(arguments: [
        #"{"process":{"args":["x"],"cwd":"/","scheduler":{"policy":"SCHED_DEADLINE","nice":1,"priority":2,"#
            + #""flags":["SCHED_FLAG_RECLAIM"],"runtime":3,"deadline":4,"period":5},"user":{"gid":0,"uid":0}}}"#,
        #"{"process":{"args":["x"],"cwd":"/","ioPriority":{"class":"IOPRIO_CLASS_RT","priority":7},"#
            + #""execCPUAffinity":{"initial":"0-3,7","final":"65"},"user":{"gid":0,"uid":0}}}"#,
        #"{"process":{"args":["x"],"cwd":"/","apparmorProfile":"p","selinuxLabel":"l","user":{"gid":0,"uid":0}}}"#,
        #"{"hooks":{"prestart":[{"path":"/a","args":["b"],"env":["c=d"],"timeout":9}],"poststop":[{"path":"/e"}]}}"#,
        #"{"linux":{"personality":{"domain":"LINUX32"}}}"#,
        #"{"linux":{"netDevices":{"eth0":{"name":"inside%d"},"eth1":{}},"mountLabel":"a:b:c:s0:c1,c2"}}"#,
        #"{"linux":{"memoryPolicy":{"mode":"MPOL_BIND","nodes":"0,2","flags":["MPOL_F_STATIC_NODES"]}}}"#,
        #"{"linux":{"intelRdt":{"closID":"a","schemata":["L3:0=f"],"enableMonitoring":true}}}"#,
    ])
    func whatIsReadIsWrittenAgain(_ text: String) throws {
        guard case .object(var document) = try JSON(parsing: text) else { return }
        document["ociVersion"] = "1.2.0"
        let again = try RuntimeSpecification(json: .object(document)).json
        guard case .object(let written) = again else { return }
        for (name, value) in document {
            guard case .object(let members) = value, case .object(let found)? = written[name] else { continue }
            for (member, value) in members { #expect(found[member] == value, "\(name).\(member)") }
        }
    }

    @Test(arguments: [("0-3,7", [0x8F] as [UInt64]), ("64", [0, 1]), ("5", [0x20])])
    func listsOfNumbersAreBits(_ text: String, _ words: [UInt64]) { #expect(NumberSet(text)?.words == words) }

    @Test(arguments: ["", "a", "3-1", "1,,2", "-1", "0-99999999"])
    func wrongListsOfNumbersAreNone(_ text: String) { #expect(NumberSet(text) == nil) }

    @Test(arguments: [
        (#"{"ociVersion": "1.0.0", "linux": {"uidMappings": [{"hostID": 1}]}}"#, "linux.uidMappings[0].containerID"),
        (
            #"{"ociVersion": "1.0.0", "mounts": [{"destination": "/a", "uidMappings": [{"hostID": 1}]}]}"#,
            "mounts[0].uidMappings[0].containerID"
        ),
    ])
    func refusedByName(_ text: String, _ path: String) { #expect(problem(text)?.path == path) }

    @Test(arguments: [
        (#"{"root": {"path": "rootfs"}}"#, "ociVersion"),
        (#"{"ociVersion": "2.0.0"}"#, "ociVersion"),
        (#"{"ociVersion": "1.0.0", "root": {}}"#, "root.path"),
        (#"{"ociVersion": "1.0.0", "process": {"cwd": "relative"}}"#, "process.cwd"),
        (
            #"{"ociVersion": "1.0.0", "process": {"cwd": "/", "rlimits": [{"type": "RLIMIT_CORE", "soft": -1, "hard": 0}]}}"#,
            "process.rlimits[0].soft"
        ),
        (#"{"ociVersion": "1.0.0", "linux": {"devices": [{"type": "x", "path": "/dev/x"}]}}"#, "linux.devices[0].type"),
    ])
    func mistakesAreNamed(_ text: String, _ path: String) { #expect(problem(text)?.path == path) }

    @Test func whatAsksForNothingIsNotRefused() throws {
        let text =
            #"{"ociVersion": "1.0.0", "hooks": {"prestart": []}, "linux": {"intelRdt": null, "uidMappings": []}}"#
        #expect(throws: Never.self) { try read(text) }
    }

    @Test(arguments: [
        (#"{"": {}}"#, "linux.netDevices."), (#"{"a/b": {}}"#, "a/b"), (#"{"sixteen_letters_": {}}"#, "sixteen"),
        (#"{"a": {"name": "b c"}}"#, "linux.netDevices.a.name"),
        (#"{"a": {"name": "%d%d"}}"#, "linux.netDevices.a.name"),
        (#"{"a": {"name": "b%s"}}"#, "linux.netDevices.a.name"), (#"{"a": {"name": ".."}}"#, "linux.netDevices.a.name"),
        (#"{"a": {"name": "c"}, "b": {"name": "c"}}"#, "linux.netDevices.b"), (#"{"a": 5}"#, "linux.netDevices.a"),
        (#"["a"]"#, "linux.netDevices"), (#"{"a": {"name": 5}}"#, "linux.netDevices.a.name"),
    ])
    func networkDevicesThatAreNone(_ devices: String, _ named: String) throws {
        let found = try #require(problem(#"{"ociVersion": "1.3.0", "linux": {"netDevices": \#(devices)}}"#))
        #expect("\(found)".contains(named), "\(found)")
    }

    @Test func unknownPropertiesAreSkipped() throws {
        #expect(throws: Never.self) { try read(#"{"ociVersion": "1.0.0", "madeUp": {"a": 1}, "linux": {"b": 2}}"#) }
    }

    @Test(arguments: ["{", "", "[1,]", "{\"ociVersion\": \"1.0.0\"} x", "{\"a\": 01}", "\u{1}"])
    func noJSON(_ text: String) { #expect(problem(text)?.path.hasPrefix("byte ") == true) }

    private static let example = #"""
        {"ociVersion": "1.0.2", "hostname": "slartibartfast", "domainname": "example.com",
         "root": {"path": "rootfs", "readonly": true},
         "process": {"terminal": true, "consoleSize": {"height": 25, "width": 80}, "cwd": "/",
          "user": {"uid": 1, "gid": 2, "additionalGids": [5, 6]}, "args": ["sh"], "env": ["TERM=xterm"],
          "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 18446744073709551615}], "oomScoreAdj": -100,
          "capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "ambient": ["CAP_NET_BIND_SERVICE"]},
          "noNewPrivileges": true, "selinuxLabel": "", "apparmorProfile": ""},
         "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
          {"destination": "/data", "type": "none", "source": "/volumes/testing", "options": ["rbind", "rw"]}],
         "annotations": {"com.example.key1": "value1"},
         "linux": {"namespaces": [{"type": "pid"}, {"type": "network", "path": "/proc/7/ns/net"}, {"type": "mount"}],
          "devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438}],
          "sysctl": {"net.ipv4.ip_forward": "1"}, "cgroupsPath": "/myRuntime/myContainer",
          "resources": {"memory": {"limit": 536870912, "reservation": 536870912, "swap": 536870912, "swappiness": 0},
           "cpu": {"shares": 1024, "quota": 1000000, "period": 500000, "cpus": "2-3", "mems": "0-7"},
           "pids": {"limit": 32771}, "devices": [{"allow": false, "access": "rwm"}]},
          "rootfsPropagation": "slave", "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"],
          "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"], "syscalls": [
           {"names": ["getcwd"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}]}}}
        """#
}
