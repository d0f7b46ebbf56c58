import Glibc
import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: hooks", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeHookTests {
    /// A hook that appends a line to a file of the host: its kind, what its state says, and what `extra` prints.
    private func note(_ kind: String, _ file: String, _ extra: String = "true") -> RuntimeHook {
        let state = "s=$(cat); st=${s#*\\\"status\\\":\\\"}; id=${s#*\\\"id\\\":\\\"}"
        return RuntimeHook(
            path: "/bin/busybox",
            arguments: ["sh", "-c", "\(state); echo \(kind) ${st%%\\\"*} ${id%%\\\"*} $WORD $(\(extra)) >> \(file)"],
            environment: ["WORD=spoken", "PATH=/bin:/usr/bin"])
    }

    private func lines(_ file: String) throws -> [String] {
        Files.exists(file) ? try Files.readText(file).split(separator: "\n").map(String.init) : []
    }

    @Test func allSixKindsRunInTheirOrderAndNamespaces() throws {
        try withBundle(script("cat /noted")) { bundle throws in
            let file = "\(bundle.resources.directory)/notes"
            // What a hook in the container writes can be seen there only.
            bundle.specification.hostname = "inside"
            bundle.specification.hooks.prestart = [note("prestart", file, "hostname")]
            bundle.specification.hooks.createRuntime = [note("createRuntime", file, "hostname")]
            bundle.specification.hooks.createContainer = [note("createContainer", file, "hostname")]
            bundle.specification.hooks.startContainer = [note("startContainer", "/noted", "hostname")]
            bundle.specification.hooks.poststart = [note("poststart", file, "hostname")]
            bundle.specification.hooks.poststop = [note("poststop", file, "hostname")]
            let result = try bundle.run()
            #expect(result.output == "startContainer created \(bundle.id) spoken inside\n", "\(result.error)")
            var name = utsname()
            uname(&name)
            let host = withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            #expect(
                try lines(file) == [
                    "prestart creating \(bundle.id) spoken \(host)",
                    "createRuntime creating \(bundle.id) spoken \(host)",
                    "createContainer creating \(bundle.id) spoken inside",
                    "poststart running \(bundle.id) spoken \(host)", "poststop stopped \(bundle.id) spoken \(host)",
                ])
        }
    }

    @Test func hooksOfCreateStartAndDeleteRunWithTheirCommand() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            let file = "\(bundle.resources.directory)/notes"
            bundle.specification.hooks.createRuntime = [note("createRuntime", file)]
            bundle.specification.hooks.poststart = [note("poststart", file)]
            bundle.specification.hooks.poststop = [note("poststop", file)]
            try bundle.write()
            #expect(try bundle.command(["create", "-b", bundle.directory, bundle.id]).code == 0)
            #expect(try lines(file).count == 1)
            #expect(try bundle.command(["start", bundle.id]).code == 0)
            #expect(try lines(file).count == 2)
            #expect(try bundle.command(["delete", "-f", bundle.id]).code == 0)
            #expect(try lines(file).last == "poststop stopped \(bundle.id) spoken")
        }
    }

    @Test(arguments: ["prestart", "createRuntime", "createContainer", "startContainer", "poststart"])
    func aFailingHookFailsTheContainerAndIsNamed(_ kind: String) throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            let file = "\(bundle.resources.directory)/notes"
            // Both the host and the container have a shell there.
            let fails = [RuntimeHook(path: "/bin/sh", arguments: ["sh", "-c", "echo no luck >&2; exit 3"])]
            switch kind {
            case "prestart": bundle.specification.hooks.prestart = fails
            case "createRuntime": bundle.specification.hooks.createRuntime = fails
            case "createContainer": bundle.specification.hooks.createContainer = fails
            case "startContainer": bundle.specification.hooks.startContainer = fails
            default: bundle.specification.hooks.poststart = fails
            }
            bundle.specification.hooks.poststop = [note("poststop", file)]
            let result = try bundle.run()
            #expect(result.code == 1)
            #expect(result.error.contains("hooks.\(kind)[0] (/bin/sh): exit code 3: no luck"), "\(result.error)")
            #expect(try lines(file) == ["poststop stopped \(bundle.id) spoken"])
            #expect(try bundle.command(["list", "-q"]).lines.isEmpty)
        }
    }

    @Test func theLastHooksRunOnceWhereSomebodyElseDeletesTheContainer() throws {
        try withBundle(script("echo ready; exec sleep 100")) { bundle throws in
            let file = "\(bundle.resources.directory)/notes"
            bundle.specification.hooks.poststop = [note("poststop", file)]
            try bundle.write()
            var command = try StartedCommand.start(bundle, ["run", "-b", bundle.directory, bundle.id])
            try command.waitForLine("ready")
            #expect(try bundle.command(["delete", "--force", bundle.id]).code == 0)
            let (code, output) = try command.end()
            #expect(code == 128 + SIGKILL && output == "ready\n")
            #expect(try lines(file) == ["poststop stopped \(bundle.id) spoken"])
        }
    }

    @Test func aHookThatHangsIsKilledAfterItsTime() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let hangs = RuntimeHook(path: "/bin/sleep", arguments: ["sleep", "1000"], timeout: 1)
            bundle.specification.hooks.createRuntime = [hangs]
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("has not ended within 1 s"), "\(result.error)")
        }
    }

    @Test func aMissingHookIsNamed() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.hooks.createContainer = [RuntimeHook(path: "/nonexistent/hook")]
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("hooks.createContainer[0]"), "\(result.error)")
            #expect(result.error.contains("/nonexistent/hook"))
        }
    }

    @Test func failingPoststopHooksAreOnlyWarnedOf() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let file = "\(bundle.resources.directory)/notes"
            bundle.specification.hooks.poststop = [RuntimeHook(path: "/bin/false"), note("poststop", file)]
            let result = try bundle.run()
            #expect(result.code == 0 && result.error.contains("hooks.poststop[0]"))
            #expect(try lines(file).count == 1)
        }
    }

    /// A hook of the container's own must not have more rights than the program that it prepares.
    @Test func startContainerHooksHaveTheProgramsRights() throws {
        try withBundle(["/bin/cat", "/tmp/rights"]) { bundle throws in
            Glibc.chmod("\(bundle.rootFileSystem)/tmp", 0o777)
            bundle.specification.process?.user = RuntimeUser(uid: 33, gid: 33)
            bundle.specification.hooks.startContainer = [
                RuntimeHook(
                    path: "/bin/sh",
                    arguments: ["sh", "-c", "id -u > /tmp/rights; grep CapEff /proc/self/status >> /tmp/rights"],
                    environment: ["PATH=/bin"])
            ]
            #expect(try bundle.run().lines == ["33", "CapEff:\t0000000000000000"])
        }
    }
}
