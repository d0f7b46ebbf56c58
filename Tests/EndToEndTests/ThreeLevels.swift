import Foundation
import Testing

extension EndToEnd {
    /// The same behaviour at each isolation level, through the unmodified docker command.
    @Suite(.serialized, .daemonWithMachine)
    struct ThreeLevels {
        let daemon: TestDaemon

        init() throws { daemon = try EndToEnd.daemon() }

        /// `docker run --rm` at a level.
        func run(_ level: Level, _ arguments: String..., input: String? = nil) async throws -> Outcome {
            try await daemon.docker(["run", "--rm"] + options(level) + arguments, input: input)
        }

        /// The reference knows one level only.
        func options(_ level: Level) -> [String] { daemon.isReference ? [] : level.options }

        /// Starts a container in the background, hands it on, and removes it.
        func background(
            _ level: Level, _ options: [String] = [], command: [String], _ body: (String) async throws -> Void
        ) async throws {
            let id = try await daemon.succeed(["run", "-d"] + self.options(level) + options + ["busybox"] + command)
            do { try await body(id) } catch {
                try await daemon.succeed("rm", "-f", id)
                throw error
            }
            try await daemon.succeed("rm", "-f", id)
        }

        @Test(arguments: Level.tested)
        func printsAndPassesTheExitCode(level: Level) async throws {
            let outcome = try await run(level, "busybox", "sh", "-c", "echo out; echo err >&2; exit 7")
            #expect(outcome.output == "out\n", "\(outcome.story)")
            #expect(outcome.error == "err\n", "\(outcome.story)")
            #expect(outcome.code == 7)
        }

        @Test(arguments: Level.tested)
        func missingProgramsGive127AndFilesThatAreNone126(level: Level) async throws {
            #expect(try await run(level, "busybox", "no-such-program").code == 127)
            let outcome = try await run(level, "busybox", "/etc/passwd")
            #expect(outcome.code == 126, "\(outcome.story)")
        }

        @Test(arguments: Level.tested)
        func standardInputReachesTheProgramAndEnds(level: Level) async throws {
            let text = String(repeating: "a line of input\n", count: 20_000)
            let outcome = try await run(level, "-i", "busybox", "wc", "-c", input: text)
            #expect(outcome.output == "\(text.utf8.count)\n", "\(outcome.story)")
        }

        @Test(arguments: Level.tested)
        func muchOutputArrivesWhole(level: Level) async throws {
            let outcome = try await run(level, "busybox", "sh", "-c", "yes 0123456789 | head -n 300000")
            #expect(outcome.output.utf8.count == 300_000 * 11)
            #expect(outcome.code == 0)
        }

        @Test(arguments: Level.tested)
        func aTerminalIsOneAndHasASize(level: Level) async throws {
            let command =
                "stty rows 33 cols 101; \(Program.docker) -H \(daemon.host) run --rm -it "
                + options(level).joined(separator: " ")
                + " busybox sh -c 'tty; stty size; test -t 0 && test -t 1 && echo yes'"
            let outcome = try await Program.run("/usr/bin/script", ["-qec", command, "/dev/null"])
            #expect(outcome.output.contains("/dev/pts/0"), "\(outcome.story)")
            #expect(outcome.output.contains("33 101"), "\(outcome.story)")
            #expect(outcome.output.contains("yes"), "\(outcome.story)")
        }

        @Test(arguments: Level.tested)
        func environmentUserDirectoryAndHostname(level: Level) async throws {
            let outcome = try await run(
                level, "-e", "COLOUR=green", "-w", "/tmp", "-u", "app", "-h", "keel", "busybox",
                "sh", "-c", "echo $COLOUR $HOME; pwd; id -u; id -g; hostname; cat /etc/hostname")
            #expect(outcome.output == "green /home/app\n/tmp\n1000\n1000\nkeel\nkeel\n", "\(outcome.story)")
            let numeric = try await run(level, "-u", "4711:4712", "busybox", "sh", "-c", "id -u; id -g")
            #expect(numeric.output == "4711\n4712\n", "\(numeric.story)")
            let groups = try await run(
                level, "--group-add", "crew", "--group-add", "55", "busybox", "sh", "-c", "id -G")
            #expect(Set(groups.output.split(whereSeparator: \.isWhitespace)) == ["0", "55", "2000"], "\(groups.story)")
            let unknown = try await run(level, "--group-add", "nobodies", "busybox", "true")
            #expect(unknown.code == 125 && unknown.error.contains("nobodies"), "\(unknown.story)")
        }

