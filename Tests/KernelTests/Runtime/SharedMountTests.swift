import Glibc
import Linux
import OCI
import TestKit
import Testing

/// Containers without a mount namespace, whose root is one by chroot(2).
@Suite("bulkhead-runtime: with the host's mounts", .serialized, .blocking, .enabled(if: isSuperuser))
struct SharedMountTests {
    private func withBundleThatMountsNothing(
        _ arguments: [String], _ body: (inout RuntimeBundle) throws -> Void
    ) throws {
        try withBundle(arguments) { bundle throws in
            bundle.specification.mounts = []
            bundle.specification.linux.namespaces.removeAll { $0.kind == .mount }
            try body(&bundle)
        }
    }

    private var mounts: [String] {
        get throws { try Files.readText("/proc/thread-self/mountinfo").split(separator: "\n").map(String.init) }
    }

    @Test func theRootIsTheBundlesAndNothingIsMounted() throws {
        try withBundleThatMountsNothing(script("ls /; cat /etc/passwd | head -n 1; echo x >/dev/null && echo device")) {
            bundle throws in
            let before = try mounts
            let result = try bundle.run()
            #expect(result.code == 0, "\(result.error)")
            #expect(result.lines == ["bin", "dev", "etc", "tmp", "root:x:0:0:root:/root:/bin/sh", "device"])
            #expect(try mounts == before)
        }
    }

    @Test func execHasTheSameRoot() throws {
        try withBundleThatMountsNothing(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                #expect(try bundle.exec(["/bin/ls", "/"]).lines == ["bin", "dev", "etc", "tmp"])
                #expect(try bundle.exec(["/bin/ls", "/.."]).lines == ["bin", "dev", "etc", "tmp"])
                let result = try bundle.exec(["/bin/ls"], options: ["--cap", "CAP_SYS_CHROOT"])
                #expect(result.code == 255 && result.error.contains("CAP_SYS_CHROOT"), "\(result.error)")
            }
        }
    }

    private static let refused: [ConfigurationChange] = [
        .init("mounts", [["destination": "/x", "type": "tmpfs", "source": "tmpfs"]]), .init("root.readonly", true),
        .init("linux.maskedPaths", ["/etc"]), .init("linux.readonlyPaths", ["/etc"]),
        .init("linux.rootfsPropagation", "slave"), .init("process.capabilities", nil),
        .init("process.capabilities.bounding", ["CAP_SYS_CHROOT"], named: "process.capabilities: with CAP_SYS_CHROOT"),
        .init("process.capabilities.permitted", ["CAP_SYS_ADMIN"], named: "process.capabilities: with CAP_SYS_ADMIN"),
        .init("linux.namespaces", [["type": "user"]], named: "linux.uidMappings"),
    ]

    @Test(arguments: refused) func whatTakesMountsIsRefusedByName(_ change: ConfigurationChange) throws {
        try withBundleThatMountsNothing(["/bin/true"]) { bundle throws in
            let text = change.applied(to: bundle.specification.json).encoded
            try Files.write("\(bundle.directory)/config.json", text)
            let result = try bundle.command(["run", "-b", bundle.directory, bundle.id])
            #expect(result.code == 1 && result.error.contains(change.named), "\(result.error)")
            try expectNothing(bundle)
        }
    }
}
