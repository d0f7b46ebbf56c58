import Linux
import OCI
import TestKit
import Testing

/// The rig (Tests/VMTests) runs these, where an ordinary user has a systemd of its own.
@Suite(
    "the systemd of an ordinary user", .serialized, .blocking, .enabled(if: isSuperuser),
    .enabled(if: Files.exists(OrdinaryUser.systemdSession + "/bus"), "the tests' user has no systemd of its own"))
struct SystemdUserTests {
    /// A bundle whose container is to be in a scope of the user's, `body` with the scope's name.
    private func withScope(
        _ arguments: [String], _ body: (OrdinaryUser, inout RuntimeBundle, String) throws -> Void
    ) throws {
        try withOrdinaryUser(.range, arguments) { user, bundle throws in
            var user = user
            user.sessionDirectory = OrdinaryUser.systemdSession
            bundle.specification.linux.cgroupsPath = "user.slice:test:\(bundle.id)"
            let unit = "test-\(bundle.id).scope"
            try body(user, &bundle, unit)
            #expect(try property("LoadState", of: unit, user) == "not-found")
            try user.expectNothing()
        }
    }

    private func property(_ name: String, of unit: String, _ user: OrdinaryUser) throws -> String {
        let result = try user.run(["/usr/bin/systemctl", "--user", "show", "--value", "-p", name, unit])
        return String(result.output.prefix { $0 != "\n" })
    }

    /// Below the root of cgroup v2.
    private func directory(of unit: String, _ user: OrdinaryUser) throws -> String {
        "/sys/fs/cgroup\(try property("ControlGroup", of: unit, user))"
    }

    private static let option = ["--systemd-cgroup"]

    @Test func everyProcessIsInTheScope() throws {
        try withScope(["/bin/sleep", "1000"]) { user, bundle, unit throws in
            try user.whileRunning(bundle, options: SystemdUserTests.option) { () throws in
                #expect(try property("ActiveState", of: unit, user) == "active")
                let group = try property("ControlGroup", of: unit, user)
                #expect(group.hasSuffix("user@\(OrdinaryUser.number).service/user.slice/\(unit)"))
                let executed = try user.command(["exec", "--detach", bundle.id, "/bin/sleep", "2000"])
                #expect(executed.code == 0, "\(executed.error)")
                let processes = try Files.readText("/sys/fs/cgroup\(group)/cgroup.procs").split(separator: "\n")
                #expect(processes.count == 2)
                #expect(try user.command(["ps", bundle.id]).output.contains("sleep 2000"))
            }
        }
    }

    @Test func pausedAndResumed() throws {
        try withScope(["/bin/sleep", "1000"]) { user, bundle, _ throws in
            try user.whileRunning(bundle, options: SystemdUserTests.option) { () throws in
                let paused = try user.command(["pause", bundle.id])
                #expect(paused.code == 0, "\(paused.error)")
                #expect(try user.command(["state", bundle.id]).output.contains("paused"))
                #expect(try user.command(["resume", bundle.id]).code == 0)
            }
        }
    }

    @Test func limitsAreTheScopesAndTheGroups() throws {
        try withScope(["/bin/sleep", "1000"]) { user, bundle, unit throws in
            bundle.specification.linux.resources.memory.limit = 64 << 20
            bundle.specification.linux.resources.processes = 20
            try user.whileRunning(bundle, options: SystemdUserTests.option) { () throws in
                #expect(try property("MemoryMax", of: unit, user) == "67108864")
                let directory = try directory(of: unit, user)
                #expect(try Files.readText("\(directory)/memory.max") == "67108864\n")
                #expect(try Files.readText("\(directory)/pids.max") == "20\n")
                let updated = try user.command(["update", "--memory", "128m", bundle.id])
                #expect(updated.code == 0, "\(updated.error)")
                #expect(try property("MemoryMax", of: unit, user) == "134217728")
                #expect(try Files.readText("\(directory)/memory.max") == "134217728\n")
            }
        }
    }

    @Test func aLimitThatIsNotDelegatedIsNamed() throws {
        try withScope(["/bin/true"]) { user, bundle, _ throws in
            bundle.specification.linux.resources.processor.cpus = "0"
            let result = try user.run(bundle, options: SystemdUserTests.option)
            #expect(result.code == 1 && result.error.contains("linux.resources.cpu.cpus"), "\(result.error)")
        }
    }

    @Test func runToTheEndLeavesNoUnit() throws {
        try withScope(script("exit 7")) { user, bundle, _ throws in
            let result = try user.run(bundle, options: SystemdUserTests.option)
            #expect(result.code == 7, "\(result.error)")
        }
    }
}
