import TestKit
import Testing

/// The daemon on a host whose processor virtualises: its machines are the own hypervisor's.
@Suite(
    "rig: the daemon on the own hypervisor", .serialized, .blocking,
    .enabled(if: RigImage.obstacle == nil, Comment(rawValue: RigImage.obstacle ?? "")))
struct RigDaemonTests {
    /// The whole suite of a level. Everything takes its time here, where the machine runs on an emulated processor: of the
    /// programs that are executed by the dozen there are fewer, but with `BULKHEAD_RIG=all`.
    private static func suite(of level: String) -> String {
        "\(RigPrograms.daemon) BULKHEAD_LEVELS=\(level) BULKHEAD_EXECS=\(RigOptions.isThorough ? 20 : 4) "
            + "\(RigPrograms.tests) --testing-library swift-testing --filter '^EndToEndTests\\.EndToEnd/ThreeLevels'"
    }

    /// Runs tests until they pass, three times at most where a guest ended in a triple fault; other failures count at once.
    ///
    /// One boot in some ninety ended so here, and only here do Linux guests run on an emulated processor. Which of the two is
    /// at fault, its emulation or the hypervisor, is not known: each time is told.
    private static func pass(_ tests: String, atLeast least: Int, in rig: inout Rig) throws {
        for attempt in 1...3 {
            let result = try rig.run(tests, deadline: 1800, echo: true)
            guard attempt < 3, result.code != 0, (result.output + result.error).contains("a triple fault on processor")
            else { return try RigTests.judge(result, atLeast: least) }
            print("in the rig: a guest ended in a triple fault; the tests are run again, attempt \(attempt + 1)")
        }
    }

    @Test func machinesAreOfTheOwnHypervisorWhereTheProcessorVirtualises() async throws {
        // One processor: with two, QEMU's emulation of them ends the rig's own kernel within minutes where many programs
        // enter a machine at once.
        let options = RigOptions(memory: 4096, processors: 1, nestedVirtualization: true, daemon: true)
        try await Rig.run(options) { rig in
            try rig.succeed(
                """
                mkdir -p /tmp/kernel/boot /tmp/kernel/lib/modules && release=$(uname -r) &&
                ln -s /host/share/vmlinuz /tmp/kernel/boot/vmlinuz-$release &&
                ln -s /lib/modules/$release /tmp/kernel/lib/modules/
                """)
            for level in ["machine", "vm"] {
                try RigDaemonTests.pass(RigDaemonTests.suite(of: level), atLeast: 24, in: &rig)
            }
        }
    }
}
