import Linux
import OCI
import TestKit
import Testing

/// `checkpoint` and `restore` with the real criu, which does not know every kernel of the test hosts.
@Suite(
    "rig: checkpoint and restore", .serialized, .blocking, .rig { RigOptions() },
    .enabled(if: RigImage.obstacle == nil, Comment(rawValue: RigImage.obstacle ?? "")))
struct RigCheckpointTests {
    @Test func aContainerGoesOnWhereItWasSaved() async throws {
        try await RigSession.use { rig, _ in
            let bundle = try RigBundle("held", in: &rig) {
                $0.linux.resources.processes = 5
                $0.root?.readOnly = true
            }
            try bundle.runtimeWithPipe("run -d -b /tmp/held held", output: "/tmp/held/out", in: &rig)
            try bundle.awaitCount(above: 0, in: &rig)
            let options = try rig.succeed("grep cgroup2 /proc/self/mountinfo")
            // Once more it runs on, and once it is gone.
            try bundle.runtime("checkpoint --leave-running --image-path /tmp/held/first held", in: &rig)
            #expect(try bundle.status(in: &rig) == "running")
            try bundle.awaitCount(above: try bundle.count(in: &rig), in: &rig)
            try bundle.runtime("checkpoint --image-path /tmp/held/images held", in: &rig)
            #expect(try rig.run("\(RigBundle.runtime) state held").code == 1)
            #expect(try rig.run("ls -d /sys/fs/cgroup/held /run/bulkhead-runtime/held").output == "")
            let saved = try bundle.count(in: &rig)
            // A pipe of the one who restores it takes the place of the one who made it.
            let command = "restore -d -b /tmp/held --pid-file /tmp/held/pid --image-path /tmp/held/images held"
            try bundle.runtimeWithPipe(command, output: "/tmp/held/restored", in: &rig)
            try bundle.awaitCount(above: saved, in: &rig)
            let process = try rig.succeed("cat /tmp/held/pid")
            let line = try rig.succeed("until grep -m 1 . /tmp/held/restored; do sleep 0.1; done").trimmed
            #expect(line.hasPrefix("line ") && (Int(line.dropFirst(5)) ?? 0) >= saved, "\(line) after \(saved)")
            #expect(try rig.succeed("cat /proc/\(process)/cgroup") == "0::/held\n")
            #expect(try rig.succeed("cat /sys/fs/cgroup/held/pids.max") == "5\n")
            #expect(try rig.succeed("grep -c '^Seccomp:.*2' /proc/\(process)/status") == "1\n")
            #expect(
                try rig.run("\(RigBundle.runtime) exec held /bin/sh -c '>/new'").error.contains("Read-only file system")
            )
            // What criu mounts must not change the host's control groups.
            #expect(try rig.succeed("grep cgroup2 /proc/self/mountinfo") == options)
            #expect(try rig.succeed("ls /run/bulkhead-runtime -A").split(separator: "\n").contains("held"))
            #expect(try rig.run("ls -d /run/bulkhead-runtime/.criu*").output == "")
            // All the rest works on it.
            try bundle.runtime("exec held /bin/sh -c 'test -e /volume/count'", in: &rig)
            #expect(try bundle.runtime("ps --format json held", in: &rig).contains(process))
            #expect(try bundle.runtime("events --stats held", in: &rig).contains(#""pids""#))
            try bundle.runtime("pause held", in: &rig)
            #expect(try bundle.status(in: &rig) == "paused")
            try bundle.runtime("resume held", in: &rig)
            try bundle.runtime("kill held KILL", in: &rig)
            try rig.succeed("tail --pid=\(process) -f /dev/null")
            #expect(try bundle.status(in: &rig) == "stopped")
            try bundle.runtime("delete held", in: &rig)
            #expect(try rig.run("ls -d /sys/fs/cgroup/held /run/bulkhead-runtime/held").output == "")
        }
    }

    /// With systemd's control group, a network namespace that has a name, and hooks.
    @Test(.isThorough) func namespacesHooksAndScopesComeBack() async throws {
        try await RigSession.use { rig, _ in
            try rig.succeed("ip netns add held")
            let bundle = try RigBundle("scope", global: "--systemd-cgroup", in: &rig) { specification in
                specification.linux.namespaces.removeAll { $0.kind == .network }
                specification.linux.namespaces.append(.init(.network, path: "/run/netns/held"))
                specification.linux.cgroupsPath = "system.slice:bulkhead:scope"
                let command = "readlink /proc/$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/')/ns/net >/tmp/scope/hook"
                specification.hooks.createRuntime = [.init(path: "/bin/sh", arguments: ["sh", "-c", command])]
                specification.hooks.poststop = [
                    .init(path: "/bin/sh", arguments: ["sh", "-c", "echo gone >>/tmp/scope/poststop"])
                ]
            }
            try bundle.start(in: &rig)
            try bundle.runtime("checkpoint --image-path /tmp/scope/images scope", in: &rig)
            #expect(try rig.succeed("cat /tmp/scope/poststop; rm /tmp/scope/hook") == "gone\n")
            #expect(try rig.succeed("systemctl show -p LoadState --value bulkhead-scope.scope") == "not-found\n")
            let saved = try bundle.count(in: &rig)
            try bundle.restore(in: &rig)
            try bundle.awaitCount(above: saved, in: &rig)
            let namespace = try rig.succeed("stat -L -c 'net:[%i]' /run/netns/held")
            #expect(try rig.succeed("cat /tmp/scope/hook") == namespace)
            #expect(try rig.succeed("readlink /proc/$(cat /tmp/scope/pid)/ns/net") == namespace)
            let group = try rig.succeed("systemctl show -p ControlGroup --value bulkhead-scope.scope")
            #expect(group == "/system.slice/bulkhead-scope.scope\n")
            try bundle.runtime("delete -f scope", in: &rig)
            #expect(try rig.succeed("systemctl show -p LoadState --value bulkhead-scope.scope") == "not-found\n")
        }
    }

    @Test(.isThorough) func aTerminalComesBack() async throws {
        try await RigSession.use { rig, _ in
            let bundle = try RigBundle("terminal", in: &rig) { specification in
                specification.process?.terminal = true
                let program = "i=0; while read x; do i=$((i+1)); echo $i $x; echo $i >/volume/count; done"
                specification.process?.arguments = ["/bin/sh", "-c", program]
            }
            let runtime = RigBundle.runtime
            try rig.succeed("mkfifo /tmp/terminal/in; sleep 1000 >/tmp/terminal/in & echo $! >/tmp/terminal/writer")
            let streams = "</tmp/terminal/in >>/tmp/terminal/out 2>&1 &"
            try rig.succeed("\(runtime) run -b /tmp/terminal terminal \(streams) echo one >/tmp/terminal/in")
            try bundle.awaitCount(above: 0, in: &rig)
            try bundle.runtime("checkpoint --image-path /tmp/terminal/images terminal", in: &rig)
            try rig.succeed(
                "\(runtime) restore -b /tmp/terminal --pid-file /tmp/terminal/pid --image-path /tmp/terminal/images"
                    + " terminal \(streams) echo two >/tmp/terminal/in")
            try bundle.awaitCount(above: 1, in: &rig)
            #expect(try rig.succeed("cat /tmp/terminal/out").contains("2 two\r\n"))
            // Its controlling terminal, and /dev/console.
            let controlling = try rig.succeed("ps -o tty= -p $(cat /tmp/terminal/pid)")
            #expect(controlling.hasPrefix("pts/"), "\(controlling)")
            try bundle.runtime("exec terminal /bin/sh -c 'echo told >/dev/console'", in: &rig)
            try bundle.runtime("kill terminal KILL", in: &rig)
            try rig.succeed("kill $(cat /tmp/terminal/writer); while \(runtime) state terminal; do sleep 0.1; done")
            #expect(try rig.succeed("cat /tmp/terminal/out").contains("told\r\n"))
        }
    }

    @Test func aRestoreThatFailsLeavesNothing() async throws {
        try await RigSession.use { rig, _ in
            let bundle = try RigBundle("lost", in: &rig) { _ in }
            try bundle.start(in: &rig)
            try bundle.runtime("checkpoint --image-path /tmp/lost/images lost", in: &rig)
            let mounts = try rig.succeed("cat /proc/self/mountinfo")
            // One of the images is lost.
            try rig.succeed("rm /tmp/lost/images/core-1.img")
            let command = "\(RigBundle.runtime) restore -d -b /tmp/lost --image-path /tmp/lost/images lost </dev/null"
            let broken = try rig.run(command)
            #expect(broken.code == 1, "\(broken)")
            #expect(
                broken.error.contains("criu restore: ") && broken.error.contains("Restoring FAILED")
                    && broken.error.contains("(its log: /tmp/lost/images/restore.log)"), "\(broken)")
            try rig.succeed("rm /tmp/lost/images/bulkhead.json")
            let none = try rig.run(command)
            #expect(none.code == 1 && none.error.contains("has no checkpoint"), "\(none)")
            #expect(try rig.run("ls -d /sys/fs/cgroup/lost /run/bulkhead-runtime/*lost*").output == "")
            #expect(try rig.succeed("cat /proc/self/mountinfo") == mounts)
            #expect(try rig.run("pgrep -f volume/count").output == "")
        }
    }

    @Test(.isThorough) func podmanSavesAndRestores() async throws {
        try await RigSession.use { rig, _ in
            let podman = try RigPodman(user: nil, in: &rig)
            let program = "i=0; while :; do i=$((i+1)); echo $i >/count; echo line $i; sleep 0.1; done"
            let log = "--log-driver k8s-file --log-opt path=/tmp/podman.log"
            _ = try podman.run("run -d --name saved --network none \(log) busybox sh -c '\(program)'", in: &rig)
            _ = try podman.run("container checkpoint saved", in: &rig)
            let saved = try rig.succeed("tail -n 1 /tmp/podman.log").split(separator: " ").last.flatMap {
                Int($0.dropLast())
            }
            let status = try podman.run("inspect --format '{{.State.Status}}' saved", in: &rig)
            #expect(status == "exited")
            _ = try podman.run("container restore saved", in: &rig)
            let count = Int(try podman.run("exec saved cat /count", in: &rig))
            let told = try #require(saved)
            #expect(try #require(count) >= told)
            // Its output reaches podman's new monitor.
            try rig.succeed("until grep -q 'line \(told + 3)$' /tmp/podman.log; do sleep 0.2; done")
            _ = try podman.run("rm -f -t 0 saved", in: &rig)
        }
    }
}

