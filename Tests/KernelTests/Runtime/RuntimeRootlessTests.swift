import Glibc
import Linux
import OCI
import TestKit
import Testing

@Suite(
    "bulkhead-runtime: run by an ordinary user", .serialized, .blocking, .enabled(if: isSuperuser),
    .enabled(if: Files.exists("/usr/bin/newuidmap"), "newuidmap is missing: scripts/install-dependencies"),
    .enabled(if: Files.exists("/etc/subuid") && Files.exists("/etc/subgid"), "this host has no /etc/subuid"))
struct RuntimeRootlessTests {
    @Test(arguments: OrdinaryUser.Users.allCases)
    func theUserIsTheSuperuserInside(_ users: OrdinaryUser.Users) throws {
        let text = "id -u; cat /proc/self/uid_map; touch /tmp/made; echo x > /dev/null && echo device; exit 7"
        try withOrdinaryUser(users, script(text)) { user, bundle throws in
            let result = try user.run(bundle)
            #expect(result.code == 7, "\(result.error)")
            #expect(result.lines.first == "0" && result.lines.last == "device")
            let map = result.lines.dropFirst().dropLast().map { $0.split(separator: " ").compactMap { UInt32($0) } }
            #expect(map.first == [0, OrdinaryUser.number, 1])
            #expect(map.dropFirst() == (users == .range ? [[1, OrdinaryUser.first, OrdinaryUser.count]] : []))
            #expect(FileStatus("\(bundle.rootFileSystem)/tmp/made")?.user == OrdinaryUser.number)
        }
    }

    @Test(arguments: OrdinaryUser.Users.allCases)
    func everyCommandOfAContainersLife(_ users: OrdinaryUser.Users) throws {
        try withOrdinaryUser(users, ["/bin/sleep", "1000"]) { user, bundle throws in
            let id = bundle.id
            func succeed(_ words: [String]) throws -> String {
                let result = try user.command(words)
                try #require(result.code == 0, "\(words): \(result.error)")
                return result.output
            }
            try bundle.write()
            _ = try succeed(["create", "-b", bundle.directory, id])
            #expect(try succeed(["state", id]).contains(#""status": "created""#))
            let early = try user.command(["exec", id, "/bin/true"])
            #expect(early.code == 255 && early.error.contains("not started"))
            _ = try succeed(["start", id])
            let state = try succeed(["state", id])
            #expect(state.contains(#""status": "running""#) && state.contains(#""owner": "tester""#))
            #expect(try succeed(["list", "-q"]) == "\(id)\n")
            #expect(try succeed(["exec", id, "/bin/sh", "-c", "id -u; hostname"]).hasPrefix("0\n"))
            #expect(try user.command(["exec", id, "/bin/sh", "-c", "exit 9"]).code == 9)
            let first = try JSONField(JSON(parsing: state)).required("pid").number(Int32.self)
            // A process beside the first one is the container's, too.
            _ = try succeed(["exec", "--detach", id, "/bin/sleep", "2000"])
            let numbers = try JSON(parsing: succeed(["ps", "--format", "json", id]))
            let processes = try JSONField(numbers).elements().map { try $0.number(Int32.self) }
            #expect(processes.count == 2 && processes.contains(first), "\(processes)")
            #expect(try succeed(["ps", id]).contains("sleep 2000"))
            #expect(try succeed(["events", "--stats", id]).contains(#""type":"stats""#))
            #expect(try user.command(["delete", id]).code == 1)
            _ = try succeed(["kill", id, "KILL"])
            try ProcessDescriptor.waitForEnd(of: first)
            #expect(try succeed(["state", id]).contains(#""status": "stopped""#))
            _ = try succeed(["delete", id])
            #expect(try user.command(["state", id]).code == 1)
        }
    }

    @Test func killAllReachesProcessesWithoutAControlGroup() throws {
        try withOrdinaryUser(.itself, script("trap '' TERM; sleep 1000 & wait; sleep 1000")) { user, bundle throws in
            try user.whileRunning(bundle) { () throws in
                let state = try JSONField(JSON(parsing: user.command(["state", bundle.id]).output))
                let first = try state.required("pid").number(Int32.self)
                #expect(try user.command(["kill", "--all", bundle.id, "KILL"]).code == 0)
                try ProcessDescriptor.waitForEnd(of: first)
            }
        }
    }

    @Test func whatSpecWritesRuns() throws {
        try withOrdinaryUser(.itself, ["/bin/true"]) { user, bundle throws in
            let written = try user.command(["spec", "--rootless", "-b", bundle.directory])
            try #require(written.code == 0, "\(written.error)")
            // Its program is a shell with a terminal.
            let text = "echo \"user-$(id -u)\"; ls /sys/kernel >/dev/null && echo sys; tty; exit 5\n"
            let result = try user.command(["run", "-b", bundle.directory, bundle.id], input: text)
            #expect(result.code == 5, "\(result.error)\(result.output)")
            #expect(result.output.contains("user-0") && result.output.contains("/dev/pts/0"), "\(result.output)")
            #expect(result.output.contains("sys\r\n"))
        }
    }