        @Test(arguments: Level.tested)
        func killedForMemoryReports137(level: Level) async throws {
            let name = "hungry-\(level)"
            let outcome = try await daemon.docker(
                ["run", "--name", name, "-m", "32m", "--memory-swap", "32m"] + options(level)
                    + ["busybox", "sh", "-c", "x=0123456789abcdef; while :; do x=$x$x; done"])
            #expect(outcome.code == 137, "\(outcome.story)")
            #expect(try await daemon.succeed("inspect", "-f", "{{.State.OOMKilled}}", name) == "true")
            try await daemon.succeed("rm", name)
        }

        @Test(arguments: Level.tested)
        func theProcessLimitHolds(level: Level) async throws {
            let outcome = try await run(
                level, "--pids-limit", "10", "busybox",
                "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 3 & done; wait")
            #expect(outcome.error.contains("can't fork"), "\(outcome.story)")
        }

        @Test(arguments: Level.tested)
        func execRunsBesideAndPassesItsExitCode(level: Level) async throws {
            try await background(level, ["-e", "A=1"], command: ["sleep", "1000"]) { id in
                let outcome = try await daemon.docker(
                    [
                        "exec", "-i", "-e", "B=2", "-u", "app", "-w", "/home", id, "sh", "-c",
                        "cat; echo $A $B; pwd; id -un; exit 5",
                    ],
                    input: "typed\n")
                #expect(outcome.output == "typed\n1 2\n/home\napp\n", "\(outcome.story)")
                #expect(outcome.code == 5)
                #expect(try await daemon.docker(["exec", id, "no-such-program"]).code == 127)
                let processes = try await daemon.succeed("top", id)
                #expect(processes.contains("sleep 1000"), "\(processes)")
            }
        }

        @Test(arguments: Level.tested)
        func logsKeepTheStreamsApart(level: Level) async throws {
            let name = "logs-\(level)"
            try await daemon.succeed(
                ["run", "--name", name] + options(level)
                    + ["busybox", "sh", "-c", "for i in 1 2 3; do echo out $i; echo err $i >&2; done"])
            let outcome = try await daemon.docker(["logs", name])
            #expect(outcome.output == "out 1\nout 2\nout 3\n", "\(outcome.story)")
            #expect(outcome.error == "err 1\nerr 2\nerr 3\n", "\(outcome.story)")
            let last = try await daemon.docker(["logs", "--tail", "1", "-t", name])
            let line = last.output + last.error
            #expect(line.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (out|err) 3\n/) != nil, "\(line)")
            try await daemon.succeed("rm", name)
        }

        @Test(arguments: Level.tested)
        func anInitPassesSignalsAndExitCodes(level: Level) async throws {
            let first = try await run(level, "--init", "busybox", "sh", "-c", "cat /proc/1/comm; exit 7")
            #expect(first.output == "docker-init\n" && first.code == 7, "\(first.story)")
            // As the first process of its namespace sleep would not hear SIGTERM.
            try await background(level, ["--init"], command: ["sh", "-c", "echo up; exec sleep 1000"]) { id in
                try await firstLines(of: id)
                try await daemon.succeed("stop", "-t", "60", id)
                #expect(try await daemon.succeed("inspect", "-f", "{{.State.ExitCode}}", id) == "143")
            }
        }

        @Test(arguments: Level.tested)
        func followedLogsEndWithTheContainer(level: Level) async throws {
            try await background(level, command: ["sh", "-c", "echo first; sleep 1; echo last"]) { id in
                let log = try await daemon.succeed("logs", "-f", id)
                #expect(log == "first\nlast")
            }
        }

        @Test(arguments: Level.tested)
        func stopAsksFirstAndKillDoesNot(level: Level) async throws {
            let trap = "trap 'echo asked; exit 3' TERM; echo up; while :; do sleep 0.1; done"
            try await background(level, command: ["sh", "-c", trap]) { id in
                try await firstLines(of: id)
                try await daemon.succeed("stop", id)
                #expect(
                    try await daemon.succeed("inspect", "-f", "{{.State.ExitCode}} {{.State.Status}}", id) == "3 exited"
                )
                #expect(try await daemon.succeed("logs", id) == "up\nasked")
            }
            try await background(level, command: ["sleep", "1000"]) { id in
                try await daemon.succeed("kill", id)
                #expect(try await daemon.succeed("wait", id) == "137")
                #expect(try await daemon.succeed("inspect", "-f", "{{.State.ExitCode}}", id) == "137")
            }
        }

