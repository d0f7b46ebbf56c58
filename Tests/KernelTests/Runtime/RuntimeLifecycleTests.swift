import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: life", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeLifecycleTests {
    @Test func exitCodeAndStreamsOfRun() throws {
        try withBundle(script("cat; echo problem >&2; exit 7")) { bundle throws in
            let result = try bundle.run(input: "hello\n")
            #expect(result.code == 7)
            #expect(result.output == "hello\n")
            #expect(result.error == "problem\n")
        }
    }

    @Test func signalBecomes128AndItsNumber() throws {
        try withBundle(script("kill -9 $$; sleep 5")) { bundle throws in
            // The first process of a pid namespace can't be killed from inside: a child is.
            bundle.specification.process?.arguments = script("sh -c 'kill -9 $$'; exit $?")
            #expect(try bundle.run().code == 137)
        }
    }

    @Test func createStartKillDelete() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.write()
            #expect(try bundle.command(["create", "-b", bundle.directory, bundle.id]).code == 0)
            #expect(try status(bundle) == "created")
            #expect(try bundle.command(["start", bundle.id]).code == 0)
            #expect(try status(bundle) == "running")
            #expect(try bundle.command(["start", bundle.id]).code == 1)
            let refused = try bundle.command(["delete", bundle.id])
            #expect(refused.code == 1 && refused.error.contains("not stopped"))
            #expect(try bundle.command(["kill", bundle.id, "KILL"]).code == 0)
            try waitUntilStopped(bundle)
            #expect(try bundle.command(["delete", bundle.id]).code == 0)
            let unknown = try bundle.command(["state", bundle.id])
            #expect(unknown.code == 1 && unknown.error.contains("does not exist"))
        }
    }

    @Test func createdContainerCanBeDeletedWithoutAStart() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            try bundle.write()
            #expect(try bundle.command(["create", "-b", bundle.directory, bundle.id]).code == 0)
            #expect(try bundle.command(["delete", bundle.id]).code == 0)
        }
    }

    @Test func namesAreTakenOnce() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let second = try bundle.command(["run", "-b", bundle.directory, bundle.id])
                #expect(second.code == 1 && second.error.contains("exists already"))
                #expect(try status(bundle) == "running")
                #expect(try bundle.command(["list", "-q"]).lines == [bundle.id])
            }
        }
    }

    @Test func pauseAndResume() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                #expect(try bundle.command(["pause", bundle.id]).code == 0)
                #expect(try status(bundle) == "paused")
                #expect(try bundle.command(["resume", bundle.id]).code == 0)
                #expect(try status(bundle) == "running")
            }
        }
    }

    @Test func aPausedContainerCanBeDeletedByForce() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in #expect(try bundle.command(["pause", bundle.id]).code == 0) }
        }
    }

    @Test func whatAFailedCreateMadeIsUndone() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.mounts.append(
                .init(destination: "/data", source: "/nonexistent-\(bundle.id)", options: ["bind"]))
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("no such file or directory"))
            #expect(try bundle.command(["list", "-q"]).lines.isEmpty)
        }
    }

    @Test func pidFileHasTheFirstProcess() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.write()
            let file = "\(bundle.resources.directory)/pid"
            #expect(try bundle.command(["run", "-d", "--pid-file", file, "-b", bundle.directory, bundle.id]).code == 0)
            let number = try Files.readText(file)
            #expect(try Files.readText("/proc/\(number)/cmdline").hasPrefix("/bin/sleep"))
            #expect(try bundle.command(["delete", "-f", bundle.id]).code == 0)
        }
    }

    @Test func specWritesAConfigurationThatCanBeRead() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            #expect(try bundle.command(["spec", "-b", bundle.directory]).code == 0)
            let text = try Files.read("\(bundle.directory)/config.json")
            #expect(try RuntimeSpecification(parsing: text).process?.arguments == ["sh"])
        }
    }

    private func status(_ bundle: RuntimeBundle) throws -> String {
        let result = try bundle.command(["state", bundle.id])
        return try JSONField(JSON(parsing: result.output)).required("status").string()
    }

    private func waitUntilStopped(_ bundle: RuntimeBundle) throws {
        let deadline = Clock.monotonicMilliseconds + 10_000
        while try status(bundle) != "stopped" { try #require(Clock.monotonicMilliseconds < deadline) }
    }
}