    @Test func othersInsideAreThoseThatTheUserHasBeenGiven() throws {
        try withOrdinaryUser(.range, script("id; touch /tmp/made")) { user, bundle throws in
            chmod("\(bundle.rootFileSystem)/tmp", 0o777)
            bundle.specification.process?.user.uid = 33
            bundle.specification.process?.user.gid = 34
            bundle.specification.process?.user.additionalGroups = [50]
            let result = try user.run(bundle)
            #expect(result.output.contains("uid=33") && result.output.contains("groups=50(extra)"), "\(result)")
            #expect(FileStatus("\(bundle.rootFileSystem)/tmp/made")?.user == OrdinaryUser.first + 32)
            #expect(FileStatus("\(bundle.rootFileSystem)/tmp/made")?.group == OrdinaryUser.first + 33)
        }
    }

    @Test func execAsAnotherUser() throws {
        try withOrdinaryUser(.range, ["/bin/sleep", "1000"]) { user, bundle throws in
            try user.whileRunning(bundle) { () throws in
                let result = try user.command(["exec", "-u", "web", bundle.id, "/bin/id"])
                #expect(result.output.contains("uid=33") && result.output.contains("50(extra)"), "\(result)")
            }
        }
    }

    @Test func theNamespacesOfAnotherContainerAreJoined() throws {
        try withOrdinaryUser(.itself, ["/bin/sleep", "1000"]) { user, owner throws in
            try user.whileRunning(owner) { () throws in
                let state = try JSONField(JSON(parsing: user.command(["state", owner.id]).output))
                let pid = try state.required("pid").number(Int32.self)
                var joining = owner
                joining.specification.linux.userMappings = []
                joining.specification.linux.groupMappings = []
                joining.specification.linux.namespaces = [
                    .init(.user, path: "/proc/\(pid)/ns/user"), .init(.pid, path: "/proc/\(pid)/ns/pid"),
                    .init(.network, path: "/proc/\(pid)/ns/net"), .init(.mount), .init(.uts),
                ]
                joining.specification.process?.arguments = script(
                    "for n in user pid net; do readlink /proc/self/ns/$n; done; ls /proc/1 >/dev/null && echo first"
                )
                try joining.write()
                let result = try user.command(["run", "-b", joining.directory, joining.resources.name("second")])
                let expected = try ["user", "pid", "net"].map { name in
                    try Command.run("/bin/readlink", ["/proc/\(pid)/ns/\(name)"], in: owner.resources).lines[0]
                }
                #expect(result.lines == expected + ["first"], "\(result.error)")
            }
        }
    }

    @Test func theHostsNetworkIsSharedWithItsSysfs() throws {
        try withOrdinaryUser(.itself, ["/bin/sleep", "1000"]) { user, bundle throws in
            bundle.specification.linux.namespaces.removeAll { $0.kind == .network }
            try user.whileRunning(bundle) { () throws in
                let text =
                    "readlink /proc/self/ns/net; ls /sys/class/net; touch /sys/class/x 2>/dev/null || echo read-only"
                let result = try user.command(["exec", bundle.id, "/bin/sh", "-c", text])
                let host = try Command.run("/bin/readlink", ["/proc/self/ns/net"], in: bundle.resources).lines
                let interfaces = try Files.entries(of: "/sys/class/net").sorted()
                #expect(result.lines == host + interfaces + ["read-only"], "\(result.error)")
            }
        }
    }

    @Test func devicesAreTheHosts() throws {
        try withOrdinaryUser(.itself, ["/bin/true"]) { user, bundle throws in
            bundle.specification.linux.devices = [.init(type: "c", path: "/dev/full", major: 1, minor: 7)]
            bundle.specification.process?.arguments = script("stat -c '%t:%T' /dev/full /dev/zero; mknod /dev/x c 1 3")
            let result = try user.run(bundle)
            #expect(result.lines == ["1:7", "1:5"] && result.code == 1, "\(result.error)")
        }
    }

    @Test func oomScoreIsRaisedAndNotLowered() throws {
        try withOrdinaryUser(.itself, ["/bin/cat", "/proc/self/oom_score_adj"]) { user, bundle throws in
            bundle.specification.process?.oomScoreAdjustment = 321
            #expect(try user.run(bundle).output == "321\n")
            bundle.specification.process?.oomScoreAdjustment = -999
            let own = try Files.readText("/proc/self/oom_score_adj")
            let result = try user.run(bundle)
            #expect(result.code == 0 && result.output == own, "\(result.error)")
        }
    }
}

extension ProcessDescriptor {
    /// Waits for the end of a process that may have ended already.
    static func waitForEnd(of process: Int32) throws {
        do { try ProcessDescriptor(process: process).waitUntilGone() } catch {
            guard error.code == ESRCH else { throw error }
        }
    }
}
