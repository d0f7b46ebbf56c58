import Glibc
import Linux
import OCI
import TestKit
import Testing

private enum AppArmorHost {
    static let parser = "/usr/sbin/apparmor_parser"
    static let isThere: Bool = {
        let enabled = try? Files.readText("/sys/module/apparmor/parameters/enabled")
        return enabled?.hasPrefix("Y") == true && Files.exists(parser)
    }()
}

/// With the real module: the rig's kernel has it.
@Suite(
    "bulkhead-runtime: AppArmor", .serialized, .blocking, .enabled(if: isSuperuser),
    .enabled(if: AppArmorHost.isThere, "this host has no AppArmor, or no apparmor_parser to load profiles with"))
struct AppArmorTests {
    /// A profile under which everything may be done but reading /secret.
    private func withProfile(_ resources: TestResources, _ body: (String) throws -> Void) throws {
        let name = resources.name("profile")
        let text = """
            profile \(name) flags=(attach_disconnected) {
              file,
              capability,
              network,
              mount,
              umount,
              signal,
              ptrace,
              unix,
              deny /secret r,
            }

            """
        let file = "\(resources.directory)/profile"
        try Files.write(file, Array(text.utf8))
        let loaded = try Command.run(AppArmorHost.parser, ["--add", "--skip-cache", file], in: resources)
        try #require(loaded.code == 0, "\(loaded.error)")
        defer {
            #expect(throws: Never.self) { try Command.run(AppArmorHost.parser, ["--remove", file], in: resources) }
        }
        try body(name)
    }

    private let look = script("cat /proc/self/attr/current; cat /secret")

    @Test(arguments: [false, true]) func theProgramRunsUnderItsProfile(_ noNewPrivileges: Bool) throws {
        try withBundle(look) { bundle throws in
            try withProfile(bundle.resources) { name throws in
                try Files.write("\(bundle.rootFileSystem)/secret", Array("secret\n".utf8))
                bundle.specification.process?.noNewPrivileges = noNewPrivileges
                let without = try bundle.run()
                #expect(without.lines == ["unconfined", "secret"], "\(without.error)")
                bundle.specification.process?.appArmorProfile = name
                let result = try bundle.run()
                #expect(result.output == "\(name) (enforce)\n", "\(result.error)")
                #expect(result.error.contains("secret") && result.error.contains("Permission denied"))
            }
        }
    }

    @Test func executedProgramsRunUnderTheirs() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try withProfile(bundle.resources) { name throws in
                try Files.write("\(bundle.rootFileSystem)/secret", Array("secret\n".utf8))
                try bundle.whileRunning { () throws in
                    #expect(try bundle.exec(look).lines == ["unconfined", "secret"])
                    let result = try bundle.exec(look, options: ["--apparmor", name])
                    #expect(result.output == "\(name) (enforce)\n", "\(result.error)")
                }
                // The container's is that of all its processes, unless they ask for another.
                bundle.specification.process?.appArmorProfile = name
                try bundle.whileRunning { () throws in
                    #expect(try bundle.exec(look).output == "\(name) (enforce)\n")
                    #expect(
                        try bundle.exec(look, options: ["--apparmor", "unconfined"]).lines == ["unconfined", "secret"])
                }
            }
        }
    }

    @Test func aProfileThatIsNotLoadedIsNamed() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.process?.appArmorProfile = bundle.resources.name("missing")
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("process.apparmorProfile"), "\(result.error)")
            #expect(result.error.contains(bundle.resources.name("missing")))
            try expectNothing(bundle)
        }
    }
}
