import Glibc
import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: options of exec", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeExecOptionTests {
    /// runc keeps 255 for what went wrong before there was a program; Docker makes 126 and 127 of the words.
    @Test(arguments: [
        ("nope", #"exec: "nope": executable file not found in $PATH"#),
        ("/nope", #"exec: "/nope": stat /nope: no such file or directory"#),
        ("/etc/passwd", #"exec: "/etc/passwd": permission denied"#),
    ])
    func programsThatCannotBeExecuted(_ program: String, _ text: String) throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let result = try bundle.exec([program])
                #expect(result.code == 255)
                #expect(result.error.contains(text))
            }
        }
    }

    @Test func codesOfPrograms() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                #expect(try bundle.exec(script("exit 3")).code == 3)
                #expect(try bundle.exec(script("kill -TERM $$")).code == 143)
                #expect(
                    try bundle.command(["exec", bundle.id, "/bin/cat"], input: "to its end").output == "to its end")
            }
        }
    }

    @Test func detachedWithAPidFile() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let file = "\(bundle.resources.directory)/exec.pid"
                #expect(try bundle.exec(["/bin/sleep", "55"], options: ["--detach", "--pid-file", file]).code == 0)
                let number = try Files.readText(file)
                #expect(try Files.readText("/proc/\(number)/cmdline") == "/bin/sleep\u{0}55\u{0}")
            }
        }
    }

    @Test func aPidFileThatCannotBeWrittenEndsTheProcess() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let result = try bundle.exec(["/bin/sleep", "55"], options: ["-d", "--pid-file", "/proc/nope/pid"])
                #expect(result.code == 255 && result.error.contains("--pid-file"))
                let deadline = Clock.monotonicMilliseconds + 10_000
                while try bundle.command(["ps", bundle.id]).lines.count > 2 {
                    try #require(Clock.monotonicMilliseconds < deadline)
                }
            }
        }
    }

    @Test func pausedContainersOnlyOnDemand() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                #expect(try bundle.command(["pause", bundle.id]).code == 0)
                #expect(try bundle.exec(["/bin/true"]).code == 255)
                #expect(try bundle.command(["resume", bundle.id]).code == 0)
                #expect(try bundle.exec(["/bin/true"], options: ["--ignore-paused"]).code == 0)
            }
        }
    }

    @Test func groupsBelowTheContainers() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let group = Cgroup(existing: "/\(bundle.id)", layout: try .detect())
                let directories = group.controllerDirectories.map(\.path) + (group.unifiedDirectory.map { [$0] } ?? [])
                for directory in directories { try Files.makeDirectory("\(directory)/below") }
                let result = try bundle.exec(["/bin/cat", "/proc/self/cgroup"], options: ["--cgroup", "/below"])
                #expect(result.code == 0, "\(result.error)")
                #expect(result.lines.filter { $0.hasSuffix("/below") }.count == directories.count, "\(result.output)")
                for directory in directories { try Files.removeDirectory("\(directory)/below") }
                #expect(
                    try bundle.exec(["/bin/true"], options: ["--cgroup", "missing"]).error.contains("no such group"))
                #expect(try bundle.exec(["/bin/true"], options: ["--cgroup", "../x"]).error.contains("leads out"))
            }
        }
    }

    @Test func privileges() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.process?.capabilities = RuntimeCapabilities(["CAP_KILL"])
            try bundle.whileRunning { () throws in
                let result = try bundle.exec(
                    script("grep -E 'CapBnd|CapEff|NoNewPrivs' /proc/self/status; id -G"),
                    options: ["--cap", "CAP_CHOWN", "--no-new-privs", "-g", "77", "-e", "A=b"])
                #expect(
                    result.lines.prefix(3) == [
                        "CapEff:\t0000000000000021", "CapBnd:\t0000000000000021", "NoNewPrivs:\t1",
                    ])
                #expect(result.lines.last?.split(separator: " ").contains("77") == true)
            }
        }
    }

    @Test func labelsThatTheHostCannotGive() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                #expect(try bundle.exec(["/bin/true"], options: ["--apparmor", "unconfined"]).code == 0)
                let profile = try bundle.exec(["/bin/true"], options: ["--apparmor", "mine"])
                // Refused for want of AppArmor, or by AppArmor for want of the profile.
                #expect(profile.code == 255 && profile.error.contains("process.apparmorProfile: "))
                #expect(profile.error.contains("mine"), "\(profile.error)")
                let label = try bundle.exec(["/bin/true"], options: ["--process-label", "a:b:c"])
                #expect(label.code == 255 && label.error.contains("process.selinuxLabel: a:b:c"))
            }
        }
    }

    @Test func processFilesThatAreWrong() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let file = "\(bundle.resources.directory)/process.json"
                for (text, named) in [("{", file), (#"{"cwd":"/","args":[5]}"#, "process.args")] {
                    try Files.write(file, Array(text.utf8))
                    let result = try bundle.exec([], options: ["--process", file])
                    #expect(result.code == 255 && result.error.contains(named), "\(result.error)")
                }
                #expect(try bundle.exec([], options: ["--process", "/nonexistent.json"]).code == 255)
            }
        }
    }
}
