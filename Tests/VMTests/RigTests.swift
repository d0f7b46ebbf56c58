import TestKit
import Testing

/// The real kernel with pure cgroup v2 and a running systemd, which the test hosts don't have.
@Suite(
    "rig: cgroup v2 and systemd", .serialized, .blocking,
    .enabled(if: RigImage.obstacle == nil, Comment(rawValue: RigImage.obstacle ?? "")))
struct RigTests {
    /// Which suites run in the rig: those whose subject is control groups, systemd, another kernel's limits and modules.
    /// The others depend on these less, and take as long again in software: `BULKHEAD_RIG=all` runs them, too, but for
    /// those that are the same on any host.
    private static var suites: String {
        guard RigOptions.isThorough else {
            return #"--filter '^KernelTests\.(Resource|Cgroup|Systemd|NoSystemd|ExecGroup|Feature|AppArmor|SharedMount"#
                + #"|Killed|KernelFileEscape|NoPivot|Runtime(Limit|Lifecycle|Rootless|Mount)Tests)'"#
        }
        return #"--filter '^KernelTests\.' "#
            + #"--skip '^KernelTests\.(Bridge|Foreground|PassedDescriptor|[A-Za-z]*(Fuzz|ErrorConfiguration|"#
            + #"RootlessRefusal))'"#
    }

    @Test func runtimeRunsOnPureCgroup2UnderSystemd() async throws {
        try await Rig.run { rig in
            #expect(try rig.succeed("stat -f -c %T /sys/fs/cgroup") == "cgroup2fs\n")
            #expect(try rig.succeed("grep -c cgroup /proc/mounts") == "1\n")
            let state = try rig.run("systemctl is-system-running --wait")
            let failed = try rig.succeed("systemctl list-units --failed")
            #expect(state.output == "running\n", "\(failed)")
            let version = try rig.succeed(
                "busctl get-property org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager Version"
            )
            #expect(version.hasPrefix("s \"252"))
            // The tests' ordinary user has a systemd of its own.
            try rig.succeed("loginctl enable-linger tester && systemctl start user@4242.service")
            let tests = try rig.run(
                "BULKHEAD_RACE_SECONDS=0 \(RigPrograms.tests) --testing-library swift-testing \(RigTests.suites)",
                deadline: 2700,
                echo: true)
            try RigTests.judge(tests, atLeast: 30)
        }
    }

    @Test func guestHasKVMAndPowersOff() async throws {
        try await Rig.run(RigOptions(processors: 1, nestedVirtualization: true)) { rig in
            #expect(try rig.succeed("test -c /dev/kvm && grep -o -m 1 -w svm /proc/cpuinfo") == "svm\n")
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try rig.write("/tmp/bytes", bytes)
            #expect(try rig.read("/tmp/bytes") == bytes)
            try rig.powerOff()
        }
    }

    /// Fails with what the runner said about the tests that failed.
    static func judge(_ tests: CommandResult, atLeast least: Int) throws {
        let lines = (tests.output + tests.error).split(separator: "\n").map(String.init)
        let failures = RigTests.failures(in: lines)
        guard tests.code == 0 else {
            let story = failures.isEmpty ? lines.suffix(40) : failures[...]
            throw RigError(description: "in the rig: code \(tests.code)\n\(story.joined(separator: "\n"))")
        }
        // A filter that matches nothing is a success for the runner.
        let run = try #require(lines.last { $0.contains("Test run with") })
        let count = try #require(run.split(separator: " ").compactMap { Int($0) }.first)
        #expect(count >= least, "\(run)")
        // Told, for a suite that is skipped in there says nothing out here.
        print("in the rig: \(run)")
        for line in lines where line.contains(" skipped") { print("in the rig: \(line)") }
    }

    /// The runner's lines about failures, with those that continue them: what a program printed has several.
    private static func failures(in lines: [String]) -> [String] {
        var isFailure = false
        return lines.filter { line in
            switch line.first {
            case "✘": isFailure = true
            case "◇", "✔", "➜": isFailure = false
            case "↳": isFailure = !line.contains("Testing Library") && !line.contains("Target Platform")
            default: isFailure = isFailure || line.contains("error:")
            }
            return isFailure
        }
    }
}
