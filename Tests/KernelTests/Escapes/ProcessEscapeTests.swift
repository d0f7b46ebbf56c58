import Glibc
import Linux
import OCI
import TestKit
import Testing

/// What a container's processes can do to a process of the runtime that has entered the container and has not become a
/// process of the container's own yet.
@Suite("Escapes: processes", .serialized, .blocking, .enabled(if: isSuperuser))
struct ProcessEscapeTests {
    /// A bundle whose first process attacks those that enter to execute `true` (Tests/Attacker), and where its notes are.
    private func withAttacker(
        _ way: String, _ body: (inout RuntimeBundle, _ notes: String) throws -> Void
    ) throws {
        try withBundle(["/bin/attacker", way, "true", "/tmp/notes"]) { bundle throws in
            try Command.copy(try Command.built("attacker"), to: "\(bundle.rootFileSystem)/bin/attacker")
            try body(&bundle, "\(bundle.rootFileSystem)/tmp/notes")
        }
    }

    /// Enters over and over, some times at least, until the attacker has noted something that begins so.
    private func enter(_ bundle: RuntimeBundle, until sign: String, _ notes: String) throws -> [String] {
        let deadline = Clock.monotonicMilliseconds + 60_000
        var lines: [String] = []
        var rounds = 0
        while rounds < 30 || (!lines.contains { $0.hasPrefix(sign) } && Clock.monotonicMilliseconds < deadline) {
            let words = ["--root", "\(bundle.resources.directory)/state", "exec", bundle.id, "/bin/true"]
            let result = try Command.run("/usr/bin/timeout", ["30", bundle.runtime] + words, in: bundle.resources)
            try #require(result.code == 0, "\(result.code) \(result.error)")
            rounds += 1
            guard Files.exists(notes) else { continue }
            lines = try Files.readText(notes).split(separator: "\n").map(String.init)
        }
        #expect(lines.contains { $0.hasPrefix(sign) }, "nothing was tried: \(lines)")
        return lines
    }

    @Test func cve_2016_9962_nobodyLooksIntoAProcessThatEnters() throws {
        try withAttacker("look") { bundle, notes throws in
            try bundle.whileRunning { () throws in
                let lines = try enter(bundle, until: "refused", notes)
                #expect(!lines.contains { $0.hasPrefix("open") || $0.hasPrefix("traced") }, "\(lines)")
            }
        }
    }

    /// Without a user namespace CAP_SYS_PTRACE is over the runtime's process as well: whoever has it gets in, and finds
    /// nothing of the host's: no descriptor, no directory, no variable, and no capability that would be of use there.
    @Test(arguments: [nil, "fchdir", "setsid"]) func cve_2016_9962_nothingIsFoundInAProcessThatEnters(
        _ refused: String?
    ) throws {
        try withAttacker("look") { bundle, notes throws in
            bundle.specification.process?.capabilities = RuntimeCapabilities(["CAP_SYS_PTRACE"])
            if let refused {
                var filter = RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW")
                filter.calls = [.init(names: [refused, "clone3"], action: "SCMP_ACT_ERRNO", errno: 38)]
                bundle.specification.linux.seccomp = filter
            }
            try bundle.whileRunning { () throws in
                let lines = try enter(bundle, until: "traced CapPrm", notes)
                let found = lines.filter { $0.hasPrefix("traced") && !$0.hasPrefix("traced CapPrm") }
                // The connection to its parent.
                #expect(Set(found).isSubset(of: ["traced descriptor socket:"]), "\(found)")
                var usual: CapabilitySet = [try #require(CapabilitySet(name: "CAP_SYS_PTRACE"))]
                // Here the filter must come last, which takes a capability, and so does what comes before it.
                if refused == "setsid" { usual.formUnion([.setUserID, .setGroupID, .systemAdministration]) }
                for line in lines where line.hasPrefix("traced CapPrm") {
                    let digits = try #require(line.split(separator: "\t").last)
                    let had = CapabilitySet(rawValue: try #require(UInt64(digits, radix: 16)))
                    #expect(had.isSubset(of: usual), "\(had.memberNames)")
                }
            }
        }
    }

    @Test func aProcessThatIsStoppedWhileItEntersGoesOn() throws {
        try withAttacker("stop") { bundle, notes throws in
            try bundle.whileRunning { () throws in _ = try enter(bundle, until: "stopped", notes) }
        }
    }

    /// One that is stopped again and again either comes through or is given up, with the reason.
    @Test func aProcessThatIsHeldUpWhileItEntersIsNotWaitedForForever() throws {
        try withAttacker("hold") { bundle, notes throws in
            try bundle.whileRunning { () throws in
                var isStopped = false
                while !isStopped {
                    let words = [
                        "--root", "\(bundle.resources.directory)/state", "exec", "--detach", bundle.id, "true",
                    ]
                    let result = try Command.run(
                        "/usr/bin/timeout", ["60", bundle.runtime] + words, in: bundle.resources)
                    #expect(
                        result.code == 0 || (result.code == 255 && result.error.contains("held up")),
                        "\(result.code) \(result.error)")
                    isStopped = try Files.exists(notes) && Files.readText(notes).contains("stopped\n")
                }
            }
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
