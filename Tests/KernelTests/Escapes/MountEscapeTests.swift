import Glibc
import Linux
import OCI
import TestKit
import Testing

/// Paths in images and volumes that lead elsewhere, or do so for a moment only.
///
/// That a race is one is shown by its outcomes: every test counts that both states of what is exchanged were met.
@Suite("Escapes: mounts", .serialized, .blocking, .enabled(if: isSuperuser))
struct MountEscapeTests {
    /// A volume in which `target` is now a directory, now a link to a place of the host.
    private func volume(_ bundle: inout RuntimeBundle, link: String) throws -> String {
        let volume = "\(bundle.resources.directory)/volume"
        try Files.makeDirectories("\(volume)/target")
        #expect(symlink(link, "\(volume)/link") == 0)
        bundle.specification.mounts.append(.init(destination: "/volume", source: volume, options: ["rbind"]))
        return volume
    }

    @Test(arguments: [false, true]) func cve_2021_30465_aDestinationBecomesALink(_ relative: Bool) throws {
        try withBundle(script("grep ' /[^ ]* .*trap' /proc/self/mountinfo; ls /volume")) { bundle throws in
            let outside = "\(bundle.resources.directory)/outside"
            try Files.makeDirectories("\(outside)/new")
            let volume = try volume(&bundle, link: relative ? "../../../../../../../..\(outside)" : outside)
            // Two in a row: in the attack, the first puts a link of the attacker's in the way of the second.
            bundle.specification.mounts += [
                .init(destination: "/volume/target/new", type: "tmpfs", source: "trap"),
                .init(destination: "/volume/target/other", type: "tmpfs", source: "trap"),
            ]
            var (asDirectory, asLink) = (0, 0)
            try Race.run("\(volume)/target", "\(volume)/link", until: { asDirectory > 0 && asLink > 0 }) { () throws in
                let result = try bundle.run()
                // A lookup that the kernel could not finish is an error, and leaves nothing.
                guard result.code == 0 else { return }
                let places = result.lines.filter { $0.contains("trap") }
                // One that is missing was made outside of the container's root.
                #expect(places.count == 2, "\(result.output)")
                // A directory with a mount in it may have the other name by now.
                if places.contains(where: { $0.contains(" \(outside)/") }) { asLink += 1 } else { asDirectory += 1 }
            }
            #expect(asDirectory > 0 && asLink > 0, "\(asDirectory), \(asLink)")
            #expect(try Files.entries(of: outside) == ["new"])
        }
    }

    /// What is made of several mounts is put together in one place, though its path leads to another one meanwhile.
    @Test(.enabled(if: Files.exists("/sys/fs/cgroup/memory"), "takes control groups of version 1"))
    func cve_2021_30465_whatIsMadeOfSeveralMountsStaysTogether() throws {
        try withBundle(script("grep -E ' - (cgroup|tmpfs cgroup) ' /proc/self/mountinfo")) { bundle throws in
            let volume = try volume(&bundle, link: "/elsewhere")
            try Files.makeDirectories("\(bundle.rootFileSystem)/elsewhere/groups")
            bundle.specification.mounts.removeAll { $0.type == "cgroup" }
            bundle.specification.mounts += [
                .init(destination: "/volume/target/groups", type: "cgroup", source: "cgroup", options: ["ro"]),
                .init(
                    destination: "/volume/target/copy", type: "tmpfs", source: "trap",
                    options: ["tmpcopyup", "private"]),
            ]
            var (asDirectory, asLink) = (0, 0)
            try Race.run("\(volume)/target", "\(volume)/link", until: { asDirectory > 0 && asLink > 0 }) { () throws in
                let result = try bundle.run()
                // A lookup that the kernel could not finish is an error, and leaves nothing.
                guard result.code == 0 else { return }
                let mounts = result.lines.map { $0.split(separator: " ") }
                let whole = try #require(mounts.first { $0.contains("tmpfs") }, "\(result.output)")
                let parts = mounts.filter { !$0.contains("tmpfs") }
                // The second word is the number of the mount that it is on.
                #expect(parts.count > 3 && parts.allSatisfy { $0[1] == whole[0] }, "\(result.output)")
                if whole[4].hasPrefix("/elsewhere") { asLink += 1 } else { asDirectory += 1 }
            }
            #expect(asDirectory > 0 && asLink > 0, "\(asDirectory), \(asLink)")
        }
    }