        /// Returns once the container has printed so many lines, with them.
        @discardableResult
        func firstLines(_ count: Int = 1, of id: String) async throws -> String {
            // A pipe into head would hang: docker only learns of its end when there is more to write.
            let script =
                "exec 3< <(\(Program.docker) -H \(daemon.host) logs -f \(id)); "
                + "for i in $(seq \(count)); do read -r line <&3 && echo $line; done; kill $!"
            let outcome = try await Program.run("/bin/bash", ["-c", script])
            #expect(outcome.output != "", "\(outcome.story)")
            return outcome.output
        }

        /// What asks a web server by hand: the wget of a static busybox fails on some hosts where it looks for a name.
        func request(_ file: String) -> String { "printf 'GET /\(file) HTTP/1.0\\r\\n\\r\\n'" }

        @Test(arguments: Level.tested)
        func aPublishedPortAnswersOnTheHostsLoopback(level: Level) async throws {
            try await background(
                level, ["-p", "127.0.0.1::80"],
                command: ["sh", "-c", "echo from $HOSTNAME >/tmp/index.html; echo up; exec httpd -f -p 80 -h /tmp"]
            ) { id in
                try await firstLines(of: id)
                let address = try await daemon.succeed("port", id, "80/tcp")
                let socket = "/dev/tcp/" + address.replacing(":", with: "/")
                let outcome = try await Program.run(
                    "/bin/bash",
                    ["-c", "until exec 3<>\(socket); do sleep 0.1; done; \(request("index.html")) >&3; cat <&3"])
                #expect(outcome.output.hasSuffix("from \(id.prefix(12))\n"), "\(address) \(outcome.story)")
            }
        }

        /// A server that sends every datagram back, since busybox has none: built from its source, statically, so that it
        /// runs in any container.
        func buildEcho(in folder: String) async throws {
            let source = """
                #include <arpa/inet.h>
                #include <stdio.h>
                int main(void) {
                    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(9)}, peer;
                    int s = socket(AF_INET, SOCK_DGRAM, 0);
                    if (bind(s, (struct sockaddr *)&here, sizeof here)) return 1;
                    puts("up"), fflush(stdout);
                    for (;;) {
                        char data[1500];
                        socklen_t length = sizeof peer;
                        ssize_t count = recvfrom(s, data, sizeof data, 0, (struct sockaddr *)&peer, &length);
                        if (count < 0 || sendto(s, data, count, 0, (struct sockaddr *)&peer, length) < 0) return 1;
                    }
                }
                """
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let built = try await Program.run(
                "/usr/bin/cc", ["-static", "-x", "c", "-o", folder + "/echo", "-"], input: source)
            try #require(built.code == 0, "\(built.story)")
        }

        @Test(
            .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/cc"), "no C compiler, as in the rig"),
            arguments: Level.tested)
        func aPublishedDatagramPortAnswers(level: Level) async throws {
            let folder = daemon.folder + "/echo-\(level)"
            try await buildEcho(in: folder)
            try await background(
                level, ["-p", "127.0.0.1::9/udp", "-v", "\(folder):/echo:ro"], command: ["/echo/echo"]
            ) { id in
                try await firstLines(of: id)
                let address = try await daemon.succeed("port", id, "9/udp")
                let port = try #require(address.split(separator: ":").last)
                let outcome = try await Program.run(
                    "/bin/bash",
                    ["-c", "exec 3<>/dev/udp/127.0.0.1/\(port); echo there and back >&3; timeout 20 head -n 1 <&3"])
                #expect(outcome.output == "there and back\n", "\(address) \(outcome.story)")
            }
        }

        @Test(arguments: Level.tested)
        func aVolumeIsKeptBetweenContainers(level: Level) async throws {
            let volume = "kept-\(level)"
            let wrote = try await run(
                level, "-v", "\(volume):/data", "busybox", "sh", "-c", "echo kept > /data/file; chown 1000 /data/file")
            #expect(wrote.code == 0, "\(wrote.story)")
            let read = try await run(
                level, "-v", "\(volume):/data:ro", "busybox",
                "sh", "-c", "cat /data/file; stat -c %u /data/file; touch /data/new || echo read-only")
            #expect(read.output == "kept\n1000\nread-only\n", "\(read.story)")
            try await daemon.succeed("volume", "rm", volume)
        }

        @Test(arguments: Level.tested)
        func aBindMountIsTheHostsDirectory(level: Level) async throws {
            let folder = daemon.folder + "/bind-\(level)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("from the host\n".utf8).write(to: URL(filePath: folder + "/in"))
            let outcome = try await run(
                level, "-v", "\(folder):/mnt", "busybox", "sh", "-c", "cat /mnt/in; echo back > /mnt/out")
            #expect(outcome.output == "from the host\n", "\(outcome.story)")
            #expect(try String(contentsOfFile: folder + "/out", encoding: .utf8) == "back\n")
            #expect(Self.processesWithMount(of: folder) == [], "the directory is still shared")
        }

