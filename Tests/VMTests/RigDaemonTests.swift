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
            try RigTests.judge(try rig.run(machine, deadline: 1800, echo: true), atLeast: 6)
            let vm = RigDaemonTests.levels("vm", ["printsAndPassesTheExitCode", "aBindMountIsTheHostsDirectory"])
            try RigTests.judge(try rig.run(vm, deadline: 1800, echo: true), atLeast: 2)
        }
    }
}
