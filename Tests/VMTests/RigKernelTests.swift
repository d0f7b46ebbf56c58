import Foundation
import TestKit
import Testing

/// An older kernel than any test host has, with a device that none has: Debian 11's, whose Linux 5.10 knows neither
/// mount_setattr, mapped owners of mounts, cgroup.kill nor epoll_pwait2. Its files are those of the other rigs.
@Suite(
    "rig: Linux 5.10, and RDMA", .serialized, .blocking,
    .enabled(if: RigKernel.obstacle == nil, Comment(rawValue: RigKernel.obstacle ?? "")))
struct RigKernelTests {
    /// What runs there of the runtime's tests: those that newer kernels do another way. `BULKHEAD_RIG=all` runs nearly all, which
    /// take 20 minutes, and `BULKHEAD_RIG_FILTER` those that it names.
    private static var suites: String {
        if let filter = ProcessInfo.processInfo.environment["BULKHEAD_RIG_FILTER"] { return "--filter '\(filter)'" }
        guard RigOptions.isThorough else {
            let tests = [
                // Killing without cgroup.kill, beside systemd.
                "SystemdCgroupTests/(whatSystemdReloadsIsWhatWasUpdated|pauseAndResumeInAScope)",
                "RuntimeLifecycleTests/(createStartKillDelete|aPausedContainerCanBeDeletedByForce)",
                "RuntimeRootlessTests/(whatSpecWritesRuns|killAllReaches|theHostsNetworkIsShared)",
                "RuntimeExecTests/runsInTheContainersNamespaces", "RuntimeUserNamespaceTests/(the|exec|clocksAre)",
                "RuntimeMountTests/(mountsAnd|binds|masked)", "RuntimeMountOptionTests/recursive",
                "RuntimeOlderKernelTests/(aMountThatIsHidden|pathsAreReadOnly)",
                "MountEscapeTests/(cve_2024_45310|cve_2019_19921|cve_2025_31133)",
                "RuntimeSeccompListenerTests/nothingConnects", "RuntimeMissingFeatureTests", "ResourceRDMATests",
            ]
            return #"--filter '^KernelTests\.("# + tests.joined(separator: "|") + ")'"
        }
        return #"--filter '^KernelTests\.' "#
            + #"--skip '^KernelTests\.(Bridge|Foreground|PassedDescriptor|NetworkNamespaceMaker|"#
            + #"[A-Za-z]*(Fuzz|ErrorConfiguration|RootlessRefusal))'"#
    }

    /// The same below a filter that denies what Linux 5.4 lacks: there even fewer ways are left than with a newer kernel.
    private static let olderSuites =
        #"--filter '^KernelTests\.(RuntimeRootlessTests/whatSpecWritesRuns|RuntimeExecTests/runsIn"#
        + #"|RuntimeUserNamespaceTests/execEnters|NoPivotTests/theRootIsTheBundles)'"#

    @Test func runtimeRunsOnAnOlderKernel() async throws {
        let options = RigOptions(kernel: try RigKernel.current(), modules: ["dummy", "rdma_rxe"])
        try await Rig.run(options) { rig in
            print("in the rig: Linux \(try rig.succeed("uname -r"))", terminator: "")
            // RDMA over Ethernet that is none.
            try rig.succeed("ip link add ether0 type dummy && ip link set ether0 up")
            try rig.succeed("rdma link add rxe0 type rxe netdev ether0")
            let isFiltered = ProcessInfo.processInfo.environment["BULKHEAD_RIG_FILTER"] != nil
            let run = "BULKHEAD_RACE_SECONDS=0 \(RigPrograms.tests) --testing-library swift-testing "
            let tests = try rig.run(run + RigKernelTests.suites, deadline: 2700, echo: true)
            try RigTests.judge(tests, atLeast: isFiltered ? 1 : 30)
            if isFiltered { return }
            let older = try rig.run(
                "BULKHEAD_TEST_OLDER_KERNEL=1 \(run)\(RigKernelTests.olderSuites)", deadline: 900, echo: true)
            try RigTests.judge(older, atLeast: 4)
        }
    }
}
