import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: update and events", .serialized, .blocking, .enabled(if: isSuperuser))
struct ResourceUpdateTests {
    private func update(_ bundle: RuntimeBundle, _ options: [String], input: String = "") throws -> CommandResult {
        try bundle.command(["update"] + options + [bundle.id], input: input)
    }

    private let hasBurst = TestedKernel.isAtLeast(5, 14)

    private func expect(
        _ bundle: RuntimeBundle, separate: [String: String], unified: [String: String],
        at location: SourceLocation = #_sourceLocation
    ) throws {
        for (name, value) in ResourceHost.isUnified ? unified : separate
        where hasBurst || !name.contains("burst") {
            let file = ResourceHost.isUnified ? name : String(name.drop { $0 != "/" }.dropFirst())
            let found = try ResourceHost.read(bundle, String(name.prefix { $0 != "/" }), file)
            #expect(found == value, "\(name)", sourceLocation: location)
        }
    }

    @Test func optionsChangeWhatIsThere() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let result = try update(
                    bundle,
                    [
                        "--memory", "64m", "--memory-swap", "96MiB", "--memory-reservation=33554432", "--pids-limit",
                        "30", "--cpu-share", "1024", "--cpu-period", "80000", "--cpu-quota", "40000",
                    ] + (hasBurst ? ["--cpu-burst", "10000"] : []))
                #expect(result.code == 0, "\(result.error)")
                try expect(
                    bundle,
                    separate: [
                        "memory/memory.limit_in_bytes": "67108864", "memory/memory.memsw.limit_in_bytes": "100663296",
                        "memory/memory.soft_limit_in_bytes": "33554432", "pids/pids.max": "30",
                        "cpu/cpu.shares": "1024", "cpu/cpu.cfs_period_us": "80000", "cpu/cpu.cfs_quota_us": "40000",
                        "cpu/cpu.cfs_burst_us": "10000",
                    ],
                    unified: [
                        "memory.max": "67108864", "memory.swap.max": "33554432", "memory.low": "33554432",
                        "pids.max": "30", "cpu.weight": "100", "cpu.max": "40000 80000", "cpu.max.burst": "10000",
                    ])
            }
        }
    }

    @Test func memoryIsRaisedAndLoweredTogetherWithSwap() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.memory.limit = 32 << 20
            bundle.specification.linux.resources.memory.swap = 32 << 20
            try bundle.whileRunning { () throws in
                for size in ["128m", "16m"] {
                    let result = try update(bundle, ["-m", size, "--memory-swap", size])
                    #expect(result.code == 0, "\(result.error)")
                }
                try expect(
                    bundle, separate: ["memory/memory.memsw.limit_in_bytes": "16777216"],
                    unified: ["memory.max": "16777216", "memory.swap.max": "0"])
                #expect(try update(bundle, ["-m", "-1"]).code == 0)
                try expect(
                    bundle, separate: ["memory/memory.limit_in_bytes": "9223372036854771712"],
                    unified: ["memory.max": "max", "memory.swap.max": "max"])
            }
        }
    }

    @Test(.enabled(if: TestedKernel.isAtLeast(5, 14), "bursts take Linux 5.14"))
    func quotaAndBurstAreLoweredTogether() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.processor.quota = 60_000
            bundle.specification.linux.resources.processor.burst = 50_000
            try bundle.whileRunning { () throws in
                let result = try update(bundle, ["--cpu-quota", "20000", "--cpu-burst", "5000"])
                #expect(result.code == 0, "\(result.error)")
                #expect(try update(bundle, ["--cpu-period", "50000"]).code == 0)
                try expect(
                    bundle,
                    separate: [
                        "cpu/cpu.cfs_quota_us": "20000", "cpu/cpu.cfs_burst_us": "5000",
                        "cpu/cpu.cfs_period_us": "50000",
                    ],
                    unified: ["cpu.max": "20000 50000", "cpu.max.burst": "5000"])
            }
        }
    }

    @Test func aDocumentFromStandardInputOrAFile() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let text = #"{"memory": {"limit": 67108864}, "pids": {"limit": 40}, "devices": [{"allow": false}]}"#
                #expect(try update(bundle, ["-r", "-"], input: text).code == 0)
                try expect(bundle, separate: ["pids/pids.max": "40"], unified: ["pids.max": "40"])
                let file = "\(bundle.resources.directory)/resources.json"
                try Files.write(file, Array(#"{"pids": {"limit": 50}}"#.utf8))
                #expect(try update(bundle, ["--resources=\(file)"]).code == 0)
                try expect(bundle, separate: ["pids/pids.max": "50"], unified: ["pids.max": "50"])
                // Devices are not changed by it.
                #expect(try bundle.exec(["/bin/head", "-c", "1", "/dev/zero"]).code == 0)
            }
        }
    }

    @Test(.enabled(if: TestedKernel.isAtLeast(5, 15), "idle groups take Linux 5.15"))
    func aGroupBecomesIdle() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                #expect(try update(bundle, ["-r", "-"], input: #"{"cpu": {"idle": 1}}"#).code == 0)
                try expect(bundle, separate: ["cpu/cpu.idle": "1"], unified: ["cpu.idle": "1"])
            }
        }
    }

    @Test func processorsOfAContainerThatHadAll() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let result = try update(bundle, ["--cpuset-cpus", "0", "--cpuset-mems", "0"])
                #expect(result.code == 0, "\(result.error)")
                try expect(
                    bundle, separate: ["cpuset/cpuset.cpus": "0", "cpuset/cpuset.mems": "0"],
                    unified: ["cpuset.cpus": "0", "cpuset.mems": "0"])
                let allowed = try bundle.exec(["/bin/grep", "Cpus_allowed_list", "/proc/1/status"]).output
                #expect(allowed.split(separator: "\t").last == "0\n")
            }
        }
    }

    @Test func aLimitBelowWhatIsUsedIsRefusedWhereThatIsAskedFor() throws {
        try withBundle(script("head -c 20000000 /dev/zero >/dev/shm/file; echo; sleep 100")) { bundle throws in
            bundle.specification.mounts.append(.init(destination: "/dev/shm", type: "tmpfs", source: "shm"))
            bundle.specification.linux.resources.memory.limit = 64 << 20
            try bundle.whileRunning { () throws in
                let deadline = Clock.monotonicMilliseconds + 10_000
                let file = ResourceHost.isUnified ? "memory.current" : "memory.usage_in_bytes"
                while (Int(try ResourceHost.read(bundle, "memory", file)) ?? 0) < 20_000_000 {
                    try #require(Clock.monotonicMilliseconds < deadline)
                }
                let text = #"{"memory": {"limit": 8388608, "checkBeforeUpdate": true}}"#
                let result = try update(bundle, ["-r", "-"], input: text)
                #expect(result.code == 1 && result.error.contains("linux.resources.memory.limit"), "\(result.error)")
                try expect(
                    bundle, separate: ["memory/memory.limit_in_bytes": "67108864"], unified: ["memory.max": "67108864"])
            }
        }
    }

    @Test(arguments: [
        (["--memory", "64x"], "--memory"), (["--pids-limit", "many"], "--pids-limit"),
        (["--blkio-weight", "5000"], "--blkio-weight"), (["--cpu-idle", "2"], "--cpu-idle"),
        (["--cpuset-cpus", "100000"], "linux.resources.cpu.cpus"), (["--nonsense"], "--nonsense"),
    ])
    func whatIsWrongIsNamed(_ options: [String], _ words: String) throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let result = try update(bundle, options)
                #expect(result.code == 1 && result.error.contains(words), "\(result.error)")
            }
        }
    }

    @Test(.enabled(if: !Files.exists("/sys/fs/resctrl/schemata"), "this host has Intel RDT"))
    func intelRDTIsRefusedWhereItIsNotThere() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                for (option, line) in [("--l3-cache-schema", "L3:0=f"), ("--mem-bw-schema", "MB:0=50")] {
                    let result = try update(bundle, [option, line])
                    #expect(result.code == 1 && result.error.contains("no Intel RDT"), "\(result.error)")
                    let wrong = try update(bundle, [option, "nonsense"])
                    #expect(wrong.code == 1 && wrong.error.contains("\(option): nonsense"), "\(wrong.error)")
                }
            }
        }
    }

    @Test func realtimeThroughUpdate() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let result = try update(bundle, ["--cpu-rt-period", "900000", "--cpu-rt-runtime", "1000"])
                guard !ResourceHost.isUnified, Files.exists("/sys/fs/cgroup/cpu/cpu.rt_runtime_us") else {
                    #expect(result.code == 1 && result.error.contains("linux.resources.cpu.realtime"))
                    return
                }
                #expect(result.code == 0, "\(result.error)")
                try expect(bundle, separate: ["cpu/cpu.rt_runtime_us": "1000"], unified: [:])
            }
        }
    }

    @Test func unknownContainersCannotBeUpdated() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let result = try update(bundle, ["-m", "64m"])
            #expect(result.code == 1 && result.error.contains("does not exist"))
        }
    }

    @Test func figuresOnce() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.memory.limit = 64 << 20
            bundle.specification.linux.resources.processes = 20
            try bundle.whileRunning { () throws in
                let result = try bundle.command(["events", "--stats", bundle.id])
                #expect(result.code == 0 && result.lines.count == 1, "\(result.error)")
                let event = JSONField(try JSON(parsing: result.output))
                #expect(try event.required("type").string() == "stats")
                #expect(try event.required("id").string() == bundle.id)
                let data = try event.required("data")
                #expect(try data.required("cpu").required("usage").required("total").number(UInt64.self) > 0)
                let usage = try data.required("memory").required("usage")
                #expect(try usage.required("limit").number(UInt64.self) == 64 << 20)
                #expect(try usage.required("usage").number(UInt64.self) > 0)
                #expect(try usage.required("max").number(UInt64.self) > 0 || ResourceHost.isUnified)
                #expect(try data.required("memory").required("raw").members().count > 5)
                #expect(try data.required("pids").required("current").number() == 1)
                #expect(try data.required("pids").required("limit").number() == 20)
            }
        }
    }

    @Test func memoryThatRunsOutIsToldOfUntilTheContainerEnds() throws {
        let program = script(
            "until [ -e /tmp/go ]; do sleep 0.05; done; dd if=/dev/zero of=/dev/null bs=64M count=1; "
                + "until [ -e /tmp/stop ]; do sleep 0.05; done")
        try withBundle(program) { bundle throws in
            bundle.specification.linux.resources.memory.limit = 16 << 20
            bundle.specification.linux.resources.memory.swap = 16 << 20
            try bundle.write()
            #expect(try bundle.command(["run", "--detach", "-b", bundle.directory, bundle.id]).code == 0)
            defer { #expect(throws: Never.self) { try bundle.command(["delete", "--force", bundle.id]) } }
            // The program goes on once the events are watched, and ends once the event is told.
            let output = "\(bundle.resources.directory)/events"
            let watcher = """
                \(bundle.runtime) --root \(bundle.resources.directory)/state events --interval 100ms \(bundle.id) >\(output) &
                until grep -q stats \(output); do sleep 0.05; done; touch \(bundle.rootFileSystem)/tmp/go
                n=0; until grep -q oom \(output) || [ $n -ge 200 ]; do sleep 0.05; n=$((n + 1)); done
                touch \(bundle.rootFileSystem)/tmp/stop; wait
                """
            let result = try Command.run("/bin/sh", ["-c", watcher], in: bundle.resources)
            #expect(result.code == 0, "\(result.error)")
            let types = try Files.readText(output).split(separator: "\n").map { line in
                try JSONField(JSON(parsing: String(line))).required("type").string()
            }
            #expect(types.filter { $0 == "oom" }.count == 1)
            #expect(types.filter { $0 == "stats" }.count >= 2)
        }
    }
}
