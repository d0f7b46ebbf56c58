import Glibc
import Linux
import OCI
import TestKit
import Testing

/// What a container's processes can do to a process of the runtime that has entered the container and has not become a
/// process of the container's own yet.
@Suite("Escapes: processes", .serialized, .blocking, .enabled(if: isSuperuser))
struct ProcessEscapeTests {
    /// Looks into every process that calls itself as the runtime does, and notes what it got at. A refusal shows that
    /// it has come upon one in time. A name only ever changes to that of the container's program: who still has the
    /// runtime's after the door was open was the runtime when it was.
    private static let onlooker = """
        mkdir -p /tmp/n
        while :; do for p in /proc/[0-9]*; do
            { read name; } < $p/comm || continue
            case $name in bulkhead*|runc*|[0-9]*) ;; *) continue ;; esac
            echo >> /tmp/n/met
            for what in environ mem maps; do
                if { :; } < $p/$what; then
                    { read name; } < $p/comm && case $name in bulkhead*|runc*|[0-9]*) echo $what >> /tmp/n/open ;; esac
                fi
            done
            for what in cwd root exe ns/mnt fd/3 fd/4 fd/5; do
                readlink $p/$what && { read name; } < $p/comm &&
                    case $name in bulkhead*|runc*|[0-9]*) echo $what >> /tmp/n/open ;; esac
            done
        done; done 2> /dev/null > /dev/null
        """

    /// The control is a container that was given CAP_SYS_PTRACE: it does get in, as with runc and crun, for without a
    /// user namespace that capability is over the runtime's process as well.
    @Test(arguments: [false, true]) func cve_2016_9962_nobodyLooksIntoAProcessThatEnters(_ tracer: Bool) throws {
        try withBundle(script(Self.onlooker)) { bundle throws in
            if tracer { bundle.specification.process?.capabilities = RuntimeCapabilities(["CAP_SYS_PTRACE"]) }
            let sign = tracer ? "open" : "met"
            // So that it takes a while to find the user out: it is in the container all this time.
            let users = (0..<60_000).map { "user\($0):x:\($0 + 1000):1000:somebody:/home:/bin/sh\n" }.joined()
            try Files.write("\(bundle.rootFileSystem)/etc/passwd", Array(("root:x:0:0:root:/:/bin/sh\n" + users).utf8))
            let seen = "\(bundle.rootFileSystem)/tmp/n"
            try bundle.whileRunning { () throws in
                let deadline = Clock.monotonicMilliseconds + 60_000
                var rounds = 0
                while rounds < 10 || (!Files.exists("\(seen)/\(sign)") && Clock.monotonicMilliseconds < deadline) {
                    let result = try bundle.exec(["/bin/true"], options: ["--user", "59999"])
                    #expect(result.code == 0, "\(result.error)")
                    rounds += 1
                }
            }
            #expect(Files.exists("\(seen)/met"), "no process of the runtime was met: nothing was tried")
            #expect(Files.exists("\(seen)/open") == tracer)
        }
    }

    /// Signals to everything that the first process can see, over and over: a process that enters dies, which is told;
    /// nothing waits for ever, and the container lives on.
    @Test func signalsToAProcessThatEntersOnlyEndThatProcess() throws {
        try withBundle(script("trap '' TERM; while :; do kill -9 -1; done 2> /dev/null")) { bundle throws in
            try bundle.whileRunning { () throws in
                let deadline = Clock.monotonicMilliseconds + 2000
                var (ended, killed) = (0, 0)
                while Clock.monotonicMilliseconds < deadline {
                    let words = ["--root", "\(bundle.resources.directory)/state", "exec", bundle.id, "/bin/true"]
                    let result = try Command.run(
                        "/usr/bin/timeout", ["20", bundle.runtime] + words, in: bundle.resources)
                    #expect([0, 1, 137, 255].contains(result.code), "\(result.code) \(result.error)")
                    if result.code == 0 { ended += 1 } else { killed += 1 }
                }
                #expect(killed > 0, "\(ended) processes ended, and none was met")
                let state = try JSONField(JSON(parsing: bundle.command(["state", bundle.id]).output))
                #expect(try state.required("status").string() == "running")
            }
        }
    }

