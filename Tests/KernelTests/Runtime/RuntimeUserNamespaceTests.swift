import Glibc
import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: user and time namespaces", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeUserNamespaceTests {
    fileprivate static let first: UInt32 = 100_000
    fileprivate static let map = [RuntimeMapping(inside: 0, outside: first, count: 65536)]

    @Test func theSuperuserInsideIsAnOrdinaryUserOutside() throws {
        try withBundle(script("id -u; cat /proc/self/uid_map; touch /tmp/made; echo x > /dev/null && echo device")) {
            bundle throws in
            try bundle.mapUsers()
            let result = try bundle.run()
            let numbers = result.lines.dropFirst().first?.split(separator: " ").map(String.init)
            #expect(result.lines.first == "0" && result.lines.last == "device", "\(result.error)")
            #expect(numbers == ["0", "100000", "65536"])
            let made = try #require(FileStatus("\(bundle.rootFileSystem)/tmp/made"))
            #expect(made.user == RuntimeUserNamespaceTests.first)
        }
    }

    @Test func execEntersTheUserNamespace() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.mapUsers()
            try bundle.whileRunning { () throws in
                let result = try bundle.exec(["/bin/sh", "-c", "id -u; cat /proc/self/uid_map; touch /tmp/executed"])
                #expect(result.lines.first == "0" && result.output.contains("100000"), "\(result.error)")
                #expect(FileStatus("\(bundle.rootFileSystem)/tmp/executed")?.user == RuntimeUserNamespaceTests.first)
                // The limits hold for it as well: its groups are the container's.
                let groups = try bundle.exec(["/bin/cat", "/proc/self/cgroup"])
                #expect(groups.output.split(separator: "\n").contains { $0.hasSuffix("pids:/") || $0.hasSuffix("::/") })
            }
        }
    }

    @Test func anotherContainersUserNamespaceIsJoined() throws {
        try withBundle(["/bin/sleep", "100"]) { owner throws in
            try owner.mapUsers()
            let file = "\(owner.resources.directory)/pid"
            try owner.write()
            let started = try owner.command(["run", "-d", "--pid-file", file, "-b", owner.directory, owner.id])
            try #require(started.code == 0, "\(started.error)")
            let pid = try Files.readText(file)
            var joining = owner
            joining.specification.linux.namespaces.removeAll { $0.kind == .user }
            joining.specification.linux.namespaces.append(.init(.user, path: "/proc/\(pid)/ns/user"))
            joining.specification.linux.userMappings = []
            joining.specification.linux.groupMappings = []
            joining.specification.process?.arguments = ["/bin/readlink", "/proc/self/ns/user"]
            try joining.write()
            let other = joining.resources.name("second")
            let result = try joining.command(["run", "-b", joining.directory, other])
            let link = try Command.run("/bin/readlink", ["/proc/\(pid)/ns/user"], in: owner.resources)
            #expect(result.output == link.output && result.code == 0, "\(result.error)")
            #expect(try owner.command(["delete", "-f", owner.id]).code == 0)
        }
    }

    @Test func mappingsAreNeededInPairs() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.linux.namespaces.append(.init(.user))
            bundle.specification.linux.userMappings = RuntimeUserNamespaceTests.map
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("linux.gidMappings"), "\(result.error)")
        }
    }

    @Test func clocksAreAhead() throws {
        try withBundle(script("cut -d . -f 1 /proc/uptime; cat /proc/self/timens_offsets")) { bundle throws in
            bundle.specification.linux.namespaces.append(.init(.time))
            bundle.specification.linux.timeOffsets = [
                .init(clock: "boottime", seconds: 5_000_000, nanoseconds: 7),
                .init(clock: "monotonic", seconds: 60, nanoseconds: 0),
            ]
            let result = try bundle.run()
            #expect(result.lines.first.flatMap { Int($0) } ?? 0 >= 5_000_000, "\(result.error)")
            let offsets = result.lines.dropFirst().map { $0.split(separator: " ").map(String.init) }
            #expect(offsets == [["monotonic", "60", "0"], ["boottime", "5000000", "7"]])
        }
    }

    @Test func execSeesTheContainersClocks() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.mapUsers()
            bundle.specification.linux.namespaces.append(.init(.time))
            bundle.specification.linux.timeOffsets = [.init(clock: "boottime", seconds: 5_000_000, nanoseconds: 0)]
            try bundle.whileRunning { () throws in
                let result = try bundle.exec(["/bin/cut", "-d", ".", "-f", "1", "/proc/uptime"])
                #expect(result.lines.first.flatMap { Int($0) } ?? 0 >= 5_000_000, "\(result.error)")
            }
        }
    }

    @Test func clocksNeedATimeNamespace() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.linux.timeOffsets = [.init(clock: "boottime", seconds: 1, nanoseconds: 0)]
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("linux.timeOffsets"))
        }
    }

    @Test(.enabled(if: TestedKernel.hasCalls(of: 5, 12), "mapped owners take Linux 5.12"))
    func ownersOfAMountAreMapped() throws {
        try withBundle(script("stat -c '%u %g' /data /data/below")) { bundle throws in
            let source = "\(bundle.resources.directory)/source"
            try Files.makeDirectories("\(source)/below")
            var mount = RuntimeMount(destination: "/data", source: source, options: ["rbind", "ridmap"])
            mount.userMappings = [.init(inside: 0, outside: 500, count: 10)]
            mount.groupMappings = [.init(inside: 0, outside: 600, count: 10)]
            bundle.specification.mounts.append(mount)
            let result = try bundle.run()
            #expect(result.lines == ["500 600", "500 600"], "\(result.error)")
            #expect(FileStatus(source)?.user == 0)
        }
    }

    @Test(.enabled(if: TestedKernel.hasCalls(of: 5, 12), "mapped owners take Linux 5.12"))
    func ownersOfAMountAreMappedAsTheContainersUsers() throws {
        try withBundle(script("stat -c '%u %g' /data; touch /data/made")) { bundle throws in
            try bundle.mapUsers()
            let source = "\(bundle.resources.directory)/source"
            try Files.makeDirectories(source)
            bundle.specification.mounts.append(
                RuntimeMount(destination: "/data", source: source, options: ["bind", "idmap"]))
            let result = try bundle.run()
            #expect(result.lines == ["0 0"] && result.code == 0, "\(result.error)")
            #expect(FileStatus("\(source)/made")?.user == 0)
        }
    }

    @Test func idmapWithoutMappingsIsRefused() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.mounts.append(
                RuntimeMount(destination: "/data", source: "/tmp", options: ["bind", "idmap"]))
            let result = try bundle.run()
            #expect(result.code == 1 && result.error.contains("uidMappings"), "\(result.error)")
        }
    }
}

extension RuntimeBundle {
    /// Gives it a user namespace, and its files to that namespace's superuser.
    mutating func mapUsers() throws {
        specification.linux.namespaces.append(.init(.user))
        specification.linux.userMappings = RuntimeUserNamespaceTests.map
        specification.linux.groupMappings = RuntimeUserNamespaceTests.map
        let owner = "\(RuntimeUserNamespaceTests.first):\(RuntimeUserNamespaceTests.first)"
        let result = try Command.run("/bin/chown", ["-hR", owner, rootFileSystem], in: resources)
        try #require(result.code == 0, "\(result.error)")
    }
}