        /// The processes of the host that have a mount of a directory in their mount namespace.
        static func processesWithMount(of folder: String) -> [String] {
            // From the root of the file system that it is on, wherever that is mounted.
            let end = folder.split(separator: "/").suffix(2).map { "/" + $0 }.joined() + " "
            let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return processes.filter { process in
                guard Int(process) != nil else { return false }
                let mounts = try? String(contentsOfFile: "/proc/\(process)/mountinfo", encoding: .utf8)
                return mounts?.contains(end) ?? false
            }
        }

        @Test(arguments: Level.tested)
        func aReadOnlyRootCannotBeWritten(level: Level) async throws {
            let outcome = try await run(
                level, "--read-only", "--tmpfs", "/scratch", "busybox",
                "sh", "-c", "touch /new; echo fine > /scratch/file; cat /scratch/file")
            #expect(outcome.output == "fine\n", "\(outcome.story)")
            #expect(outcome.error.contains("Read-only file system"), "\(outcome.story)")
        }

        @Test(arguments: Level.tested)
        func twoContainersReachEachOther(level: Level) async throws {
            let serve = ["sh", "-c", "echo served > /tmp/index.html; echo up; exec httpd -f -p 8000 -h /tmp"]
            try await background(level, command: serve) { id in
                try await firstLines(of: id)
                let address = try await daemon.succeed("inspect", "-f", "{{.NetworkSettings.IPAddress}}", id)
                let outcome = try await run(
                    level, "busybox", "sh", "-c",
                    "until \(request("index.html")) | nc -w 10 \(address) 8000; do sleep 0.1; done")
                #expect(outcome.output.hasSuffix("served\n"), "\(address) \(outcome.story)")
            }
        }

        @Test(arguments: Level.tested)
        func whatIsWrittenSurvivesARestart(level: Level) async throws {
            try await background(
                level, command: ["sh", "-c", "echo line >> /tmp/lines; wc -l < /tmp/lines; sleep 1000"]
            ) { id in
                try await firstLines(of: id)
                try await daemon.succeed("restart", "-t", "0", id)
                #expect(try await firstLines(2, of: id) == "1\n2\n")
            }
        }

        @Test(arguments: Level.tested)
        func programsThatEndAtOnceLoseNoOutput(level: Level) async throws {
            let execs = ProcessInfo.processInfo.environment["BULKHEAD_EXECS"].flatMap { Int($0) } ?? 20
            try await background(level, command: ["sleep", "1000"]) { id in
                try await withThrowingTaskGroup { lanes in
                    for lane in 1...4 {
                        lanes.addTask {
                            for round in 1...execs {
                                let output = try await daemon.succeed("exec", id, "echo", "\(lane).\(round)")
                                #expect(output == "\(lane).\(round)")
                            }
                        }
                    }
                    try await lanes.waitForAll()
                }
            }
        }

        @Test(arguments: Level.tested)
        func pausedProcessesStandStill(level: Level) async throws {
            try await background(level, command: ["sleep", "1000"]) { id in
                try await daemon.succeed("pause", id)
                #expect(try await daemon.succeed("inspect", "-f", "{{.State.Status}}", id) == "paused")
                try await daemon.succeed("unpause", id)
                #expect(try await daemon.succeed("inspect", "-f", "{{.State.Status}}", id) == "running")
                #expect(try await daemon.succeed("exec", id, "echo", "again") == "again")
            }
        }

        @Test(arguments: Level.tested)
        func statisticsTellMemoryAndProcesses(level: Level) async throws {
            try await background(level, command: ["sleep", "1000"]) { id in
                let row = try await daemon.succeed("stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", id)
                #expect(row.hasSuffix(" 1") && !row.hasPrefix("0B"), "\(row)")
            }
        }

        @Test func theKernelIsTheHostsOnlyInAContainer() async throws {
            // Its version may well be the same.
            let identity = "/proc/sys/kernel/random/boot_id"
            let host = try await Program.run("/bin/cat", [identity]).output
            #expect(try await run(.process, "busybox", "cat", identity).output == host)
            guard !daemon.isReference else { return }
            for level in Level.tested where level != .process {
                let inside = try await run(level, "busybox", "cat", identity)
                #expect(inside.code == 0 && inside.output != host, "\(inside.story)")
            }
        }
    }
}
