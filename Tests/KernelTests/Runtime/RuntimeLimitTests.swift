import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: limits", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeLimitTests {
    @Test func killedForMemoryReports137() throws {
        try withBundle(["/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"]) { bundle throws in
            bundle.specification.linux.resources.memory.limit = 16 << 20
            bundle.specification.linux.resources.memory.swap = 16 << 20
            #expect(try bundle.run().code == 137)
        }
    }

    @Test func noMoreProcessesThanAllowed() throws {
        try withBundle(script("sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait")) { bundle throws in
            bundle.specification.linux.resources.processes = 3
            let result = try bundle.run()
            #expect(result.error.contains("can't fork") || result.error.contains("Resource temporarily unavailable"))
        }
    }

    @Test func figuresInTheControlGroup() throws {
        let layout = try CgroupLayout.detect()
        let unified = if case .unified = layout { true } else { false }
        let files =
            unified
            ? "cpu.max memory.max pids.max cpu.weight"
            : "cpu/cpu.cfs_quota_us memory/memory.limit_in_bytes pids/pids.max cpu/cpu.shares"
        try withBundle(script("cd /sys/fs/cgroup; cat \(files)")) { bundle throws in
            bundle.specification.linux.resources.processor.quota = 50_000
            bundle.specification.linux.resources.processor.period = 100_000
            bundle.specification.linux.resources.processor.shares = 512
            bundle.specification.linux.resources.memory.limit = 32 << 20
            bundle.specification.linux.resources.processes = 20
            let expected = unified ? ["50000 100000", "33554432", "20", "59"] : ["50000", "33554432", "20", "512"]
            #expect(try bundle.run().lines == expected)
        }
    }

    @Test func devicesThatAreNotAllowedCannotBeOpened() throws {
        try withBundle(script("mknod /tmp/disk b 1 0; cat /tmp/disk; echo $?; head -c 1 /dev/zero | wc -c")) {
            bundle throws in
            let result = try bundle.run()
            #expect(result.error.contains("Operation not permitted") || result.error.contains("Permission denied"))
            #expect(result.lines == ["1", "1"])
        }
    }

    @Test func resourceLimits() throws {
        try withBundle(script("ulimit -n; ulimit -Hn; ulimit -c")) { bundle throws in
            bundle.specification.process?.limits = [
                .init(type: "RLIMIT_NOFILE", soft: 100, hard: 200), .init(type: "RLIMIT_CORE", soft: 0, hard: 0),
            ]
            #expect(try bundle.run().lines == ["100", "200", "0"])
        }
    }

    @Test func limitsThatCannotBeHadAreAnError() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.process?.limits = [.init(type: "RLIMIT_NONSENSE", soft: 1, hard: 1)]
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("RLIMIT_NONSENSE"))
        }
    }
}