    @Test func cve_2024_45310_noEmptyFilesAreMadeOnTheHost() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let outside = "\(bundle.resources.directory)/outside"
            try Files.makeDirectories(outside)
            let volume = try volume(&bundle, link: outside)
            let file = "\(bundle.resources.directory)/file"
            try Files.write(file, [])
            bundle.specification.mounts += [
                .init(destination: "/volume/target/a/b/file", source: file, options: ["bind"]),
                .init(destination: "/volume/target/c/d/directory", source: volume, options: ["bind"]),
            ]
            var succeeded = 0
            let within = "\(bundle.rootFileSystem)\(outside)"
            try Race.run("\(volume)/target", "\(volume)/link", until: { succeeded > 0 && Files.exists(within) }) {
                () throws in
                if try bundle.run().code == 0 { succeeded += 1 }
                #expect(try Files.entries(of: outside).isEmpty)
                // Made anew in each round: what is there already is not made.
                for name in ["target", "link"] where FileStatus("\(volume)/\(name)")?.kind == .directory {
                    _ = try? Command.run("/bin/rm", ["-rf", "\(volume)/\(name)/a"], in: bundle.resources)
                }
            }
            #expect(succeeded > 0)
            // The link was followed too, within the container: the same path was made in there.
            #expect(Files.exists(within))
        }
    }

    @Test func cve_2019_19921_cve_2023_27561_procIsALinkIntoAVolume() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let volume = try volume(&bundle, link: "/tmp")
            try Files.makeDirectories("\(volume)/target/proc")
            #expect(symlink("/volume/target/proc", "\(bundle.rootFileSystem)/proc") == 0)
            // The volume first, so that /proc leads into it.
            bundle.specification.mounts.insert(bundle.specification.mounts.removeLast(), at: 0)
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("/proc"), "\(result.error)")
        }
    }

    @Test func cve_2023_27561_procIsExchangedWhileItIsMasked() throws {
        // From within, for the exchange goes on. To open a parameter without a word written to it does nothing.
        let parameter = "sys/kernel/core_pattern"
        let text = "cd /proc && stat -f -c %T . && stat -c %t:%T interrupts && (: >> \(parameter)) && echo open"
        try withBundle(script(text)) { bundle throws in
            bundle.specification.linux.maskedPaths = ["/proc/interrupts", "/proc/none"]
            bundle.specification.linux.readOnlyPaths = ["/proc/sys", "/proc/none"]
            let root = bundle.rootFileSystem
            try Files.makeDirectories("\(root)/proc")
            try Files.makeDirectories("\(root)/fake")
            #expect(symlink("/fake", "\(root)/other") == 0)
            var (succeeded, failed) = (0, 0)
            try Race.run("\(root)/proc", "\(root)/other", until: { succeeded > 0 && failed > 0 }) { () throws in
                let result = try bundle.run()
                let lines = result.lines
                // Refused, or the container's program has come upon the fake one: that has nothing to hide.
                guard lines.first == "proc" else {
                    failed += 1
                    return
                }
                succeeded += 1
                #expect(lines == ["proc", "1:3"], "\(result.error)")
            }
            #expect(succeeded > 0 && failed > 0, "\(succeeded), \(failed)")
        }
    }

    @Test(arguments: ["/proc", "/proc/self/attr", "/proc/self", "/link", "/link/self/attr", "/proc/../proc/sys/."])
    func cve_2019_16884_cve_2023_28642_nothingIsMountedOverProc(_ destination: String) throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let source = "\(bundle.resources.directory)/source"
            try Files.makeDirectories("\(source)/self/attr")
            #expect(symlink("/proc", "\(bundle.rootFileSystem)/link") == 0)
            bundle.specification.mounts.append(.init(destination: destination, source: source, options: ["rbind"]))
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains(destination), "\(result.code) \(result.error)")
        }
    }

    @Test func whatOnlyTellsOfTheMachineCanBeReplaced() throws {
        try withBundle(script("cat /proc/uptime; cat /host/uptime | wc -l")) { bundle throws in
            let file = "\(bundle.resources.directory)/uptime"
            try Files.write(file, Array("1.00 1.00\n".utf8))
            bundle.specification.mounts += [
                .init(destination: "/proc/uptime", source: file, options: ["bind", "ro"]),
                .init(destination: "/host", source: "/proc", options: ["rbind", "ro"]),
            ]
            #expect(try bundle.run().lines == ["1.00 1.00", "1"])
        }
    }

    /// A path is masked by a mount of /dev/null: an image that has something else there, or a volume in which it is
    /// exchanged, must get an error instead of another file in place of the masked one.
    @Test func cve_2025_31133_devNullIsExchangedWhilePathsAreMasked() throws {
        try withBundle(script("stat -c %t:%T /proc/interrupts")) { bundle throws in
            // No file system over the image's own /dev.
            bundle.specification.mounts.removeAll { $0.destination.hasPrefix("/dev") }
            bundle.specification.linux.maskedPaths = ["/proc/interrupts"]
            let directory = "\(bundle.rootFileSystem)/dev"
            try Files.makeDirectories(directory)
            #expect(mknod("\(directory)/null", S_IFCHR | 0o666, dev_t(RootDirectory.deviceNumber(1, 3))) == 0)
            #expect(symlink("/proc/sys/kernel/core_pattern", "\(directory)/other") == 0)
            var (masked, refused) = (0, 0)
            try Race.run("\(directory)/null", "\(directory)/other", until: { masked > 0 && refused > 0 }) { () throws in
                let result = try bundle.run()
                if result.code == 0 {
                    #expect(result.lines == ["1:3"])
                    masked += 1
                } else {
                    #expect(result.lines.isEmpty)
                    refused += 1
                }
            }
            #expect(masked > 0 && refused > 0, "\(masked), \(refused)")
        }
    }
}
