import Glibc
import Linux
import OCI
import TestKit
import Testing

/// Descriptors that go into a container, and out of it.
@Suite("bulkhead-runtime: descriptors", .serialized, .blocking, .enabled(if: isSuperuser))
struct PassedDescriptorTests {
    /// Runs a command with files whose words are "third", "fourth" as descriptors 3 and 4, through a shell, for
    /// LISTEN_PID names the very process.
    private func command(_ bundle: RuntimeBundle, _ words: [String], variables: String = "") throws -> CommandResult {
        let directory = bundle.resources.directory
        for name in ["third", "fourth"] { try Files.write("\(directory)/\(name)", Array("\(name)\n".utf8)) }
        let text = "exec 3<\(directory)/third 4<\(directory)/fourth; \(variables) exec \"$@\""
        return try Command.run(
            "/bin/sh", ["-c", text, "sh", bundle.runtime, "--root", "\(directory)/state"] + words,
            in: bundle.resources)
    }

    /// What is readable at 3 and 4, and what the shell was told of it.
    private let look = script(
        "echo ${LISTEN_FDS-none} ${LISTEN_PID-none}; for n in 3 4; do cat /proc/self/fd/$n || echo closed; done 2>&1")

    private func expect(
        _ result: CommandResult, _ lines: [String], at location: SourceLocation = #_sourceLocation
    ) {
        let told = result.lines.map { $0.hasPrefix("cat: ") ? "" : $0 }.filter { !$0.isEmpty }
        #expect(told == lines, "\(result)", sourceLocation: location)
    }

    @Test func thosePreservedAndNoOthers() throws {
        try withBundle(look) { bundle throws in
            try bundle.write()
            let run = ["run", "-b", bundle.directory]
            expect(try command(bundle, run + [bundle.id]), ["none none", "closed", "closed"])
            expect(
                try command(bundle, run + ["--preserve-fds", "1", bundle.id]), ["none none", "third", "closed"])
            expect(
                try command(bundle, run + ["--preserve-fds", "2", bundle.id]), ["none none", "third", "fourth"])
        }
    }

    @Test func thosePreservedByExec() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                expect(try command(bundle, ["exec", bundle.id] + look), ["none none", "closed", "closed"])
                expect(
                    try command(bundle, ["exec", "--preserve-fds", "2", bundle.id] + look),
                    ["none none", "third", "fourth"])
            }
        }
    }

    /// Socket activation: sd_listen_fds(3).
    @Test func thoseOfSocketActivation() throws {
        try withBundle(look) { bundle throws in
            try bundle.write()
            let run = ["run", "-b", bundle.directory]
            let own = "LISTEN_FDS=1 LISTEN_PID=$$"
            expect(try command(bundle, run + [bundle.id], variables: own), ["1 1", "third", "closed"])
            expect(
                try command(bundle, run + ["--preserve-fds", "1", bundle.id], variables: own),
                ["1 1", "third", "fourth"])
            expect(
                try command(bundle, run + [bundle.id], variables: "LISTEN_FDS=1 LISTEN_PID=1"),
                ["none none", "closed", "closed"])
        }
    }

    /// Takes what is sent to a socket: a pidfd, or the master of a terminal, with the text that comes with it.
    private func receive(_ listener: borrowing Descriptor) throws -> (text: String, descriptor: Int32) {
        let comes = isReadable(listener.rawValue)
        try #require(comes)
        guard let connection = try UnixSocket.accept(listener),
            var message = try UnixSocket.receive(upTo: 100, over: connection),
            let descriptor = message.takeDescriptor()
        else { throw SystemError("take what is sent", code: EBADF) }
        return (String(decoding: message.bytes, as: UTF8.self), descriptor.release())
    }

    @Test(arguments: ["create", "run"]) func aPidfdOfTheFirstProcess(_ name: String) throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.write()
            let path = "\(bundle.resources.directory)/pidfd"
            let listener = try UnixSocket.listen(path)
            let detach = name == "run" ? ["--detach"] : []
            let started = try bundle.command(
                [name] + detach + ["--pidfd-socket", path, "-b", bundle.directory, bundle.id])
            try #require(started.code == 0, "\(started.error)")
            let (_, number) = try receive(listener)
            defer { close(number) }
            let state = try JSONField(JSON(parsing: bundle.command(["state", bundle.id]).output))
            let process: Int32 = try state.required("pid").number()
            let described = try Files.readText("/proc/self/fdinfo/\(number)").split(separator: "\n")
            #expect(described.contains { $0.split(separator: "\t") == ["Pid:", "\(process)"] }, "\(described)")
            #expect(!isReadable(number, within: 0))
            #expect(try bundle.command(["delete", "--force", bundle.id]).code == 0)
            #expect(isReadable(number))
        }
    }

    @Test func aPidfdOfAnExecutedProcess() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let path = "\(bundle.resources.directory)/pidfd"
                let listener = try UnixSocket.listen(path)
                let file = "\(bundle.resources.directory)/pid"
                let options = ["--detach", "--pid-file", file, "--pidfd-socket", path]
                #expect(try bundle.exec(["/bin/sleep", "50"], options: options).code == 0)
                let (_, number) = try receive(listener)
                defer { close(number) }
                let described = try Files.readText("/proc/self/fdinfo/\(number)").split(separator: "\n")
                let process = try Files.readText(file)
                #expect(described.contains { $0.split(separator: "\t") == ["Pid:", process[...]] }, "\(described)")
            }
        }
    }

    @Test func aSocketThatIsNotThereLeavesNothing() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.write()
            let result = try bundle.command([
                "run", "--detach", "--pidfd-socket", "/nonexistent-socket", "-b", bundle.directory, bundle.id,
            ])
            #expect(result.code == 1 && result.error.contains("--pidfd-socket"), "\(result.error)")
            try expectNothing(bundle)
        }
    }

    @Test func theTerminalOfAnExecutedProcess() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let path = "\(bundle.resources.directory)/console"
                let listener = try UnixSocket.listen(path)
                let result = try bundle.exec(
                    script("tty; read line; echo got $line"),
                    options: ["--tty", "--detach", "--console-socket", path])
                #expect(result.code == 0, "\(result.error)")
                let (text, number) = try receive(listener)
                #expect(text == "/dev/ptmx")
                let master = Descriptor(adopting: number)
                try master.writeAll("word\n")
                let told = String(decoding: try master.readAll(), as: UTF8.self).split(separator: "\r\n")
                #expect(told.filter { $0 != "word" } == ["/dev/pts/0", "got word"])
            }
        }
    }
}
