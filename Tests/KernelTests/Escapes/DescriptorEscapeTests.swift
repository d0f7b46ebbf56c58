import Glibc
import Linux
import OCI
import TestKit
import Testing

/// CVE-2024-21626: descriptors of the host that the runtime has open, because its caller left them open or it opened
/// them itself, as a way out: as working directory, as program, as interpreter, or inherited.
@Suite("Escapes: descriptors", .serialized, .blocking, .enabled(if: isSuperuser))
struct DescriptorEscapeTests {
    /// Runs bulkhead-runtime with a directory of the host at the numbers 3 to 9.
    private func command(_ words: [String], leaking directory: String, _ bundle: RuntimeBundle) throws -> CommandResult
    {
        try leakily(
            bundle.runtime, ["--root", "\(bundle.resources.directory)/state"] + words, leaking: directory, bundle)
    }

    private func leakily(
        _ program: String, _ arguments: [String], leaking directory: String, _ bundle: RuntimeBundle
    ) throws -> CommandResult {
        let leak = try Descriptor.open(directory, .directory)
        return try Command.run(
            program, arguments, descriptors: (3...9).map { (child: $0, parent: leak.rawValue) }, in: bundle.resources)
    }

    private func outside(_ bundle: RuntimeBundle) throws -> String {
        let outside = "\(bundle.resources.directory)/outside"
        try Files.makeDirectories(outside)
        try Files.write("\(outside)/secret", Array("secret of the host\n".utf8))
        try Command.copy("/bin/busybox", to: "\(outside)/busybox")
        return outside
    }

    @Test func whatIsLeakedIsAWayOutWhereNothingIsDone() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let outside = try outside(bundle)
            let words = ["-c", "cat /proc/self/fd/7/secret; cd /proc/self/fd/5; cat secret"]
            let result = try leakily("/bin/sh", words, leaking: outside, bundle)
            #expect(result.output == "secret of the host\nsecret of the host\n")
            let program = try leakily(
                "/usr/bin/env", ["/proc/self/fd/8/busybox", "echo", "out"], leaking: outside, bundle)
            #expect(program.output == "out\n")
        }
    }

    /// Numbers beyond those that are leaked are the runtime's own.
    @Test(arguments: Array(3...20), [false, true])
    func cve_2024_21626_workingDirectory(_ number: Int, _ throughLink: Bool) throws {
        try withBundle(script("cat secret ../../../../../../etc/hostname; pwd")) { bundle throws in
            let outside = try outside(bundle)
            #expect(symlink("/proc/self/fd/\(number)", "\(bundle.rootFileSystem)/link") == 0)
            bundle.specification.process?.workingDirectory = throughLink ? "/link" : "/proc/self/fd/\(number)"
            try bundle.write()
            let result = try command(["run", "-b", bundle.directory, bundle.id], leaking: outside, bundle)
            #expect(result.code == 1 && result.output.isEmpty, "\(result.output)")
            #expect(result.error.contains("working directory"), "\(result.error)")
        }
    }

    @Test(arguments: Array(3...20)) func cve_2024_21626_programAndInterpreter(_ number: Int) throws {
        try withBundle(["/proc/self/fd/\(number)/busybox", "echo", "out"]) { bundle throws in
            let outside = try outside(bundle)
            let words = ["run", "-b", bundle.directory, bundle.id]
            try bundle.write()
            let program = try command(words, leaking: outside, bundle)
            #expect(program.code == 1 && program.output.isEmpty, "\(program.output)")
            let text = "#!/proc/self/fd/\(number)/busybox sh\necho out\n"
            try Files.write("\(bundle.rootFileSystem)/script", Array(text.utf8), mode: 0o755)
            bundle.specification.process?.arguments = ["/script"]
            try bundle.write()
            let interpreter = try command(words, leaking: outside, bundle)
            #expect(interpreter.code == 1 && interpreter.output.isEmpty, "\(interpreter.output)")
        }
    }

    @Test func cve_2024_21626_exec() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            let outside = try outside(bundle)
            let text = "#!/proc/self/fd/7/busybox sh\necho out\n"
            try Files.write("\(bundle.rootFileSystem)/script", Array(text.utf8), mode: 0o755)
            try bundle.whileRunning { () throws in
                for number in 3...20 {
                    let directory = try command(
                        ["exec", "--cwd", "/proc/self/fd/\(number)", bundle.id, "/bin/cat", "secret"],
                        leaking: outside, bundle)
                    #expect(directory.code != 0 && directory.output.isEmpty)
                    let program = try command(
                        ["exec", bundle.id, "/proc/self/fd/\(number)/busybox", "echo", "out"], leaking: outside, bundle)
                    #expect(program.code != 0 && program.output.isEmpty)
                }
                let interpreter = try command(["exec", bundle.id, "/script"], leaking: outside, bundle)
                #expect(interpreter.code != 0 && interpreter.output.isEmpty)
                let list = try command(["exec", bundle.id, "/bin/ls", "/proc/self/fd"], leaking: outside, bundle)
                // The fourth is the directory that ls has open.
                #expect(list.lines == ["0", "1", "2", "3"])
            }
        }
    }

    /// What is to be passed on is, and nothing else, in the order of the numbers.
    @Test func whatIsPreservedIsAllThatIsInherited() throws {
        try withBundle(script("ls /proc/self/fd; cat /proc/self/fd/4/secret")) { bundle throws in
            let outside = try outside(bundle)
            try bundle.write()
            let result = try command(
                ["run", "--preserve-fds", "2", "-b", bundle.directory, bundle.id], leaking: outside, bundle)
            #expect(result.lines == ["0", "1", "2", "3", "4", "5", "secret of the host"], "\(result.error)")
        }
    }
}
