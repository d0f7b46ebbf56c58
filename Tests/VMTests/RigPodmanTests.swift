import Linux
import TestKit
import Testing

/// podman with systemd's cgroup driver and our runtime: what the test hosts can't run for want of a systemd.
@Suite(
    "rig: podman under systemd", .serialized, .blocking, .rig { RigOptions() },
    .enabled(if: RigImage.obstacle == nil, Comment(rawValue: RigImage.obstacle ?? "")))
struct RigPodmanTests {
    @Test func podmanPutsContainersIntoScopes() async throws {
        try await RigSession.use { rig, _ in
            let podman = try RigPodman(user: nil, in: &rig)
            func property(_ name: String, of unit: String) throws -> String {
                try rig.succeed("systemctl show -p \(name) --value \(unit)").trimmed
            }
            let limits = "--memory 64m --memory-swap 64m --pids-limit 50"
            let id = try podman.run("run -d --name held --network none \(limits) busybox sleep 1000", in: &rig)
            let scope = "libpod-\(id).scope"
            try check(property("ControlGroup", of: scope) == "/machine.slice/\(scope)", "another group")
            try check(property("MemoryMax", of: scope) == "\(64 << 20)", "another limit")
            try check(property("TasksMax", of: scope) == "50", "another limit of processes")
            // Its view of the groups is its own, and what it executes is in its scope as well. One call, for each of
            // podman's takes seconds in software.
            let seen = try podman.run("exec held sh -c 'cat /proc/self/cgroup /sys/fs/cgroup/memory.max'", in: &rig)
            try check(seen == "0::/\n\(64 << 20)", seen)
            _ = try podman.run("update --memory 128m --memory-swap 128m held", in: &rig)
            try check(property("MemoryMax", of: scope) == "\(128 << 20)", "the limit was not changed")
            // What systemd is told to read again does not take that back.
            try rig.succeed("systemctl daemon-reload")
            let limit = try rig.succeed("cat /sys/fs/cgroup/machine.slice/\(scope)/memory.max").trimmed
            try check(limit == "\(128 << 20)", limit)
            _ = try podman.run("rm -f -t 0 held", in: &rig)
            try check(property("LoadState", of: scope) == "not-found", "its scope is left")
        }
    }

    /// Without the superuser anywhere: newuidmap, the user's own systemd, a terminal, limits, pause.
    @Test func anOrdinaryUsersContainersHaveTheirLimits() async throws {
        try await RigSession.use { rig, _ in
            try rig.succeed("loginctl enable-linger tester && systemctl start user@4242.service")
            let podman = try RigPodman(user: "tester", in: &rig)
            let limits = "--memory 64m --memory-swap 64m --pids-limit 50"
            _ = try podman.run("run -d -t --name own --network none \(limits) busybox sleep 1000", in: &rig)
            let files = "/proc/self/cgroup /proc/self/uid_map /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max"
            let seen = try podman.run("exec own sh -c 'id -u; cat \(files)'", in: &rig)
            let words = seen.split(whereSeparator: \.isWhitespace)
            try check(
                words == ["0", "0::/", "0", "4242", "1", "1", "700000", "65536", "\(64 << 20)", "50"], seen)
            _ = try podman.run("pause own", in: &rig)
            let state = try podman.run("inspect --format '{{.State.Status}}' own", in: &rig)
            try check(state == "paused", state)
            _ = try podman.run("unpause own", in: &rig)
            _ = try podman.run("update --memory 128m --memory-swap 128m own", in: &rig)
            let terminal = try podman.run("exec -t own sh -c 'tty; cat /sys/fs/cgroup/memory.max'", in: &rig)
            try check(terminal.hasPrefix("/dev/pts/") && terminal.contains("\(128 << 20)"), terminal)
            _ = try podman.run("rm -f -t 0 own", in: &rig)
            let left = try rig.succeed(
                "ls /run/user/4242/bulkhead-runtime; systemctl --user -M tester@ list-units --no-legend 'libpod-*'")
            try check(left.trimmed.isEmpty, left)
        }
    }
}
