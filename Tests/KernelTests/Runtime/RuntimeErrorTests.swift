import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: errors", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeErrorTests {
    /// Docker's client makes 127 and 126 of these very words.
    @Test(arguments: [
        ("nope", #"exec: "nope": executable file not found in $PATH"#),
        ("/nope", #"exec: "/nope": stat /nope: no such file or directory"#),
        ("/etc/passwd", #"exec: "/etc/passwd": permission denied"#),
        ("/etc", #"exec: "/etc": is a directory"#),
    ])
    func programsThatCannotBeExecuted(_ program: String, _ text: String) throws {
        try withBundle([program]) { bundle throws in
            let result = try bundle.run()
            #expect(result.code == 1)
            #expect(result.error.contains(text))
        }
    }

    @Test func whatIsNotSupportedIsRefusedByName() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            guard case .object(var document) = bundle.specification.json else { return }
            document["vm"] = ["hypervisor": ["path": "/usr/bin/hypervisor"]]
            try Files.write("\(bundle.directory)/config.json", JSON.object(document).encoded)
            let result = try bundle.command(["run", "-b", bundle.directory, bundle.id])
            #expect(result.code == 1)
            #expect(result.error.contains("vm: is not supported yet"))
        }
    }

    @Test func errorsAreLoggedAsJSON() throws {
        try withBundle(["/nope"]) { bundle throws in
            try bundle.write()
            let log = "\(bundle.resources.directory)/log"
            let result = try bundle.command([
                "--log", log, "--log-format", "json", "run", "-b", bundle.directory, bundle.id,
            ])
            #expect(result.code == 1)
            let line = try JSONField(JSON(parsing: try Files.readText(log)))
            #expect(try line.required("level").string() == "error")
            #expect(try line.required("msg").string().contains("/nope"))
        }
    }

    /// With the codes of runc, which gives 3 for an unknown command and shows its help where there is none.
    @Test(
        arguments: [
            (["frobnicate"], 3), (["run"], 1), (["run", "--nonsense", "x"], 1), (["kill", "x", "NONSENSE"], 1),
            (["--rootless", "maybe", "list"], 1), (["state", "--all", "x"], 1), (["exec", "x"], 255), ([], 0),
        ] as [([String], Int32)])
    func usage(_ words: [String], _ code: Int32) throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let result = try bundle.command(words)
            #expect(result.code == code)
            #expect(result.error.isEmpty == (code == 0))
        }
    }

    @Test(arguments: ["../x", "a/b", ".hidden", ""]) func namesThatLeadElsewhere(_ name: String) throws {
        try withBundle(["/bin/true"]) { bundle throws in
            try bundle.write()
            #expect(try bundle.command(["run", "-b", bundle.directory, name]).code == 1)
        }
    }
}
