import Glibc
import Linux
import OCI
import TestKit
import Testing

/// The runtime where system calls are missing: each by itself, and all that Linux 5.4 does not have.
///
/// With `BULKHEAD_TEST_OLDER_KERNEL` in the environment all other suites of the runtime run like that, too.
@Suite("bulkhead-runtime: older kernels, and filters around it", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeOlderKernelTests {
    /// What there is another way for: missing, or denied by a filter that answers EPERM; clone3 without control groups.
    static let replaced: [DeniedCalls] =
        [
            .clone3, .closeRange, .openat2, .setMountAttributes, .joiningByProcess, .execveat, .pidfdGetfd, .faccessat2,
            .epollPwait2,
        ].map { DeniedCalls([$0]) }
        + [.clone3, .closeRange, .openat2, .setMountAttributes, .execveat].map { DeniedCalls([$0], answer: EPERM) }
        + [DeniedCalls([.clone3], answer: E2BIG), .all]

    @Test(arguments: replaced) func aContainerLivesFromCreationToDeletion(_ denied: DeniedCalls) throws {
        try withBundle(script("trap 'exit 7' TERM; while :; do sleep 0.1; done")) { bundle throws in
            bundle.denied = denied
            bundle.specification.linux.resources.memory.limit = 64 << 20
            try bundle.write()
            let created = try bundle.command(["create", "-b", bundle.directory, bundle.id])
            try #require(created.code == 0, "\(created.error)")
            #expect(try bundle.status() == "created")
            #expect(try bundle.command(["start", bundle.id]).code == 0)
            #expect(try bundle.status() == "running")

            let executed = try bundle.exec([
                "/bin/sh", "-c", "echo $$; cat /proc/1/cgroup /proc/self/cgroup; ls /proc/self/fd",
            ])
            #expect(executed.code == 0, "\(executed.error)")
            let groups = executed.lines.filter { $0.contains(":") }
            // Both are in the same groups, every one of them: the first half is the same as the second.
            #expect(
                groups.count > 0 && Array(groups.prefix(groups.count / 2)) == Array(groups.suffix(groups.count / 2)))
            // Three streams, and the directory that is listed: nothing of ours is left open.
            #expect(executed.lines.suffix(4) == ["0", "1", "2", "3"], "\(executed.output)")

            #expect(try bundle.command(["pause", bundle.id]).code == 0)
            #expect(try bundle.status() == "paused")
            #expect(try bundle.command(["resume", bundle.id]).code == 0)
            #expect(try bundle.command(["update", "--memory", "\(96 << 20)", bundle.id]).code == 0)
            let processes = try bundle.command(["ps", "--format", "json", bundle.id])
            #expect(processes.code == 0 && processes.output.hasPrefix("["), "\(processes.error)")
            #expect(try bundle.command(["kill", bundle.id, "KILL"]).code == 0)
            try bundle.awaitStop()
            #expect(try bundle.command(["delete", bundle.id]).code == 0)
            #expect(try bundle.command(["state", bundle.id]).code == 1)
        }
    }

    @Test(arguments: replaced) func mountsHaveTheirOptions(_ denied: DeniedCalls) throws {
        let text = """
            for place in /bound /file /changed /memory /sys /proc/sys; do
              grep " $place " /proc/self/mountinfo | cut -d ' ' -f 5,6
            done
            touch /bound/x || echo bound is read-only
            grep ' /shared ' /proc/self/mountinfo | grep -o shared: || echo private
            cat /proc/interrupts | wc -c
            ls /proc/acpi /sys/firmware | grep -v :
            touch /made || echo root is read-only
            """
        try withBundle(script(text)) { bundle throws in
            bundle.denied = denied
            let source = "\(bundle.resources.directory)/source"
            try Files.makeDirectories(source)
            try Files.write("\(source)/file", Array("x".utf8))
            bundle.specification.root?.readOnly = true
            bundle.specification.linux.maskedPaths = ["/proc/interrupts", "/proc/acpi", "/sys/firmware"]
            bundle.specification.linux.readOnlyPaths = ["/proc/sys"]
            for name in ["bound", "changed", "memory", "shared"] {
                try Files.makeDirectories("\(bundle.rootFileSystem)/\(name)")
            }
            try Files.write("\(bundle.rootFileSystem)/file", [])
            bundle.specification.mounts += [
                .init(
                    destination: "/bound", source: source,
                    options: ["rbind", "rprivate", "ro", "nosuid", "nodev", "noexec", "noatime"]),
                .init(destination: "/file", source: "\(source)/file", options: ["bind", "ro", "nosuid"]),
                .init(destination: "/changed", type: "tmpfs", source: "tmpfs", options: ["nosuid"]),
                .init(destination: "/changed", type: "bind", source: "/changed", options: ["bind", "remount", "ro"]),
                .init(
                    destination: "/memory", type: "tmpfs", source: "tmpfs",
                    options: ["tmpcopyup", "ro", "nodev", "nosymfollow"]),
                .init(destination: "/shared", source: source, options: ["rbind", "rshared"]),
            ]
            let result = try bundle.run()
            let options = Dictionary(
                result.lines.compactMap { line in
                    let words = line.split(separator: " ").map(String.init)
                    return words.count == 2 && words[0].hasPrefix("/") ? (words[0], words[1]) : nil
                }, uniquingKeysWith: { $1 })
            #expect(options["/bound"] == "ro,nosuid,nodev,noexec,noatime", "\(result.output) \(result.error)")
            #expect(options["/file"]?.hasPrefix("ro,nosuid,") == true)
            #expect(options["/changed"]?.hasPrefix("ro,nosuid,") == true)
            #expect(options["/memory"]?.hasPrefix("ro,nodev") == true)
            #expect(options["/memory"]?.contains("nosymfollow") == true)
            #expect(options["/sys"]?.hasPrefix("ro,nosuid,nodev,noexec") == true)
            #expect(options["/proc/sys"]?.hasPrefix("ro,nosuid,nodev,noexec") == true)
            #expect(
                result.lines.filter { !$0.hasPrefix("/") } == [
                    "bound is read-only", "shared:", "0", "root is read-only",
                ], "\(result.output)")
        }
    }

    /// Recursive options reach the mounts below on every kernel.
    @Test(arguments: [DeniedCalls([.setMountAttributes]), .all]) func recursiveOptionsReachTheMountsBelow(
        _ denied: DeniedCalls
    ) throws {
        let text =
            "grep ' /data' /proc/self/mountinfo | cut -d ' ' -f 5,6; touch '/data/in ner/below/x' || echo refused"
        try withBundle(script(text)) { bundle throws in
            let source = "\(bundle.resources.directory)/source"
            try Files.makeDirectories("\(source)/in ner")
            let program =
                "mount -t tmpfs none '\(source)/in ner' && mkdir '\(source)/in ner/below' && "
                + "mount -t tmpfs none '\(source)/in ner/below' && exec \(bundle.runtime) --root "
                + "\(bundle.resources.directory)/state run -b \(bundle.directory) \(bundle.id)"
            bundle.specification.mounts.append(
                RuntimeMount(destination: "/data", source: source, options: ["rbind", "rro", "rnosuid", "rnoatime"]))
            try bundle.write()
            let result = try Command.run(
                "/usr/bin/unshare", ["-m", "/bin/sh", "-c", program], denied: denied, in: bundle.resources)
            #expect(
                result.lines == [
                    "/data ro,nosuid,noatime", "/data/in\\040ner ro,nosuid,noatime",
                    "/data/in\\040ner/below ro,nosuid,noatime", "refused",
                ], "\(result.output) \(result.error)")
        }
    }

    /// One that something else is mounted over can't be reached by its path: then it is said, not left writable.
    @Test func aMountThatIsHiddenBelowAnotherIsNamed() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let source = "\(bundle.resources.directory)/source"
            try Files.makeDirectories("\(source)/inner")
            let program =
                "mount -t tmpfs none \(source)/inner && mount -t tmpfs none \(source)/inner && exec \(bundle.runtime) "
                + "--root \(bundle.resources.directory)/state run -b \(bundle.directory) \(bundle.id)"
            bundle.specification.mounts.append(
                RuntimeMount(destination: "/data", source: source, options: ["rbind", "rro"]))
            try bundle.write()
            let result = try Command.run(
                "/usr/bin/unshare", ["-m", "/bin/sh", "-c", program], denied: .all, in: bundle.resources)
            #expect(result.code == 1 && result.error.contains("Linux 5.12") && result.error.contains("/data/inner"))
        }
    }

    @Test(arguments: replaced) func linksInTheRootLeadNowhereElse(_ denied: DeniedCalls) throws {
        try withBundle(script("cat /etc/passwd; ls /escape /up /loop/new; id -u")) { bundle throws in
            bundle.denied = denied
            let outside = "\(bundle.resources.directory)/outside"
            try Files.makeDirectories(outside)
            let root = bundle.rootFileSystem
            #expect(symlink(outside, "\(root)/escape") == 0)
            #expect(symlink("../../../../../../../../..\(outside)", "\(root)/up") == 0)
            #expect(symlink("/proc/self/root", "\(root)/magic") == 0)
            #expect(symlink("loop/../loop2/./", "\(root)/loop") == 0)
            bundle.specification.mounts += [
                .init(destination: "/escape/absolute", type: "tmpfs", source: "tmpfs"),
                .init(destination: "/up/relative", type: "tmpfs", source: "tmpfs"),
                .init(destination: "/etc/../escape/dots/../other", type: "tmpfs", source: "tmpfs"),
            ]
            let result = try bundle.run()
            #expect(result.code != 127 && result.output.contains("absolute"), "\(result.error)")
            #expect(try Files.entries(of: outside).isEmpty)
            #expect(try Files.entries(of: "\(root)\(outside)").sorted() == ["absolute", "dots", "other", "relative"])

            bundle.specification.mounts.append(.init(destination: "/loop/new", type: "tmpfs", source: "tmpfs"))
            let looping = try bundle.run()
            #expect(looping.code == 1 && looping.error.contains("/loop"), "\(looping.error)")
            bundle.specification.mounts.removeLast()
            // A link of /proc is no way out: neither for a mount nor for the working directory.
            for destination in ["/magic/new", "/proc/self/root/new"] {
                bundle.specification.mounts.append(.init(destination: destination, type: "tmpfs", source: "trap"))
                let refused = try bundle.run()
                #expect(refused.code == 1 && refused.error.contains(destination), "\(refused.error)")
                bundle.specification.mounts.removeLast()
            }
            #expect(!Files.exists("/new"))
        }
    }

    @Test func cve_2021_30465_aDestinationBecomesALinkWithoutOpenat2() throws {
        try withBundle(script("grep ' /[^ ]* .*trap' /proc/self/mountinfo; ls /volume")) { bundle throws in
            bundle.denied = .all
            let outside = "\(bundle.resources.directory)/outside"
            let volume = "\(bundle.resources.directory)/volume"
            try Files.makeDirectories("\(outside)/new")
            try Files.makeDirectories("\(volume)/target")
            #expect(symlink("../../../../../../../..\(outside)", "\(volume)/link") == 0)
            bundle.specification.mounts += [
                .init(destination: "/volume", source: volume, options: ["rbind"]),
                .init(destination: "/volume/target/new", type: "tmpfs", source: "trap"),
                .init(destination: "/volume/target/other", type: "tmpfs", source: "trap"),
            ]
            var (asDirectory, asLink) = (0, 0)
            try Race.run(
                "\(volume)/target", "\(volume)/link", until: { asDirectory > 0 && asLink > 0 }
            ) { () throws in
                let result = try bundle.run()
                // A lookup that could not be finished is an error, and leaves nothing.
                guard result.code == 0 else { return }
                let places = result.lines.filter { $0.contains("trap") }
                #expect(places.count == 2, "\(result.output)")
                if places.contains(where: { $0.contains(" \(outside)/") }) { asLink += 1 } else { asDirectory += 1 }
            }
            #expect(asDirectory > 0 && asLink > 0, "\(asDirectory), \(asLink)")
            #expect(try Files.entries(of: outside) == ["new"])
        }
    }

    @Test(arguments: replaced) func usersAreMapped(_ denied: DeniedCalls) throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.denied = denied
            let source = "\(bundle.resources.directory)/source"
            try Files.makeDirectories(source)
            let map = [RuntimeMapping(inside: 0, outside: 100_000, count: 65536)]
            bundle.specification.linux.namespaces.append(.init(.user))
            bundle.specification.linux.userMappings = map
            bundle.specification.linux.groupMappings = map
            bundle.specification.mounts.append(.init(destination: "/data", source: source, options: ["rbind", "ro"]))
            bundle.specification.linux.readOnlyPaths = ["/proc/sys"]
            let owned = try Command.run(
                "/bin/chown", ["-hR", "100000:100000", bundle.rootFileSystem], in: bundle.resources)
            try #require(owned.code == 0, "\(owned.error)")
            try bundle.whileRunning { () throws in
                let text =
                    "id -u; cat /proc/self/uid_map; touch /tmp/made; touch /data/x || echo read-only; cat /proc/self/cgroup"
                let result = try bundle.exec(["/bin/sh", "-c", text])
                #expect(result.lines.first == "0" && result.lines.contains("read-only"), "\(result.error)")
                #expect(result.output.contains("100000"))
                #expect(FileStatus("\(bundle.rootFileSystem)/tmp/made")?.user == 100_000)
                let groups = result.lines.filter { $0.contains(":") }
                #expect(groups.contains { $0.hasSuffix("pids:/") || $0.hasSuffix("::/") }, "\(result.output)")
            }
        }
    }

    /// A process there may not know which mount it has opened, before Linux 5.8: it need not where nothing is mounted below.
    @Test func pathsAreReadOnlyInAUserNamespace() throws {
        try withBundle(script("echo 1 >/proc/sys/net/ipv4/ip_forward || echo refused")) { bundle throws in
            bundle.denied = .all
            bundle.specification.linux.namespaces.append(.init(.user))
            bundle.specification.linux.userMappings = [RuntimeMapping(inside: 0, outside: 100_000, count: 65536)]
            bundle.specification.linux.groupMappings = bundle.specification.linux.userMappings
            bundle.specification.linux.readOnlyPaths = ["/proc/sys"]
            let owned = try Command.run(
                "/bin/chown", ["-hR", "100000:100000", bundle.rootFileSystem], in: bundle.resources)
            try #require(owned.code == 0, "\(owned.error)")
            let result = try bundle.run()
            #expect(result.output == "refused\n" && result.error.contains("Read-only"), "\(result.error)")
        }
    }

    @Test func whatCanNotBeHadIsNamedWithTheKernelThatHasIt() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.denied = .all
            var mapped = RuntimeMount(destination: "/data", source: "/tmp", options: ["rbind", "idmap"])
            mapped.userMappings = [.init(inside: 0, outside: 500, count: 10)]
            mapped.groupMappings = [.init(inside: 0, outside: 600, count: 10)]
            bundle.specification.mounts.append(mapped)
            var result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("mounts: /data"), "\(result.error)")
            #expect(result.error.contains("Linux 5.12"), "\(result.error)")
            bundle.specification.mounts.removeLast()

            bundle.specification.linux.namespaces.append(.init(.time))
            result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("linux.namespaces"), "\(result.error)")
            #expect(result.error.contains("Linux 5.6"), "\(result.error)")
            bundle.specification.linux.namespaces.removeLast()

            let listener = "\(bundle.resources.directory)/agent"
            let agent = try UnixSocket.listen(listener)
            bundle.specification.linux.seccomp = .listening(at: listener, isKillable: true)
            result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("linux.seccomp.flags"), "\(result.error)")
            #expect(result.error.contains("Linux 5.19"), "\(result.error)")
            extendLifetime(agent)
        }
    }

    /// Calls that every kernel from 5.4 on has: only a filter can deny them, and there is no other way.
    @Test(arguments: [(DeniedCalls.Call.openTree, "open_tree"), (.moveMount, "move_mount"), (.fsopen, "fsopen")])
    func aCallThatIsNeededForMountsIsNamed(_ call: DeniedCalls.Call, _ name: String) throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.denied = DeniedCalls([call])
            // Only a masked directory takes a new file system without a path.
            bundle.specification.linux.maskedPaths = ["/sys/kernel"]
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("\(name), which takes Linux 5.4"), "\(result.error)")
        }
    }

    @Test(arguments: [(DeniedCalls.Call.pidfdOpen, "pidfd_open"), (.pidfdSendSignal, "pidfd_send_signal")])
    func aCallThatIsNeededForSignalsIsNamed(_ call: DeniedCalls.Call, _ name: String) throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.denied = nil
            try bundle.whileRunning { () throws in
                var below = bundle
                below.denied = DeniedCalls([call])
                let result = try below.command(["kill", bundle.id, "KILL"])
                #expect(result.code == 1 && result.error.contains("\(name), which takes Linux 5.4"), "\(result.error)")
            }
        }
    }
}

extension RuntimeBundle {
    /// The container's status, as `state` tells it.
    fileprivate func status() throws -> String? {
        let result = try command(["state", id])
        return try JSONField(JSON(parsing: Array(result.output.utf8))).required("status").string()
    }

    /// Waits until its first process has ended.
    fileprivate func awaitStop() throws {
        let result = try command(["state", id])
        let number: Int32 = try JSONField(JSON(parsing: Array(result.output.utf8))).required("pid").number()
        guard number > 0 else { return }
        // It may be gone already.
        guard let process = try? ProcessDescriptor(process: number) else { return }
        var entry = pollfd(fd: process.rawValue, events: Int16(POLLIN), revents: 0)
        #expect(poll(&entry, 1, 10_000) == 1)
    }
}
