import Glibc
import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: states", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeLifecycleStateTests {
    private func refused(_ bundle: RuntimeBundle, _ words: [String], _ text: String, code: Int32 = 1) throws {
        let result = try bundle.command(words)
        #expect(result.code == code, "\(words)")
        #expect(result.error.contains(text), "\(words): \(result.error)")
    }

    @Test func whatEachStateRefuses() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.write()
            let id = bundle.id
            #expect(try bundle.command(["create", "-b", bundle.directory, id]).code == 0)
            try refused(bundle, ["resume", id], "not paused")
            try refused(bundle, ["create", "-b", bundle.directory, id], "exists already")
            #expect(try bundle.command(["start", id]).code == 0)
            try refused(bundle, ["start", id], "already running")
            try refused(bundle, ["resume", id], "not paused")
            try refused(bundle, ["delete", id], "not stopped: running")
            #expect(try bundle.command(["pause", id]).code == 0)
            try refused(bundle, ["pause", id], "not running")
            try refused(bundle, ["start", id], "paused")
            try refused(bundle, ["exec", id, "/bin/true"], "--ignore-paused", code: 255)
            try refused(bundle, ["delete", id], "not stopped: paused")
            #expect(try bundle.command(["resume", id]).code == 0)
            try end(bundle)
            try refused(bundle, ["kill", id], "container not running")
            #expect(try bundle.command(["kill", "--all", id]).code == 0)
            try refused(bundle, ["start", id], "stopped")
            try refused(bundle, ["pause", id], "not running")
            try refused(bundle, ["exec", id, "/bin/true"], "stopped", code: 255)
            #expect(try bundle.command(["delete", id]).code == 0)
            for command in ["state", "start", "kill", "delete", "pause", "resume", "ps"] {
                try refused(bundle, [command, id], "does not exist")
                try refused(bundle, [command, "../x"], "does not exist")
            }
            #expect(try bundle.command(["delete", "--force", id]).code == 0)
            try expectNothing(bundle)
        }
    }

    @Test func stateTellsWhatRuncTells() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.annotations = ["a": "b"]
            try bundle.whileRunning { () throws in
                let state = try JSONField(JSON(parsing: try bundle.command(["state", bundle.id]).output))
                #expect(try state.required("ociVersion").string().hasPrefix("1."))
                #expect(try state.required("id").string() == bundle.id)
                #expect(try state.required("bundle").string() == bundle.directory)
                #expect(try state.required("rootfs").string() == bundle.rootFileSystem)
                #expect(try state.required("owner").string() == "root")
                #expect(try state.required("annotations").stringMembers() == ["a": "b"])
                let process: Int32 = try state.required("pid").number()
                #expect(try Files.readText("/proc/\(process)/cmdline").hasPrefix("/bin/sleep"))
                try end(bundle)
                let stopped = try JSONField(JSON(parsing: try bundle.command(["state", bundle.id]).output))
                #expect(try stopped.required("pid").number(Int32.self) == 0)
            }
        }
    }

    /// The number of a container's process belongs to somebody else after its end: that one is left in peace.
    @Test func aProcessThatHasTheNumberNowIsNotTheContainers() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.write()
            #expect(try bundle.command(["run", "-d", "-b", bundle.directory, bundle.id]).code == 0)
            try end(bundle)
            // As if numbers had come round: this very process has it.
            let path = "\(bundle.resources.directory)/state/\(bundle.id)/state.json"
            guard case .object(var record) = try JSON(parsing: try Files.read(path)) else { return }
            record["pid"] = JSON(getpid())
            try Files.write(path, JSON.object(record).encoded)
            #expect(try bundle.command(["state", bundle.id]).output.contains(#""status": "stopped""#))
            try refused(bundle, ["kill", bundle.id, "KILL"], "container not running")
            #expect(try bundle.command(["delete", "--force", bundle.id]).code == 0)
            try expectNothing(bundle)
        }
    }

    @Test func ofManyStartsOneSucceeds() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.write()
            for _ in 0..<10 {
                #expect(try bundle.command(["create", "-b", bundle.directory, bundle.id]).code == 0)
                let codes = try together(bundle, (0..<6).map { _ in ["start", bundle.id] })
                #expect(codes.filter { $0 == 0 }.count == 1)
                let deleted = try together(bundle, (0..<4).map { _ in ["delete", "--force", bundle.id] })
                #expect(deleted == [0, 0, 0, 0])
                try expectNothing(bundle)
            }
        }
    }

    @Test func startKillAndDeleteAtOnce() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.write()
            for _ in 0..<10 {
                #expect(try bundle.command(["create", "-b", bundle.directory, bundle.id]).code == 0)
                let id = bundle.id
                let codes = try together(
                    bundle,
                    [["start", id], ["kill", id, "KILL"], ["delete", "--force", id], ["pause", id], ["state", id]])
                #expect(codes[2] == 0)
                try expectNothing(bundle)
            }
        }
    }

    /// Whoever makes a container is killed at any moment: what is left can be deleted.
    @Test(arguments: ["create", "run"]) func theMakerIsKilled(_ command: String) throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.write()
            for _ in 0..<60 {
                let maker = try begin(bundle, [command, "-b", bundle.directory, bundle.id])
                usleep(.random(in: 0...12_000))
                kill(maker, SIGKILL)
                _ = try ProcessDescriptor(process: maker).waitForEnd()
                let deleted = try bundle.command(["delete", "--force", bundle.id])
                #expect(deleted.code == 0, "\(deleted.error)")
                try expectNothing(bundle)
            }
        }
    }

    private func begin(_ bundle: RuntimeBundle, _ words: [String]) throws -> Int32 {
        try Spawn.process(
            path: bundle.runtime, arguments: ["--root", "\(bundle.resources.directory)/state"] + words,
            environment: ["PATH=/usr/bin:/bin"])
    }

    private func together(_ bundle: RuntimeBundle, _ commands: [[String]]) throws -> [Int32] {
        try commands.map { try begin(bundle, $0) }.map { number in
            guard case .exited(let code) = try ProcessDescriptor(process: number).waitForEnd() else { return -1 }
            return code
        }
    }

    private func end(_ bundle: RuntimeBundle) throws {
        let state = try JSONField(JSON(parsing: try bundle.command(["state", bundle.id]).output))
        let process = try ProcessDescriptor(process: try state.required("pid").number())
        #expect(try bundle.command(["kill", bundle.id, "KILL"]).code == 0)
        var waiting = pollfd(fd: process.rawValue, events: Int16(POLLIN), revents: 0)
        try #require(poll(&waiting, 1, 10_000) == 1)
    }
}