    @Test func cve_2022_29162_nothingIsInheritable() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            var capabilities = RuntimeCapabilities(["CAP_CHOWN", "CAP_NET_RAW"])
            capabilities.inheritable = []
            bundle.specification.process?.capabilities = capabilities
            try bundle.whileRunning { () throws in
                let look = script("grep -E 'CapInh|CapAmb' /proc/self/status; grep CapEff /proc/self/status")
                for options in [
                    [], ["--cap", "CAP_KILL"], ["--user", "33"], ["--user", "33", "--cap", "CAP_KILL"],
                ] {
                    let lines = try bundle.exec(look, options: options).lines
                    #expect(lines.contains("CapInh:\t0000000000000000"), "\(options) \(lines)")
                    #expect(lines.contains("CapAmb:\t0000000000000000"), "\(options) \(lines)")
                    #expect(lines.count == 3)
                }
            }
        }
    }

    /// A container whose files and /proc are not what they seem: exec fails or does what it was told, and soon.
    @Test func execIntoAContainerThatIsHostile() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.process?.capabilities = RuntimeCapabilities(["CAP_SYS_ADMIN", "CAP_MKNOD"])
            let outside = "\(bundle.resources.directory)/outside"
            try Files.makeDirectories(outside)
            try bundle.whileRunning { () throws in
                let prepare = """
                    rm -f /dev/null /dev/ptmx /etc/passwd /etc/group
                    mknod /dev/null p; mknod /dev/ptmx p; mknod /etc/passwd p; ln -s /proc/1/mem /etc/group
                    ln -s \(outside) /way; ln -s /proc/1/root/../../../../\(outside) /other
                    mkdir -p /tmp/fake/self/attr /tmp/fake/1; echo 0 > /tmp/fake/self/oom_score_adj
                    mount -t tmpfs none /proc && cp -r /tmp/fake/* /proc/ && cat /proc/self/oom_score_adj
                    """
                let prepared = try bundle.exec(
                    script(
                        prepare.replacing("rm -f", with: "busybox rm -f").replacing("cp -r", with: "busybox cp -r")
                            .replacing("ln -s", with: "busybox ln -s")))
                #expect(prepared.lines == ["0"], "\(prepared.error)")
                func exec(_ options: [String], _ words: [String]) throws -> CommandResult {
                    let start = ["--root", "\(bundle.resources.directory)/state", "exec"]
                    return try Command.run(
                        "/usr/bin/timeout", ["20", bundle.runtime] + start + options + [bundle.id] + words,
                        in: bundle.resources)
                }
                #expect(try exec([], ["/bin/echo", "still"]).output == "still\n")
                #expect(try exec(["--user", "web"], ["/bin/true"]).code == 255)
                #expect(try exec(["--user", "33"], ["/bin/echo", "as 33"]).output == "as 33\n")
                let terminal = try exec(["--tty"], ["/bin/true"])
                #expect(terminal.code == 255 && terminal.error.contains("/dev/ptmx"), "\(terminal.error)")
                for path in ["/way/made", "/other/made"] {
                    let result = try exec(["--cwd", path], ["/bin/pwd"])
                    #expect(result.code == 255 || result.output == "\(outside)/made\n", "\(result.output)")
                }
                #expect(try Files.entries(of: outside).isEmpty)
                // Its score goes to the true /proc, not to what the container has in its place.
                var process = try #require(bundle.specification.process)
                process.oomScoreAdjustment = 321
                process.arguments = ["/bin/sleep", "100"]
                let (file, number) = ("\(bundle.resources.directory)/process", "\(bundle.resources.directory)/number")
                try Files.write(file, process.json.encoded)
                let detached = try exec(["--detach", "--process", file, "--pid-file", number], [])
                #expect(detached.code == 0, "\(detached.error)")
                #expect(try Files.readText("/proc/\(Files.readText(number))/oom_score_adj") == "321\n")
                #expect(try bundle.exec(["/bin/cat", "/proc/self/oom_score_adj"]).output == "0\n")
            }
        }
    }
}
