import Glibc
import Linux
import OCI
import TestKit
import Testing

private enum SELinuxHost {
    /// The policy of these tests, and none that a host lives by: RigTests loads it in the rig.
    static let hasPolicyOfTests: Bool = {
        let own = try? Files.readText("/proc/self/attr/current")
        return own?.hasPrefix("all_u:all_r:host_t") == true
    }()
}

/// With the real module, in a machine of the tests' own.
@Suite(
    "bulkhead-runtime: SELinux", .serialized, .blocking, .enabled(if: isSuperuser),
    .enabled(if: SELinuxHost.hasPolicyOfTests, "the tests' own SELinux policy is loaded in the rig only"))
struct SELinuxTests {
    private let look = script("cat /proc/self/attr/current | head -c 100")
    private let inside = "all_u:all_r:inside_t"
    private let mounted = "all_u:object_r:mounted_t"

    private func label(_ result: CommandResult) -> String { String(result.output.prefix { $0 != "\0" && $0 != "\n" }) }

    @Test func programsGetTheirLabel() throws {
        try withBundle(look) { bundle throws in
            #expect(label(try bundle.run()) == "all_u:all_r:host_t")
            bundle.specification.process?.selinuxLabel = inside
            let result = try bundle.run()
            #expect(label(result) == inside, "\(result.error)")
        }
    }

    @Test func executedProgramsGetTheirs() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.process?.selinuxLabel = inside
            try bundle.whileRunning { () throws in
                #expect(label(try bundle.exec(look)) == inside)
                let other = try bundle.exec(look, options: ["--process-label", "all_u:all_r:host_t"])
                #expect(label(other) == "all_u:all_r:host_t", "\(other.error)")
            }
        }
    }

    /// keyctl_get_security(3) of the container's session keyring, the only one that its user sees and root sees as well.
    @Test func itsKeyringHasTheLabel() throws {
        try withBundle(script("grep _ses /proc/keys >/tmp/keys; touch /tmp/written; exec sleep 100")) { bundle throws in
            bundle.specification.process?.selinuxLabel = inside
            bundle.specification.process?.user = RuntimeUser(uid: 33, gid: 33)
            chmod("\(bundle.rootFileSystem)/tmp", 0o777)
            try bundle.whileRunning { () throws in
                let written = try bundle.exec(
                    script(
                        "for turn in $(busybox seq 300); do [ ! -e /tmp/written ] || exit 0; sleep 0.1; done; exit 1"))
                #expect(written.code == 0, "\(written.error)")
                let keys = try Files.readText("\(bundle.rootFileSystem)/tmp/keys").split(separator: "\n")
                let serial = try #require(keys.first?.prefix { $0 != " " })
                #expect(keys.count == 1)
                // For want of keyutils: the call itself (250 is keyctl, 17 the question).
                let ask = "my $text = \"\\0\" x 100; syscall(250, 17, hex shift, $text, 100); print $text"
                let told = try Command.run("/usr/bin/perl", ["-e", ask, String(serial)], in: bundle.resources)
                #expect(label(told) == inside, "\(keys) \(told.error)")
            }
        }
    }

    @Test func newFileSystemsGetTheContext() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.mountLabel = mounted
            bundle.specification.linux.maskedPaths = ["/sys/firmware"]
            bundle.specification.mounts.append(
                .init(destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid"]))
            try bundle.whileRunning { () throws in
                let mounts = try bundle.exec(["/bin/cat", "/proc/mounts"]).lines
                func options(_ path: String) -> Substring {
                    mounts.last { $0.split(separator: " ")[1] == path }?.split(separator: " ")[3] ?? ""
                }
                for path in ["/dev", "/dev/pts", "/sys/firmware"] {
                    #expect(options(path).contains("context=\(mounted)"), "\(path): \(options(path))")
                }
                #expect(!options("/proc").contains("context="))
                let state = try JSONField(JSON(parsing: bundle.command(["state", bundle.id]).output))
                let process: Int32 = try state.required("pid").number()
                let queues = try Command.run(
                    "/usr/bin/stat", ["-c", "%C", "/proc/\(process)/root/dev/mqueue"], in: bundle.resources)
                #expect(queues.output == "\(mounted)\n", "\(queues.error)")
            }
        }
    }

    @Test func contextsThatThePolicyDoesNotHaveAreNamed() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.process?.selinuxLabel = "all_u:all_r:nonsense_t"
            let process = try bundle.run()
            #expect(process.code == 1 && process.error.contains("process.selinuxLabel"), "\(process.error)")
            bundle.specification.process?.selinuxLabel = nil
            bundle.specification.linux.mountLabel = "all_u:object_r:nonsense_t"
            let mount = try bundle.run()
            #expect(mount.code == 1 && mount.error.contains("linux.mountLabel"), "\(mount.error)")
            try expectNothing(bundle)
        }
    }
}
