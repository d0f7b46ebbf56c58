import Foundation
import Testing

extension EndToEnd {
    /// What must survive what: the daemon, monitors and machines killed at awkward moments.
    @Suite(.serialized, .daemon)
    struct DaemonDeath {
        let daemon: TestDaemon

        init() throws { daemon = try EndToEnd.daemon() }

        /// The lines `1 … n` that a container's log holds, or nil if one is missing, doubled or out of order.
        func countedLines(of id: String) async throws -> Int? {
            let lines = try await daemon.succeed("logs", id).split(separator: "\n").compactMap { Int($0) }
            return lines == Array(1...max(lines.count, 1)) ? lines.count : nil
        }

        @Test(.enabled(if: ProcessInfo.processInfo.environment["BULKHEAD_REFERENCE"] == nil, "kills the daemon"))
        func thirtyContainersGoOnWhenTheDaemonIsKilled() async throws {
            var names: [String] = []
            for number in 0..<30 {
                // counts aloud until it is asked to end, then says how it ends
                let script =
                    "trap 'exit \(number + 1)' TERM; i=0; while :; do i=$((i+1)); echo $i; usleep 20000; done"
                let name = "writer\(number)"
                try await daemon.succeed("run", "-d", "--name", name, "busybox", "sh", "-c", script)
                names.append(name)
            }
            // one ends while nobody watches
            try await daemon.succeed(
                "run", "-d", "--name", "brief", "busybox", "sh", "-c", "echo 1; sleep 1.5; echo 2; exit 42")
            let ending = try await daemon.succeed("inspect", "-f", "{{.State.Pid}}", "brief")

            daemon.kill9()
            // wait for the brief one's end: its process goes away with no daemon there
            let gone = try await Program.run(
                "/bin/sh", ["-c", "timeout 20 tail --pid=\(ending) -f /dev/null"], deadline: 30)
            #expect(gone.code == 0)
            try await daemon.start()

            let running = try await daemon.succeed("ps", "-q").split(separator: "\n").count
            #expect(running == 30, "\(daemon.log.suffix(3000))")
            let state = try await daemon.succeed("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "brief")
            #expect(state == "exited 42")
            let brief = try await daemon.succeed("logs", "brief")
            #expect(brief == "1\n2")
            for (number, name) in names.enumerated() {
                let before = try #require(try await countedLines(of: name), "a line of \(name) is missing")
                try await daemon.succeed("stop", name)
                let after = try #require(try await countedLines(of: name), "a line of \(name) is missing")
                #expect(after >= before && before > 10)
                let code = try await daemon.succeed("inspect", "-f", "{{.State.ExitCode}}", name)
                #expect(code == "\(number + 1)")
            }
            try await daemon.succeed(["rm"] + names + ["brief"])
        }

        @Test(.enabled(if: ProcessInfo.processInfo.environment["BULKHEAD_REFERENCE"] == nil, "kills the daemon"))
        func aDaemonKilledWhileItStartsContainersSweepsWhatIsHalfMade() async throws {
            for round in 0..<5 {
                let starting = Task { [daemon] in
                    for number in 0..<20 {
                        // fails when the daemon is killed in between: that is the test
                        _ = try? await daemon.docker([
                            "run", "-d", "--name", "half\(round)-\(number)", "busybox", "sleep", "1000",
                        ])
                    }
                }
                // at another moment of the work in each round
                try await Task.sleep(for: .milliseconds(60 + 37 * round))
                daemon.kill9()
                starting.cancel()
                await starting.value
                try await daemon.start()
                let all = try await daemon.succeed("ps", "-aq").split(separator: "\n").map(String.init)
                // each that is listed can be inspected and removed
                if !all.isEmpty {
                    try await daemon.succeed(["inspect"] + all)
                    try await daemon.succeed(["rm", "-f"] + all)
                }
            }
            let left = try daemon.leftovers().filter {
                $0.contains("monitor") || $0.contains("sleep") || $0.hasPrefix("mount")
            }
            #expect(left.isEmpty, "\(left)")
        }

        @Test(.enabled(if: ProcessInfo.processInfo.environment["BULKHEAD_REFERENCE"] == nil, "kills a monitor"))
        func aKilledMonitorsContainerIsReportedWith137() async throws {
            let id = try await daemon.succeed("run", "-d", "busybox", "sleep", "1000")
            let pid = try await daemon.succeed("inspect", "-f", "{{.State.Pid}}", id)
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let parent = try #require(status.firstMatch(of: /PPid:\s+(\d+)/)?.1)
            kill(try #require(Int32(parent)), SIGKILL)
            let code = try await daemon.succeed("wait", id)
            #expect(code == "137")
            // One that is dead may still wait for the host's init to collect it.
            let left = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
            #expect(left.isEmpty || left.contains("State:\tZ"), "the container's process still lives:\n\(left)")
            try await daemon.succeed("rm", id)
        }

        @Test(.enabled(if: ProcessInfo.processInfo.environment["BULKHEAD_REFERENCE"] == nil, "kills a hypervisor"))
        func aKilledHypervisorEndsItsContainersWithAReasonAndNothingElse() async throws {
            let beside = try await daemon.succeed("run", "-d", "busybox", "sleep", "1000")
            let inside = try await daemon.succeed("run", "-d", "--isolation", "vm", "busybox", "sleep", "1000")
            // The emulator is a grandchild of the machine's monitor, whose socket has the container's number.
            let script = "pgrep -P $(pgrep -P $(pgrep -f '[m]achines/\(inside)/')) qemu"
            let found = try await Program.run("/bin/sh", ["-c", script])
            let emulator = try #require(Int32(found.output.split(separator: "\n").first ?? ""), "\(found.story)")
            kill(emulator, SIGKILL)
            let code = try await daemon.succeed("wait", inside)
            #expect(code == "137")
            let reason = try await daemon.succeed("inspect", "-f", "{{.State.Error}}", inside)
            #expect(!reason.isEmpty)
            let other = try await daemon.succeed("inspect", "-f", "{{.State.Status}}", beside)
            #expect(other == "running")
            try await daemon.succeed("rm", "-f", inside, beside)
        }

        @Test(.enabled(if: ProcessInfo.processInfo.environment["BULKHEAD_REFERENCE"] == nil, "panics a guest"))
        func aPanickingGuestEndsItsContainerWithThatReasonAndNothingElse() async throws {
            let beside = try await daemon.succeed("run", "-d", "busybox", "sleep", "1000")
            let outcome = try await daemon.docker([
                "run", "--name", "panics", "--isolation", "vm", "--privileged", "busybox",
                "sh", "-c", "echo c > /proc/sysrq-trigger; sleep 1000",
            ])
            #expect(outcome.code != 0 && outcome.error.contains("panicked"), "\(outcome.story)")
            let state = try await daemon.succeed("inspect", "-f", "{{.State.ExitCode}} {{.State.Error}}", "panics")
            #expect(state.hasPrefix("137 ") && state.contains("the guest's kernel panicked"), "\(state)")
            let other = try await daemon.succeed("inspect", "-f", "{{.State.Status}}", beside)
            #expect(other == "running")
            try await daemon.succeed("rm", "-f", "panics", beside)
        }
    }
}
