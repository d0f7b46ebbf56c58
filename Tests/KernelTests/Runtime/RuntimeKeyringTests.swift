import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: keyrings", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeKeyringTests {
    /// The serial numbers of the keyrings in /proc/keys, which shows those that the reader may see.
    private func sessions(_ text: String) -> [String] {
        text.split(separator: "\n").filter { $0.contains("keyring") && $0.contains("_ses") }
            .map { String($0.prefix { $0 != " " }) }
    }

    @Test func theCallersSessionKeyringIsOutOfReach() throws {
        try withBundle(["/bin/cat", "/proc/keys"]) { bundle throws in
            // Whoever is not its owner sees it only where it is the session's.
            bundle.specification.process?.user = RuntimeUser(uid: 33, gid: 33)
            let serial = try Privilege.makeSessionKeyring()
            let own = String(UInt32(bitPattern: serial), radix: 16)
            let name = String(repeating: "0", count: 8 - own.count) + own
            #expect(sessions(try Files.readText("/proc/keys")).contains(name))
            let seen = sessions(try bundle.run().output)
            #expect(seen.count == 1 && !seen.contains(name))
            bundle.specification.process?.arguments = ["/bin/sleep", "100"]
            try bundle.whileRunning {
                let seen = sessions(try bundle.exec(["/bin/cat", "/proc/keys"], options: ["--user", "33:33"]).output)
                #expect(seen.count == 1 && !seen.contains(name))
            }
        }
    }

    @Test func theCallersSessionKeyringIsKeptWhereThatIsAskedFor() throws {
        try withBundle(["/bin/cat", "/proc/keys"]) { bundle throws in
            bundle.specification.process?.user = RuntimeUser(uid: 33, gid: 33)
            let serial = try Privilege.makeSessionKeyring()
            let own = String(UInt32(bitPattern: serial), radix: 16)
            let name = String(repeating: "0", count: 8 - own.count) + own
            try bundle.write()
            let result = try bundle.command(["run", "--no-new-keyring", "-b", bundle.directory, bundle.id])
            #expect(sessions(result.output).contains(name), "\(result)")
        }
    }
}