/// A bundle in the rig, `/tmp/NAME`, whose program counts: into its output and into a file of a volume.
private struct RigBundle {
    static let runtime = "/host/bin/bulkhead-runtime"
    private let name: String
    private let global: String

    init(
        _ name: String, global: String = "", in rig: inout Rig, _ change: (inout RuntimeSpecification) -> Void
    ) throws {
        (self.name, self.global) = (name, global)
        let folder = "/tmp/\(name)"
        try rig.succeed("mkdir -p \(folder)/rootfs/bin \(folder)/volume && cp /bin/busybox \(folder)/rootfs/bin")
        try rig.succeed("for name in sh sleep cat mv; do ln -s busybox \(folder)/rootfs/bin/$name; done")
        try rig.succeed("cd \(folder) && \(Self.runtime) spec")
        var specification = try RuntimeSpecification(parsing: try rig.read("\(folder)/config.json"))
        specification.root?.readOnly = false
        specification.process?.terminal = false
        let step = "i=$((i+1)); echo $i >/volume/new; mv /volume/new /volume/count; echo line $i; sleep 0.1"
        let program = "i=0; while :; do \(step); done"
        specification.process?.arguments = [
            "/bin/sh", "-c", program,
        ]
        specification.mounts.append(
            .init(destination: "/volume", type: "bind", source: "\(folder)/volume", options: ["bind"]))
        change(&specification)
        let filter: JSON = [
            "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [["names": ["swapon"], "action": "SCMP_ACT_ERRNO"]],
        ]
        guard case .object(var document) = specification.json, case .object(var linux) = document["linux"] else {
            throw RigError(description: "the configuration is no object")
        }
        linux["seccomp"] = filter
        document["linux"] = .object(linux)
        try rig.write("\(folder)/config.json", JSON.object(document).encoded)
    }

