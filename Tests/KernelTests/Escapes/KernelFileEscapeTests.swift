import Glibc
import Linux
import OCI
import TestKit
import Testing

/// Files of the kernel's that must be the ones that they seem to be, and those that nobody in a container may have.
@Suite("Escapes: files of the kernel", .serialized, .blocking, .enabled(if: isSuperuser))
struct KernelFileEscapeTests {
    private static let parameter = "net/ipv4/ip_unprivileged_port_start"

    /// The runtime's own /proc has another file in the place of the one that it is about to write to.
    @Test(arguments: ["/proc/sys", "/proc/sys/net"]) func cve_2025_52881_writesAreNotRedirected(_ place: String) throws
    {
        try withBundle(["/bin/true"]) { bundle throws in
            let decoys = "\(bundle.resources.directory)/decoys"
            let decoy = "\(decoys)/\(place == "/proc/sys" ? Self.parameter : String(Self.parameter.dropFirst(4)))"
            try Files.makeDirectories(Files.parent(of: decoy))
            try Files.write(decoy, Array("decoy".utf8))
            bundle.specification.linux.sysctl = ["net.ipv4.ip_unprivileged_port_start": "77"]
            // The control: nothing else is wrong with it.
            #expect(try bundle.run().code == 0)
            let run =
                "\(bundle.runtime) --root \(bundle.resources.directory)/state run -b \(bundle.directory) \(bundle.id)"
            let text = "mount --bind \(decoys) \(place) && cat /proc/sys/\(Self.parameter) && \(run)"
            let result = try Command.run("/usr/bin/unshare", ["-m", "sh", "-c", text], in: bundle.resources)
            #expect(result.output == "decoy", "where the runtime looks is not what was meant to be there")
            #expect(result.code == 1 && result.error.contains("ip_unprivileged_port_start"), "\(result.error)")
            #expect(try Files.readText(decoy) == "decoy")
        }
    }

    /// What an image has in the place of /proc is never used.
    @Test func cve_2025_52881_theImagesOwnProcIsNotWrittenTo() throws {
        try withBundle(script("cat /proc/self/oom_score_adj /proc/sys/\(Self.parameter)")) { bundle throws in
            let outside = "\(bundle.resources.directory)/outside"
            try Files.write(outside, Array("outside".utf8))
            let fake = "\(bundle.rootFileSystem)/proc"
            try Files.makeDirectories("\(fake)/self/attr")
            try Files.makeDirectories(Files.parent(of: "\(fake)/sys/\(Self.parameter)"))
            for name in ["self/oom_score_adj", "sys/\(Self.parameter)", "self/attr/exec"] {
                #expect(symlink(outside, "\(fake)/\(name)") == 0)
            }
            bundle.specification.linux.sysctl = ["net.ipv4.ip_unprivileged_port_start": "77"]
            bundle.specification.process?.oomScoreAdjustment = 300
            #expect(try bundle.run().lines == ["300", "77"])
            #expect(try Files.readText(outside) == "outside")
        }
    }

