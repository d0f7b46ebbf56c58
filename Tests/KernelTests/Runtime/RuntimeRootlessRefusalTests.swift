import Linux
import OCI
import TestKit
import Testing

/// What an ordinary user can't have is refused by the name of the property that asks for it.
@Suite(
    "bulkhead-runtime: what an ordinary user can't have", .serialized, .blocking, .enabled(if: isSuperuser),
    .enabled(if: Files.exists("/usr/bin/newuidmap"), "newuidmap is missing: scripts/install-dependencies"),
    .enabled(if: Files.exists("/etc/subuid") && Files.exists("/etc/subgid"), "this host has no /etc/subuid"))
struct RuntimeRootlessRefusalTests {
    private func expectRefusal(
        _ words: [String], users: OrdinaryUser.Users = .itself, isGivenNumbers: Bool = true, options: [String] = [],
        _ change: (inout RuntimeBundle) throws -> Void
    ) throws {
        try withOrdinaryUser(users, ["/bin/true"], isGivenNumbers: isGivenNumbers) { user, bundle throws in
            try change(&bundle)
            let result = try user.run(bundle, options: options)
            #expect(result.code == 1)
            for word in words { #expect(result.error.contains(word), "\(result.error)") }
        }
    }

    @Test func aUserWhoIsNotMapped() throws {
        try expectRefusal(["process.user.uid", "33"]) { $0.specification.process?.user.uid = 33 }
    }

    @Test func aGroupThatIsNotMapped() throws {
        try expectRefusal(["process.user.gid", "33"]) { $0.specification.process?.user.gid = 33 }
    }

    @Test func furtherGroupsWithoutARange() throws {
        try expectRefusal(["process.user.additionalGids"]) { $0.specification.process?.user.additionalGroups = [7] }
    }

    @Test func furtherGroupsOutsideOfTheRange() throws {
        try expectRefusal(["process.user.additionalGids", "70000"], users: .range) {
            $0.specification.process?.user.additionalGroups = [70000]
        }
    }

    @Test func aMountForAGroupThatIsNotMapped() throws {
        try expectRefusal(["mounts: /dev/pts", "gid=5", "linux.gidMappings"]) { bundle in
            for index in bundle.specification.mounts.indices
            where bundle.specification.mounts[index].destination == "/dev/pts" {
                bundle.specification.mounts[index].options.append("gid=5")
            }
        }
    }

    @Test func numbersThatTheUserHasNotBeenGiven() throws {
        try expectRefusal(["linux.uidMappings", "newuidmap", "/etc/subuid"], users: .range, isGivenNumbers: false) {
            _ in
        }
    }

    @Test func noUserNamespace() throws {
        try expectRefusal(["linux.namespaces", "spec --rootless"]) { bundle in
            bundle.specification.linux.namespaces.removeAll { $0.kind == .user }
            bundle.specification.linux.userMappings = []
            bundle.specification.linux.groupMappings = []
        }
    }

    @Test func limitsWithoutAControlGroup() throws {
        try expectRefusal(["linux.resources.memory.limit"]) {
            $0.specification.linux.resources.memory.limit = 64 << 20
        }
        try expectRefusal(["linux.resources.pids"]) { $0.specification.linux.resources.processes = 20 }
    }

    @Test func aControlGroupThatCannotBeMade() throws {
        try expectRefusal(["linux.cgroupsPath"]) {
            $0.specification.linux.cgroupsPath = "/\($0.resources.prefix)/group"
        }
    }

    @Test func goingOnWithoutAControlGroupWhereThatIsRuledOut() throws {
        try expectRefusal(["control group", "permission denied"], options: ["--rootless", "false"]) { _ in }
    }

    @Test func ownersOfFilesMapped() throws {
        try expectRefusal(["mounts: /data"]) { bundle in
            let source = bundle.resources.directory
            bundle.specification.mounts.append(.init(destination: "/data", source: source, options: ["bind", "idmap"]))
        }
    }

    @Test func aDeviceThatTheHostDoesNotHave() throws {
        try expectRefusal(["linux.devices", "/dev/other"]) {
            $0.specification.linux.devices = [.init(type: "c", path: "/dev/other", major: 1, minor: 7)]
        }
    }

    @Test func pausingAndUpdatingWithoutAControlGroup() throws {
        try withOrdinaryUser(.itself, ["/bin/sleep", "1000"]) { user, bundle throws in
            try user.whileRunning(bundle) { () throws in
                for words in [["pause", bundle.id], ["update", "--memory", "64m", bundle.id]] {
                    let result = try user.command(words)
                    #expect(result.code == 1 && result.error.contains("it has no control group"), "\(result.error)")
                }
                let below = try user.command(["exec", "--cgroup", "below", bundle.id, "/bin/true"])
                #expect(below.code == 255 && below.error.contains("--cgroup"), "\(below.error)")
            }
        }
    }

    @Test func statesWithoutASession() throws {
        try withOrdinaryUser(.itself, ["/bin/true"]) { user, bundle throws in
            try bundle.write()
            let words = ["run", "-b", bundle.directory, bundle.id]
            let result = try user.command(words, hasSession: false)
            #expect(result.code == 1 && result.error.contains("XDG_RUNTIME_DIR"), "\(result.error)")
            let elsewhere = ["--root", "\(user.sessionDirectory)/elsewhere"]
            #expect(try user.command(elsewhere + words, hasSession: false).code == 0)
            // With a session: where nobody cleans it up.
            #expect(try user.command(words).code == 0)
            let status = try #require(FileStatus("\(user.sessionDirectory)/bulkhead-runtime"))
            #expect(status.permissions == 0o1700)
        }
    }
}
