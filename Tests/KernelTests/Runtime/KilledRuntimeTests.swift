import Glibc
import Linux
import OCI
import TestKit
import Testing

/// The runtime is killed while it makes its container.
@Suite("bulkhead-runtime: killed", .serialized, .blocking, .enabled(if: isSuperuser))
struct KilledRuntimeTests {
    private func makeAndKill(_ bundle: RuntimeBundle, _ global: [String]) throws {
        // A socket that takes nobody any more: there the runtime waits, its container's process waits for the start.
        let path = "\(bundle.resources.directory)/full"
        let listener = try UnixSocket.listen(path, .stream, backlog: 1)
        // The kernel lets one more wait than it is told.
        let (first, second) = (try UnixSocket.connect(path).release(), try UnixSocket.connect(path).release())
        defer {
            close(first)
            close(second)
        }
        try bundle.write()
        let command = try StartedCommand.start(
            bundle, global + ["create", "--pidfd-socket", path, "-b", bundle.directory, bundle.id])
        let deadline = Clock.monotonicMilliseconds + 20_000
        while try !waitsForPeer(command) {
            try #require(Clock.monotonicMilliseconds < deadline, "the runtime has not come to the socket")
            usleep(2000)
        }
        try command.process.signal(SIGKILL)
        // Not until its output ends: the container's process has that too.
        let end = try command.process.waitForEnd(atMost: 20_000)
        #expect(end == .signaled(SIGKILL))
        extendLifetime(listener)
        #expect(!Files.exists("\(bundle.resources.directory)/state/\(bundle.id)/state.json"))
    }

    private func waitsForPeer(_ command: borrowing StartedCommand) throws -> Bool {
        let described = try Files.readText("/proc/self/fdinfo/\(command.process.rawValue)").split(separator: "\n")
        guard let line = described.first(where: { $0.hasPrefix("Pid:") }), let number = line.split(separator: "\t").last
        else { return false }
        // Before Linux 5.16 wchan alone says nothing on a kernel without frame pointers.
        return try Files.readText("/proc/\(number)/stack").contains("unix_wait_for_peer")
            || Files.readText("/proc/\(number)/wchan").contains("unix_wait_for_peer")
    }

    private func expectDeletion(_ bundle: RuntimeBundle) throws {
        let deleted = try bundle.command(["delete", "--force", bundle.id])
        #expect(deleted.code == 0, "\(deleted.error)")
        let state = "\(bundle.resources.directory)/state"
        // There is none where the runtime was killed at once.
        guard Files.exists(state) else { return }
        #expect(try Files.entries(of: state).filter { $0 != ".seccomp" } == [])
    }

    @Test func deleteFindsTheGroup() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try makeAndKill(bundle, [])
            let group = Cgroup(existing: "/\(bundle.id)", layout: try .detect())
            #expect(try group.processes().count == 1)
            try expectDeletion(bundle)
            try expectNothing(bundle)
        }
    }

    /// Before the name is claimed, while the container is made, between the start of its program and the record of it, or
    /// afterwards: `delete` finds what there is.
    @Test func killedAtAnyMoment() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.write()
            for moment in 0..<60 {
                let command = try StartedCommand.start(bundle, ["run", "-b", bundle.directory, bundle.id])
                usleep(UInt32(moment) * 200)
                try command.process.signal(SIGKILL)
                #expect(try command.process.waitForEnd(atMost: 20_000) == .signaled(SIGKILL))
                try expectDeletion(bundle)
                try expectNothing(bundle)
            }
        }
    }

    @Test(
        .enabled(if: Files.isDirectory("/run/systemd/system"), "systemd is not this host's init system"),
        arguments: ["system.slice:test:", nil] as [String?])
    func deleteFindsTheUnit(_ place: String?) throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.cgroupsPath = place.map { $0 + bundle.id }
            try makeAndKill(bundle, ["--systemd-cgroup"])
            let unit = (place == nil ? "bulkhead-" : "test-") + bundle.id + ".scope"
            func state() throws -> String {
                try Command.run(
                    "/usr/bin/systemctl", ["show", "--value", "-p", "ActiveState", unit], in: bundle.resources
                )
                .output
            }
            #expect(try state() == "active\n")
            try expectDeletion(bundle)
            #expect(try state() == "inactive\n")
        }
    }
}
