import Linux
import OCI
import TestKit
import Testing

/// The rig (Tests/VMTests) runs these in a machine with systemd.
@Suite(
    "systemd's control groups", .serialized, .blocking, .enabled(if: isSuperuser),
    .enabled(if: Files.isDirectory("/run/systemd/system"), "systemd is not this host's init system"))
struct SystemdCgroupTests {
    private func systemctl(_ words: [String], _ bundle: RuntimeBundle) throws -> String {
        try Command.run("/usr/bin/systemctl", words, in: bundle.resources).output
    }

    private func property(_ name: String, of unit: String, _ bundle: RuntimeBundle) throws -> String {
        let output = try systemctl(["show", "--value", "-p", name, unit], bundle)
        return String(output.prefix { $0 != "\n" })
    }

    /// The container in a scope of its name below a slice, `body`, `delete --force`.
    private func whileRunning(_ given: RuntimeBundle, _ body: (String) throws -> Void) throws {
        var bundle = given
        bundle.specification.linux.cgroupsPath = "system.slice:test:\(bundle.id)"
        try bundle.write()
        let started = try bundle.command(["run", "--detach", "-b", bundle.directory, bundle.id], systemd: true)
        try #require(started.code == 0, "\(started.error)")
        let unit = "test-\(bundle.id).scope"
        do { try body(unit) } catch {
            _ = try bundle.command(["delete", "--force", bundle.id])
            throw error
        }
        let deleted = try bundle.command(["delete", "--force", bundle.id])
        #expect(deleted.code == 0, "\(deleted.error)")
        #expect(try property("ActiveState", of: unit, bundle) == "inactive")
    }

    @Test func containerRunsInAScope() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try whileRunning(bundle) { unit throws in
                #expect(try property("ActiveState", of: unit, bundle) == "active")
                #expect(try property("Slice", of: unit, bundle) == "system.slice")
                #expect(try property("Delegate", of: unit, bundle) == "yes")
                #expect(try property("DefaultDependencies", of: unit, bundle) == "no")
                let group = try property("ControlGroup", of: unit, bundle)
                #expect(group == "/system.slice/\(unit)")
                // Only the container is in it.
                let process = try JSONField(JSON(parsing: bundle.command(["state", bundle.id]).output))
                    .required("pid").number(Int32.self)
                let base = ResourceHost.isUnified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/systemd"
                #expect(try Files.readText("\(base)\(group)/cgroup.procs") == "\(process)\n")
            }
        }
    }

    @Test func limitsAreTheUnitsAndTheGroups() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.memory.limit = 64 << 20
            bundle.specification.linux.resources.processes = 1
            bundle.specification.linux.resources.processor.shares = 512
            bundle.specification.linux.resources.processor.quota = 50_000
            bundle.specification.linux.resources.processor.period = 100_000
            try whileRunning(bundle) { unit throws in
                let unified = ResourceHost.isUnified
                #expect(try property(unified ? "MemoryMax" : "MemoryLimit", of: unit, bundle) == "67108864")
                #expect(try property("TasksMax", of: unit, bundle) == "1")
                #expect(
                    try property(unified ? "CPUWeight" : "CPUShares", of: unit, bundle) == (unified ? "59" : "512"))
                #expect(try property("CPUQuotaPerSecUSec", of: unit, bundle) == "500ms")
                #expect(try property("DevicePolicy", of: unit, bundle) == "strict")
                let group = "/system.slice/\(unit)"
                let memory = unified ? "\(group)/memory.max" : "/memory\(group)/memory.limit_in_bytes"
                #expect(try Files.readText("/sys/fs/cgroup\(memory)") == "67108864\n")
                let processes = unified ? "\(group)/pids.max" : "/pids\(group)/pids.max"
                #expect(try Files.readText("/sys/fs/cgroup\(processes)") == "1\n")
            }
        }
    }

    @Test func whatSystemdReloadsIsWhatWasUpdated() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.memory.limit = 64 << 20
            try whileRunning(bundle) { unit throws in
                let result = try bundle.command(["update", "-m", "128m", bundle.id])
                #expect(result.code == 0, "\(result.error)")
                _ = try systemctl(["daemon-reload"], bundle)
                let unified = ResourceHost.isUnified
                #expect(try property(unified ? "MemoryMax" : "MemoryLimit", of: unit, bundle) == "134217728")
                let group = "/system.slice/\(unit)"
                let memory = unified ? "\(group)/memory.max" : "/memory\(group)/memory.limit_in_bytes"
                #expect(try Files.readText("/sys/fs/cgroup\(memory)") == "134217728\n")
                // The usual devices can still be opened, others not.
                #expect(try bundle.exec(["/bin/head", "-c", "1", "/dev/zero"]).code == 0)
            }
        }
    }

    @Test func runToTheEndLeavesNoUnit() throws {
        try withBundle(script("exit 7")) { bundle throws in
            bundle.specification.linux.cgroupsPath = ":test:\(bundle.id)"
            try bundle.write()
            let result = try bundle.command(["run", "-b", bundle.directory, bundle.id], systemd: true)
            #expect(result.code == 7, "\(result.error)")
            #expect(try property("LoadState", of: "test-\(bundle.id).scope", bundle) == "not-found")
        }
    }

    @Test func aContainerThatCannotBeMadeLeavesNoUnit() throws {
        try withBundle(["/bin/nonsense"]) { bundle throws in
            bundle.specification.linux.cgroupsPath = "system.slice:test:\(bundle.id)"
            try bundle.write()
            let result = try bundle.command(["run", "-b", bundle.directory, bundle.id], systemd: true)
            #expect(result.code != 0 && result.error.contains("nonsense"))
            #expect(try property("LoadState", of: "test-\(bundle.id).scope", bundle) == "not-found")
        }
    }

    @Test func pauseAndResumeInAScope() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try whileRunning(bundle) { _ throws in
                #expect(try bundle.command(["pause", bundle.id]).code == 0)
                #expect(try bundle.command(["state", bundle.id]).output.contains("paused"))
                #expect(try bundle.command(["resume", bundle.id]).code == 0)
            }
        }
    }

    @Test(arguments: ["/plain/path", "no-slice:test:name", "system.slice:test:", "a.slice:b/c:d"])
    func placesThatAreNoneAreRefused(_ path: String) throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.linux.cgroupsPath = path
            try bundle.write()
            let result = try bundle.command(["run", "-b", bundle.directory, bundle.id], systemd: true)
            #expect(result.code == 1 && result.error.contains("linux.cgroupsPath"), "\(result.error)")
        }
    }
}

@Suite(
    "without systemd", .blocking, .enabled(if: isSuperuser),
    .enabled(if: !Files.isDirectory("/run/systemd/system"), "systemd is this host's init system"))
struct NoSystemdTests {
    @Test func itsControlGroupsAreRefused() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.linux.cgroupsPath = "system.slice:test:\(bundle.id)"
            try bundle.write()
            let result = try bundle.command(["run", "-b", bundle.directory, bundle.id], systemd: true)
            #expect(result.code == 1 && result.error.contains("--systemd-cgroup"), "\(result.error)")
        }
    }
}

extension RuntimeBundle {
    /// Runs a command of bulkhead-runtime with systemd's control groups.
    fileprivate func command(_ words: [String], systemd: Bool) throws -> CommandResult {
        try command((systemd ? ["--systemd-cgroup"] : []) + words)
    }
}
