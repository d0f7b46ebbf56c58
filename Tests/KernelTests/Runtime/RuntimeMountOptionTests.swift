import Glibc
import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: options of mounts", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeMountOptionTests {
    @Test func aTmpfsBeginsWithWhatItCovers() throws {
        try withBundle(script("cat /data/file; readlink /data/link; stat -c %a /data/below; touch /data/new; ls /data"))
        {
            bundle throws in
            let data = "\(bundle.rootFileSystem)/data"
            try Files.makeDirectories("\(data)/below")
            try Files.write("\(data)/file", Array("content\n".utf8))
            symlink("file", "\(data)/link")
            chmod("\(data)/below", 0o711)
            bundle.specification.mounts.append(
                RuntimeMount(destination: "/data", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "nosuid"]))
            let result = try bundle.run()
            #expect(result.lines == ["content", "file", "711", "below", "file", "link", "new"], "\(result.error)")
            #expect(!Files.exists("\(data)/new"))
        }
    }

    @Test func aReadOnlyTmpfsBeginsWithWhatItCoversToo() throws {
        try withBundle(script("cat /data/file; touch /data/new || echo read-only")) { bundle throws in
            try Files.makeDirectories("\(bundle.rootFileSystem)/data")
            try Files.write("\(bundle.rootFileSystem)/data/file", Array("content\n".utf8))
            bundle.specification.mounts.append(
                RuntimeMount(destination: "/data", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "ro"]))
            #expect(try bundle.run().lines == ["content", "read-only"])
        }
    }

    @Test func copyingUpIsForATmpfsOnly() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.mounts.append(
                RuntimeMount(destination: "/data", source: "/tmp", options: ["bind", "tmpcopyup"]))
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("tmpcopyup"))
        }
    }

    @Test func whatIsMountedIsChangedByRemount() throws {
        try withBundle(script("touch /data/file || echo read-only; grep ' /data ' /proc/self/mounts")) {
            bundle throws in
            bundle.specification.mounts += [
                RuntimeMount(destination: "/data", type: "tmpfs", source: "tmpfs", options: ["nosuid"]),
                RuntimeMount(
                    destination: "/data", type: "bind", source: "/data", options: ["bind", "remount", "ro", "noexec"]),
            ]
            let result = try bundle.run()
            #expect(result.lines.first == "read-only", "\(result.error)")
            #expect(result.lines.last?.contains("ro,nosuid,noexec") == true)
        }
    }

    @Test func aFileSystemIsChangedByRemount() throws {
        try withBundle(script("grep ' /data ' /proc/self/mounts | grep -o 'size=[0-9]*k'")) { bundle throws in
            bundle.specification.mounts.removeAll { $0.destination == "/dev" || $0.destination.hasPrefix("/dev/") }
            bundle.specification.mounts += [
                RuntimeMount(destination: "/data", type: "tmpfs", source: "tmpfs", options: ["size=64k"]),
                RuntimeMount(destination: "/data", type: "tmpfs", source: "tmpfs", options: ["remount", "size=128k"]),
            ]
            let result = try bundle.run()
            #expect(result.lines == ["size=128k"], "\(result.error)")
        }
    }

    @Test func relativeDestinationsAreBelowTheRoot() throws {
        try withBundle(["/bin/cat", "/srv/file"]) { bundle throws in
            let source = "\(bundle.resources.directory)/source"
            try Files.makeDirectories(source)
            try Files.write("\(source)/file", Array("here\n".utf8))
            bundle.specification.mounts.append(
                RuntimeMount(destination: "srv", source: source, options: ["bind", "ro"]))
            #expect(try bundle.run().lines == ["here"])
        }
    }

    /// `ro` is about the mount, `rro` about all below it as well.
    @Test(arguments: [("ro", "inner writable"), ("rro", "inner read-only")])
    func recursiveOptionsReachTheMountsBelow(_ option: String, _ expected: String) throws {
        let test = "touch /data/inner/file 2>/dev/null && echo inner writable || echo inner read-only"
        try withBundle(script(test)) { bundle throws in
            // The mounts below are the host's own: those of a container that joins this one's would do as well.
            let source = "\(bundle.resources.directory)/source"
            try Files.makeDirectories("\(source)/inner")
            let program =
                "mount -t tmpfs none \(source)/inner && exec \(bundle.runtime) --root "
                + "\(bundle.resources.directory)/state run -b \(bundle.directory) \(bundle.id)"
            bundle.specification.mounts.append(
                RuntimeMount(destination: "/data", source: source, options: ["rbind", option]))
            try bundle.write()
            let result = try Command.run("/usr/bin/unshare", ["-m", "/bin/sh", "-c", program], in: bundle.resources)
            #expect(result.lines == [expected], "\(result.error)")
        }
    }

    @Test func unknownOptionsOfBindsAreNamed() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.mounts.append(
                RuntimeMount(destination: "/data", source: "/tmp", options: ["bind", "sideways"]))
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("sideways") && result.error.contains("/data"))
        }
    }
}
