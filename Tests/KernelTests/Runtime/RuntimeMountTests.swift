import Glibc
import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: mounts", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeMountTests {
    @Test func mountsAndTheirOptions() throws {
        try withBundle(script("cat /proc/mounts")) { bundle throws in
            bundle.specification.mounts.append(
                .init(
                    destination: "/cache", type: "tmpfs", source: "cache", options: ["noexec", "size=1m", "mode=700"]))
            let lines = try bundle.run().lines
            #expect(lines.contains { $0.hasPrefix("proc /proc proc rw,nosuid,nodev,noexec") })
            #expect(lines.contains { $0.hasPrefix("sysfs /sys sysfs ro,nosuid,nodev,noexec") })
            #expect(lines.contains { $0.hasPrefix("cache /cache tmpfs rw,noexec,relatime,size=1024k,mode=700") })
            #expect(!lines.contains { $0.contains(" /sys/fs/cgroup") && $0.contains(" rw") })
        }
    }

    @Test func devices() throws {
        try withBundle(
            script("stat -c '%n %t:%T %a' /dev/null /dev/tty /dev/fuse; readlink /dev/fd; readlink /dev/ptmx")
        ) {
            bundle throws in
            bundle.specification.linux.devices = [
                .init(type: "c", path: "/dev/fuse", major: 10, minor: 229, mode: 0o600)
            ]
            #expect(
                try bundle.run().lines == [
                    "/dev/null 1:3 666", "/dev/tty 5:0 666", "/dev/fuse a:e5 600", "/proc/self/fd", "pts/ptmx",
                ])
        }
    }

    @Test func bindsAndReadOnlyBinds() throws {
        try withBundle(script("cat /data/file /data/one; echo x > /data/new; echo x > /fixed/new || echo refused")) {
            bundle throws in
            let source = "\(bundle.resources.directory)/source"
            try Files.makeDirectories(source)
            try Files.write("\(source)/file", Array("content\n".utf8))
            try Files.write("\(bundle.resources.directory)/one", Array("single\n".utf8))
            bundle.specification.mounts += [
                .init(destination: "/data", source: source, options: ["rbind", "rprivate"]),
                .init(destination: "/data/one", source: "\(bundle.resources.directory)/one", options: ["bind", "ro"]),
                .init(destination: "/fixed", source: source, options: ["rbind", "rro"]),
            ]
            #expect(try bundle.run().lines == ["content", "single", "refused"])
            #expect(try Files.readText("\(source)/new") == "x\n")
        }
    }

    @Test func rootCanBeReadOnly() throws {
        try withBundle(script("touch /new && echo written; touch /dev/new && echo written")) { bundle throws in
            bundle.specification.root?.readOnly = true
            #expect(try bundle.run().lines == ["written"])
        }
    }

    @Test func maskedAndReadOnlyPaths() throws {
        try withBundle(
            script(
                "cat /proc/kcore | wc -c; ls /proc/fs | wc -l; touch /proc/sys/kernel/x; echo 1 > /proc/sys/kernel/sem || echo refused"
            )
        ) {
            bundle throws in
            bundle.specification.linux.maskedPaths = ["/proc/kcore", "/proc/fs", "/proc/none"]
            bundle.specification.linux.readOnlyPaths = ["/proc/sys", "/proc/none"]
            #expect(try bundle.run().lines == ["0", "0", "refused"])
        }
    }

    @Test(arguments: ["/absolute/sub", "/relative/sub", "/absolute"])
    func destinationsNeverLeaveTheRootThroughLinks(_ destination: String) throws {
        try withBundle(script("grep -c trap /proc/mounts")) { bundle throws in
            let outside = "\(bundle.resources.directory)/outside"
            try Files.makeDirectories(outside)
            symlink(outside, "\(bundle.rootFileSystem)/absolute")
            symlink("../../../../../../../..\(outside)", "\(bundle.rootFileSystem)/relative")
            bundle.specification.mounts.append(.init(destination: destination, type: "tmpfs", source: "trap"))
            #expect(try bundle.run().lines == ["1"])
            #expect(try Files.entries(of: outside).isEmpty)
        }
    }

    @Test(arguments: ["/proc/self/root", "/proc/1/root", "/proc/self/fd/3", "/proc/self/cwd"])
    func destinationsNeverFollowMagicLinks(_ target: String) throws {
        try withBundle(["/bin/true"]) { bundle throws in
            symlink(target, "\(bundle.rootFileSystem)/magic")
            bundle.specification.mounts.append(.init(destination: "/magic", type: "tmpfs", source: "trap"))
            #expect(try bundle.run().code == 1)
        }
    }

    @Test func workingDirectoryNeverFollowsMagicLinks() throws {
        try withBundle(["/bin/pwd"]) { bundle throws in
            symlink("/proc/self/fd/9", "\(bundle.rootFileSystem)/magic")
            bundle.specification.process?.workingDirectory = "/magic"
            #expect(try bundle.run().code == 1)
        }
    }

    @Test func procMustNotBeALink() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            symlink("/tmp", "\(bundle.rootFileSystem)/proc")
            #expect(try bundle.run().code == 1)
        }
    }

    @Test func nothingOfTheHostCanBeSeen() throws {
        try withBundle(script("ls /proc/self/fd | wc -l; cat /proc/mounts | wc -l; ls /")) { bundle throws in
            let lines = try bundle.run().lines
            // 0, 1, 2, and the one that ls has opened.
            #expect(lines.first == "4")
            #expect(!lines.contains("work"))
        }
    }

    @Test func mountsDoNotReachTheHost() throws {
        try withBundle(script("mount -t tmpfs x /tmp && echo mounted")) { bundle throws in
            bundle.specification.process?.capabilities = RuntimeCapabilities(["CAP_SYS_ADMIN"])
            let before = try Files.readText("/proc/self/mountinfo")
            #expect(try bundle.run().lines == ["mounted"])
            #expect(try Files.readText("/proc/self/mountinfo") == before)
        }
    }
}
