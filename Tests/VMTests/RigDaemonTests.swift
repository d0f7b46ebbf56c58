import TestKit
import Testing

/// The daemon on a host whose processor virtualises: its machines are the own hypervisor's.
@Suite(
    "rig: the daemon on the own hypervisor", .serialized, .blocking,
    .enabled(if: RigImage.obstacle == nil, Comment(rawValue: RigImage.obstacle ?? "")))
struct RigDaemonTests {
    /// The suites of the levels with a machine: what a machine takes part in. Everything takes its time here, where the
    /// machine runs on an emulated processor; `BULKHEAD_RIG=all` runs them whole.
    private static func levels(_ level: String, _ tests: [String]) -> String {
        let filter = RigOptions.isThorough ? "" : "/(\(tests.joined(separator: "|")))"
        return "\(RigPrograms.daemon) BULKHEAD_LEVELS=\(level) \(RigPrograms.tests) --testing-library swift-testing "
            + "--filter '^EndToEndTests\\.EndToEnd/ThreeLevels\(filter)'"
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
        try await Rig.run(RigOptions(memory: 4096, nestedVirtualization: true, daemon: true)) { rig in
            try rig.succeed(
                """
                mkdir -p /tmp/kernel/boot /tmp/kernel/lib/modules && release=$(uname -r) &&
                ln -s /host/share/vmlinuz /tmp/kernel/boot/vmlinuz-$release &&
                ln -s /lib/modules/$release /tmp/kernel/lib/modules/
                """)
            let machine = RigDaemonTests.levels(
                "machine",
                [
                    "printsAndPassesTheExitCode", "execRunsBesideAndPassesItsExitCode", "aPublishedPortAnswers",
                    "aVolumeIsKeptBetweenContainers", "aBindMountIsTheHostsDirectory", "twoContainersReachEachOther",
                ])
            try RigDaemonTests.pass(machine, atLeast: 6, in: &rig)
            let vm = RigDaemonTests.levels("vm", ["printsAndPassesTheExitCode", "aBindMountIsTheHostsDirectory"])
            try RigDaemonTests.pass(vm, atLeast: 2, in: &rig)
        }
    }
}