    /// /dev/console is exchanged for a link to a kernel parameter while the container's terminal is put there.
    @Test func cve_2025_52565_devConsoleIsExchanged() throws {
        let text = "grep -E ' /dev/(console|other) |core_pattern' /proc/self/mountinfo"
        try withBundle(script(text)) { bundle throws in
            bundle.specification.mounts.removeAll { $0.destination == "/dev" }
            bundle.specification.process?.terminal = true
            bundle.specification.linux.readOnlyPaths = ["/proc/sys"]
            let directory = "\(bundle.rootFileSystem)/dev"
            try Files.makeDirectories("\(directory)/pts")
            try Files.write("\(directory)/console", [])
            #expect(symlink("/proc/sys/kernel/core_pattern", "\(directory)/other") == 0)
            let path = "\(bundle.resources.directory)/console"
            let listener = try UnixSocket.listen(path)
            var (succeeded, refused) = (0, 0)
            try Race.run("\(directory)/console", "\(directory)/other", until: { succeeded > 0 && refused > 0 }) {
                () throws in
                try bundle.write()
                let started = try bundle.command([
                    "run", "-d", "--console-socket", path, "-b", bundle.directory, bundle.id,
                ])
                guard started.code == 0 else {
                    refused += 1
                    return
                }
                defer { #expect(throws: Never.self) { try bundle.command(["delete", "-f", bundle.id]) } }
                guard let connection = try UnixSocket.accept(listener),
                    var message = try UnixSocket.receive(upTo: 100, over: connection)
                else { return }
                let received = message.takeDescriptor()
                guard case .some(let master) = received else { return }
                let lines = String(decoding: try master.readAll(), as: UTF8.self).split(separator: "\r\n")
                succeeded += 1
                // One mount, of a terminal, by whatever name that has now. In the attack it is one of the parameter.
                #expect(lines.count == 1 && lines.first?.contains(" - devpts ") == true, "\(lines)")
            }
            #expect(succeeded > 0 && refused > 0, "\(succeeded), \(refused)")
        }
    }

    /// What an image brings as a device is a device, but one that the container may not open.
    @Test func devicesOfImagesCannotBeOpened() throws {
        let text = """
            stat -c %F /disk /fuse; mknod /new c 10 229
            for f in /disk /fuse /new; do (: < $f) && echo opened $f; done
            """
        try withBundle(script(text)) { bundle throws in
            let root = bundle.rootFileSystem
            #expect(mknod("\(root)/fuse", S_IFCHR | 0o666, dev_t(RootDirectory.deviceNumber(10, 229))) == 0)
            #expect(mknod("\(root)/disk", S_IFBLK | 0o666, dev_t(RootDirectory.deviceNumber(7, 0))) == 0)
            let result = try bundle.run()
            #expect(result.lines == ["block special file", "character special file"])
            #expect(result.error.split(separator: "\n").filter { $0.hasSuffix("Operation not permitted") }.count == 3)
            // The control: it is the rule alone that is in the way.
            unlink("\(root)/new")
            bundle.specification.linux.resources.devices.append(
                .init(allow: true, type: "c", major: 10, minor: 229, access: "rm"))
            #expect(try bundle.run().lines.dropFirst(2) == ["opened /fuse", "opened /new"])
        }
    }

    /// The runtime itself reads files of the image: what is a device or a pipe there is not opened for good or waited for.
    @Test func filesOfTheImageThatAreNone() throws {
        try withBundle(["/bin/id", "-u"]) { bundle throws in
            let root = bundle.rootFileSystem
            unlink("\(root)/etc/passwd")
            unlink("\(root)/etc/group")
            #expect(mkfifo("\(root)/etc/passwd", 0o600) == 0)
            #expect(mknod("\(root)/etc/group", S_IFBLK | 0o666, dev_t(RootDirectory.deviceNumber(7, 0))) == 0)
            bundle.specification.process?.user.name = "33"
            try bundle.write()
            let words = [
                "20", bundle.runtime, "--root", "\(bundle.resources.directory)/state", "run", "-b", bundle.directory,
                bundle.id,
            ]
            #expect(try Command.run("/usr/bin/timeout", words, in: bundle.resources).output == "33\n")
        }
    }

    /// The program that cgroup v1 starts on the host when a group becomes empty.
    private static let agents = ["memory", "devices", "freezer", "pids"].map { "/sys/fs/cgroup/\($0)/release_agent" }
        .filter { Files.exists($0) }

    @Test(.enabled(if: !agents.isEmpty, "cgroup v2 has no release_agent"), arguments: [false, true])
    func cve_2022_0492_releaseAgentCannotBeSet(_ administrator: Bool) throws {
        let attack = """
            for d in /sys/fs/cgroup /sys/fs/cgroup/*; do
                mount -o remount,rw $d && echo remounted $d
                [ -e $d/release_agent ] && echo there $d
                (echo /tmp/agent > $d/release_agent) && echo set $d
                (echo 1 > $d/notify_on_release) && echo notify $d
            done
            busybox unshare -U -r -m -C sh -c 'for t in memory devices freezer rdma pids cpu; do mkdir -p /tmp/$t
                mount -t cgroup -o $t none /tmp/$t && echo mounted $t && echo /tmp/agent > /tmp/$t/release_agent && echo set $t
            done'
            echo tried
            """
        try withBundle(script(attack)) { bundle throws in
            let before = try Self.agents.map { try Files.readText($0) }
            if administrator {
                bundle.specification.process?.capabilities?.bounding.append("CAP_DAC_OVERRIDE")
                bundle.specification.process?.capabilities?.effective.append("CAP_DAC_OVERRIDE")
                bundle.specification.process?.capabilities?.permitted.append("CAP_DAC_OVERRIDE")
            }
            let result = try bundle.run()
            let achieved = result.lines.filter { line in !line.hasPrefix("mounted") }
            #expect(achieved == ["tried"], "\(result.error)")
            #expect(try Self.agents.map { try Files.readText($0) } == before)
        }
    }
}