    @discardableResult
    func runtime(_ words: String, in rig: inout Rig) throws -> String {
        try rig.succeed("\(Self.runtime) \(global) \(words)")
    }

    /// With a pipe as its output, whose other end writes to a file.
    func runtimeWithPipe(_ words: String, output: String, in rig: inout Rig) throws {
        try rig.succeed(
            "{ \(Self.runtime) \(global) \(words) </dev/null 2>&1 | cat >\(output); } >/dev/null 2>&1 &")
    }

    /// Runs it, and waits until it counts.
    func start(in rig: inout Rig) throws {
        try runtime("run -d -b /tmp/\(name) \(name) </dev/null >/tmp/\(name)/out 2>&1", in: &rig)
        try awaitCount(above: 0, in: &rig)
    }

    func restore(in rig: inout Rig) throws {
        let files = "-b /tmp/\(name) --pid-file /tmp/\(name)/pid --image-path /tmp/\(name)/images"
        try runtime("restore -d \(files) \(name) </dev/null >/tmp/\(name)/restored 2>&1", in: &rig)
    }

    func status(in rig: inout Rig) throws -> String {
        try JSONField(JSON(parsing: try runtime("state \(name)", in: &rig))).required("status").string()
    }

    /// How far it has counted.
    func count(in rig: inout Rig) throws -> Int {
        let text = try rig.succeed("cat /tmp/\(name)/volume/count")
        guard let count = Int(text.trimmed) else { throw RigError(description: "\(text) is no number") }
        return count
    }

    func awaitCount(above count: Int, in rig: inout Rig) throws {
        let file = "/tmp/\(name)/volume/count"
        try rig.succeed(
            "until n=$(cat \(file) 2>/dev/null); test \"${n:-0}\" -gt \(count); do sleep 0.1; done")
    }
}

extension Trait where Self == ConditionTrait {
    /// What takes a minute or more in software, of which others show the most part.
    fileprivate static var isThorough: Self {
        .enabled(if: RigOptions.isThorough, "takes a minute in software: BULKHEAD_RIG=all runs it")
    }
}
