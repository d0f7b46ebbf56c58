import Glibc
import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: scheduling", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeSchedulingTests {
    /// Runs a bundle whose config.json is changed as text, by members of `process` or `linux`.
    private func run(
        _ arguments: [String], process: [String: JSON] = [:], linux: [String: JSON] = [:]
    ) throws -> CommandResult {
        var result: CommandResult?
        try withBundle(arguments) { bundle throws in
            try bundle.write()
            let path = "\(bundle.directory)/config.json"
            guard case .object(var document) = try JSON(parsing: try Files.readText(path)) else { return }
            for (name, members) in [("process", process), ("linux", linux)] {
                guard case .object(var object) = document[name] ?? .object([:]) else { return }
                object.merge(members) { $1 }
                document[name] = .object(object)
            }
            try Files.write(path, JSON.object(document).encoded)
            result = try bundle.command(["run", "-b", bundle.directory, bundle.id])
        }
        return try #require(result)
    }

    /// Field of /proc/self/stat: 19 is nice, 41 the policy, 40 the static priority.
    private let figures = [
        "/bin/sh", "-c", "read -r line < /proc/self/stat; set -- $line; shift 18; echo $1; shift 21; echo $1 $2",
    ]

    @Test(arguments: [
        (#"{"policy": "SCHED_BATCH", "nice": 5}"#, ["5", "0 3"]), (#"{"policy": "SCHED_IDLE"}"#, ["0", "0 5"]),
        (#"{"policy": "SCHED_OTHER", "nice": -3, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}"#, ["-3", "0 0"]),
    ])
    func schedulerIsSet(_ scheduler: String, _ expected: [String]) throws {
        let result = try run(figures, process: ["scheduler": try JSON(parsing: scheduler)])
        #expect(result.lines == expected, "\(result.error)")
    }

    @Test func ioPriorityIsSet() throws {
        let result = try run(
            ["/bin/ionice"], process: ["ioPriority": ["class": "IOPRIO_CLASS_BE", "priority": 6]])
        #expect(result.output.contains("best-effort: prio 6"), "\(result.output) \(result.error)")
        let idle = try run(["/bin/ionice"], process: ["ioPriority": ["class": "IOPRIO_CLASS_IDLE", "priority": 0]])
        #expect(idle.output.contains("idle"), "\(idle.output) \(idle.error)")
    }

    @Test func personalityMakesA32BitMachine() throws {
        let result = try run(["/bin/uname", "-m"], linux: ["personality": ["domain": "LINUX32"]])
        #expect(result.lines == ["i686"], "\(result.error)")
        #expect(try run(["/bin/uname", "-m"], linux: ["personality": ["domain": "LINUX"]]).lines == ["x86_64"])
    }

    @Test func memoryPolicyIsSet() throws {
        let show = [
            "/bin/sh", "-c", "grep -m 1 -o 'bind:0\\|prefer.*:0\\|interleave:0\\|default\\|local' /proc/self/numa_maps",
        ]
        guard Files.exists("/proc/self/numa_maps") else {
            let refused = try run(["/bin/true"], linux: ["memoryPolicy": ["mode": "MPOL_BIND", "nodes": "0"]])
            // A kernel without NUMA has no such call: the property must be named.
            #expect(refused.code == 1 && refused.error.contains("linux.memoryPolicy"))
            return
        }
        let result = try run(show, linux: ["memoryPolicy": ["mode": "MPOL_BIND", "nodes": "0"]])
        #expect(result.lines == ["bind:0"], "\(result.output) \(result.error)")
        let refused = try run(["/bin/true"], linux: ["memoryPolicy": ["mode": "MPOL_BIND", "nodes": "8000"]])
        #expect(refused.code == 1 && refused.error.contains("linux.memoryPolicy"), "\(refused.error)")
    }

    @Test func processorsOfAnExecAreSet() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let file = "\(bundle.resources.directory)/process.json"
                let process: JSON = [
                    "cwd": "/", "args": ["/bin/grep", "Cpus_allowed_list", "/proc/self/status"],
                    "execCPUAffinity": ["initial": "0", "final": "1"],
                ]
                try Files.write(file, process.encoded)
                let result = try bundle.command(["exec", "--process", file, bundle.id])
                #expect(result.lines == ["Cpus_allowed_list:\t1"], "\(result.error)")
                let wrong: JSON = ["cwd": "/", "args": ["/bin/true"], "execCPUAffinity": ["initial": "7000"]]
                try Files.write(file, wrong.encoded)
                let refused = try bundle.command(["exec", "--process", file, bundle.id])
                #expect(refused.code != 0 && refused.error.contains("process.execCPUAffinity.initial"))
            }
        }
    }

    @Test(arguments: [
        ("process.scheduler.policy", #"{"scheduler": {"policy": "SCHED_FAST"}}"#),
        ("process.scheduler.nice", #"{"scheduler": {"policy": "SCHED_OTHER", "nice": 40}}"#),
        ("process.scheduler.flags[0]", #"{"scheduler": {"policy": "SCHED_OTHER", "flags": ["X"]}}"#),
        ("process.ioPriority.class", #"{"ioPriority": {"class": "IOPRIO_CLASS_X", "priority": 1}}"#),
        ("process.ioPriority.priority", #"{"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 9}}"#),
        ("process.execCPUAffinity.final", #"{"execCPUAffinity": {"final": "3-1"}}"#),
        ("process.oomScoreAdj", #"{"oomScoreAdj": 2000}"#),
        ("process.apparmorProfile", #"{"apparmorProfile": "docker-default"}"#),
        ("process.selinuxLabel", #"{"selinuxLabel": "system_u:system_r:svirt_lxc_net_t:s0"}"#),
        (
            "process.rlimits[1].type",
            #"{"rlimits": [{"type":"RLIMIT_CORE","soft":0,"hard":0},{"type":"RLIMIT_CORE","soft":0,"hard":0}]}"#
        ),
        ("process.rlimits[0]", #"{"rlimits": [{"type": "RLIMIT_CORE", "soft": 2, "hard": 1}]}"#),
        ("linux.personality.domain", #"{"personality": {"domain": "BSD"}}"#),
        ("linux.memoryPolicy.mode", #"{"memoryPolicy": {"mode": "MPOL_X"}}"#),
        ("linux.memoryPolicy.nodes", #"{"memoryPolicy": {"mode": "MPOL_BIND", "nodes": "x"}}"#),
        ("linux.intelRdt.memBwSchema", #"{"intelRdt": {"memBwSchema": "L3:0=f"}}"#),
        ("linux.intelRdt.closID", #"{"intelRdt": {"closID": "../x"}}"#),
    ])
    func wrongValuesAreNamed(_ property: String, _ members: String) throws {
        guard case .object(let members) = try JSON(parsing: members) else { return }
        // A host that has the security modules would take the labels.
        if property.contains("apparmor"), Files.exists("/sys/module/apparmor") { return }
        if property.contains("selinux"), Files.exists("/sys/fs/selinux/enforce") { return }
        let isProcess = property.hasPrefix("process")
        let result = try run(["/bin/true"], process: isProcess ? members : [:], linux: isProcess ? [:] : members)
        #expect(result.code == 1 && result.error.contains("\(property):"), "\(result.error)")
    }

    @Test(.enabled(if: !Files.exists("/sys/fs/resctrl/schemata"), "this host has resctrl"))
    func cacheControlWithoutResctrlIsRefused() throws {
        let result = try run(["/bin/true"], linux: ["intelRdt": ["closID": "gold", "schemata": ["L3:0=f"]]])
        #expect(result.code == 1 && result.error.contains("linux.intelRdt: no resctrl file system"), "\(result.error)")
    }

    @Test func unknownCapabilitiesAreSkippedWithAWarning() throws {
        try withBundle(script("grep CapEff /proc/self/status")) { bundle throws in
            bundle.specification.process?.capabilities = RuntimeCapabilities(["CAP_CHOWN", "CAP_TIME_TRAVEL"])
            let result = try bundle.run()
            #expect(result.lines == ["CapEff:\t0000000000000001"])
            #expect(result.error.contains("CAP_TIME_TRAVEL"))
        }
    }
}
