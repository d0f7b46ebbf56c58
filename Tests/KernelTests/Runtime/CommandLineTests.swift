import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: command line", .serialized, .blocking, .enabled(if: isSuperuser))
struct CommandLineTests {
    private static let commands = [
        "create", "start", "state", "kill", "delete", "run", "exec", "list", "features", "spec", "ps", "pause",
        "resume",
        "checkpoint", "restore",
    ]

    @Test(arguments: commands) func everyCommandHasHelp(_ command: String) throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let asked = try bundle.command([command, "--help"])
            #expect(asked.code == 0 && asked.output.contains("bulkhead-runtime \(command)"))
            #expect(try bundle.command(["help", command]).output == asked.output)
            #expect(try bundle.command(["--help"]).output.contains("  \(command) "))
        }
    }

    @Test func optionsThatChangeNothingHere() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            try bundle.write()
            let result = try bundle.command([
                "--rootless", "auto", "--criu", "criu", "run", "--no-new-keyring", "--no-subreaper", "--bundle",
                bundle.directory, bundle.id,
            ])
            #expect(result.code == 0, "\(result.error)")
        }
    }

    @Test func keepLeavesTheStoppedContainer() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            try bundle.write()
            #expect(try bundle.command(["run", "--keep", "-b", bundle.directory, bundle.id]).code == 0)
            #expect(try bundle.command(["state", bundle.id]).output.contains(#""status": "stopped""#))
            #expect(try bundle.command(["delete", bundle.id]).code == 0)
            try expectNothing(bundle)
        }
    }

    @Test func debugTellsOfStepsInTheLog() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            try bundle.write()
            let log = "\(bundle.resources.directory)/log"
            let global = ["--debug", "--log", log, "--log-format", "json"]
            #expect(try bundle.command(global + ["create", "-b", bundle.directory, bundle.id]).error == "")
            #expect(try bundle.command(global + ["delete", bundle.id]).error == "")
            let lines = try Files.readText(log).split(separator: "\n").map {
                try JSONField(JSON(parsing: Array($0.utf8)))
            }
            #expect(try lines.map { try $0.required("level").string() } == ["debug", "debug"])
            #expect(try lines[1].required("msg").string().contains("deleted"))
        }
    }

    @Test func psTakesOptionsOfPS() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let state = try JSONField(JSON(parsing: try bundle.command(["state", bundle.id]).output))
                let process: Int32 = try state.required("pid").number()
                let table = try bundle.command(["ps", bundle.id, "-o", "pid,args"])
                #expect(table.lines.count == 2)
                #expect(table.lines.last?.hasSuffix("\(process) /bin/sleep 100") == true, "\(table)")
                #expect(try bundle.command(["ps", "--format", "json", bundle.id]).output == "[\(process)]\n")
                #expect(try bundle.command(["ps", bundle.id]).lines.count == 2)
                let without = try bundle.command(["ps", bundle.id, "-o", "args"])
                #expect(without.code == 1 && without.error.contains("PID"))
            }
        }
    }

    @Test func listShowsOwnerAndState() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let table = try bundle.command(["list"]).lines.map { $0.split(separator: " ") }
                #expect(table.first == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"])
                #expect(table.last?.first == bundle.id[...] && table.last?.last == "root")
                let json = try JSONField(JSON(parsing: try bundle.command(["list", "--format", "json"]).output))
                #expect(try json.elements().map { try $0.required("status").string() } == ["running"])
            }
        }
    }

    @Test func specForUsersWithoutPrivileges() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            #expect(try bundle.command(["spec", "--rootless", "--bundle", bundle.directory]).code == 0)
            let text = try Files.read("\(bundle.directory)/config.json")
            let linux = try JSONField(JSON(parsing: text)).required("linux")
            let kinds = try linux.required("namespaces").elements().map { try $0.required("type").string() }
            #expect(kinds.contains("user") && !kinds.contains("network"))
            #expect(try linux.required("uidMappings").elements().count == 1)
            #expect(try linux.optional("resources")?.members().isEmpty != false)
            #expect(try bundle.command(["spec", "--bundle", bundle.directory]).code == 1)
        }
    }

    /// Every name that `features` tells can be asked for.
    @Test func featuresTellTheTruth() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let features = try JSONField(JSON(parsing: try bundle.command(["features"]).output))
            let linux = try features.required("linux")
            let seccomp = try linux.required("seccomp")
            bundle.specification.linux.namespaces = []
            // The user namespace takes mappings: it has tests of its own.
            for name in try linux.required("namespaces").strings() where name != "user" {
                bundle.specification.linux.namespaces.append(
                    .init(try #require(RuntimeNamespace.Kind(rawValue: name))))
            }
            bundle.specification.process?.capabilities = RuntimeCapabilities(
                try linux.required("capabilities").strings())
            let actions = try seccomp.required("actions").strings()
            let operators = try seccomp.required("operators").strings()
            // Calls that `true` does not make.
            let names = ["mkdir", "rmdir", "link", "unlink", "symlink", "chmod", "chown", "rename", "mknod"]
            var calls: [JSON] = []
            // That one wants a listener: RuntimeSeccompListenerTests has one.
            let plain = actions.filter { $0 != "SCMP_ACT_NOTIFY" }
            for (name, action) in zip(names, plain) {
                calls.append(["names": [.string(name)], "action": .string(action)])
            }
            #expect(calls.count == plain.count && plain.count == actions.count - 1)
            for comparison in operators {
                let argument: JSON = ["index": 0, "value": 99, "valueTwo": 1, "op": .string(comparison)]
                calls.append(["names": ["swapon"], "action": "SCMP_ACT_ERRNO", "args": [argument]])
            }
            let filter: JSON = [
                "defaultAction": "SCMP_ACT_ALLOW", "architectures": JSON(try seccomp.required("archs").strings()),
                "flags": JSON(try seccomp.required("supportedFlags").strings()), "syscalls": .array(calls),
            ]
            let document = ConfigurationChange("linux.seccomp", filter).applied(to: bundle.specification.json)
            try Files.write("\(bundle.directory)/config.json", document.encoded)
            let result = try bundle.command(["run", "-b", bundle.directory, bundle.id])
            #expect(result.code == 0, "\(result.error)")
        }
    }

    @Test func featuresTellTheTruthOfMountOptions() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let features = try JSONField(JSON(parsing: try bundle.command(["features"]).output))
            // These four take a file system or mappings that fit them: they have tests of their own.
            let others: Set = ["remount", "tmpcopyup", "idmap", "ridmap"]
            for option in try features.required("mountOptions").strings() where !others.contains(option) {
                // A nonsensical one is refused for every bind: see RuntimeErrorConfigurationTests.
                bundle.specification.mounts = [
                    .init(destination: "/tmp", source: bundle.rootFileSystem, options: ["bind", option])
                ]
                let result = try bundle.run()
                #expect(result.code == 0, "\(option): \(result.error)")
            }
        }
    }
}
