import Glibc
import Linux
import TestKit
import Testing

/// What the peers find out about a container of ours from outside, and change: events, figures, limits, hooks.
@Suite(
    .serialized, .enabled(if: getuid() == 0, "takes the superuser"),
    .enabled(if: Peer.areThere, "scripts/fetch-tools dockerd podman has not been run"))
struct PeerEventTests {
    /// Where a limit of the container is to be read in there, with cgroup v1 and v2.
    private static func limit(_ first: String, _ second: String) -> [String] {
        ["sh", "-c", "cat /sys/fs/cgroup/\(first) 2>/dev/null || cat /sys/fs/cgroup/\(second)"]
    }

    @Test func dockerUpdatesAndRestarts() throws {
        try withPeer(.dockerd) { session in
            let peer = Peer.dockerd
            func exec(_ command: [String]) throws -> String { try session.succeed(peer.exec(session, "held", command)) }
            _ = try session.succeed(peer.run(session, .init(name: "held", detached: true), ["sleep", "1000"]))
            let limits = ["--memory", "64m", "--memory-swap", "64m", "--pids-limit", "33", "--cpus", "0.5"]
            _ = try session.succeed(["docker", "update"] + limits + ["held"])
            #expect(try exec(Self.limit("memory/memory.limit_in_bytes", "memory.max")) == "\(64 << 20)\n")
            #expect(try exec(Self.limit("pids/pids.max", "pids.max")) == "33\n")
            let quota = try exec(Self.limit("cpu/cpu.cfs_quota_us", "cpu.max"))
            #expect(quota.hasPrefix("50000"), "\(quota)")
            let format = "{{.PIDs}} {{.MemUsage}}"
            let figures = try session.succeed(["docker", "stats", "--no-stream", "--format", format, "held"])
            #expect(figures.hasPrefix("1 ") && figures.contains(" / 64MiB") && !figures.contains(" 0B"), "\(figures)")
            _ = try session.succeed(["docker", "stop", "-t", "1", "held"])
            #expect(try session.succeed(peer.status(session, "held")) == "exited 137\n")
            _ = try session.succeed(["docker", "start", "held"])
            // The limits that it was given last hold for it again.
            #expect(try exec(Self.limit("pids/pids.max", "pids.max")) == "33\n")
            _ = try session.succeed(peer.remove(session, "held"))
        }
    }

    @Test func dockerHearsOfWhatHappens() throws {
        try withPeer(.dockerd) { session in
            let peer = Peer.dockerd
            let hungry = "x=0123456789abcdef; while :; do x=$x$x; done"
            _ = try session.succeed(
                peer.run(session, .init(name: "hungry", memory: 32 << 20, detached: true), ["sh", "-c", hungry]))
            #expect(try session.succeed(peer.wait(session, "hungry")) == "137\n")
            let state = try session.succeed(["docker", "inspect", "-f", "{{.State.OOMKilled}}", "hungry"])
            #expect(state == "true\n")
            _ = try session.succeed(peer.run(session, .init(name: "held", detached: true), ["sleep", "1000"]))
            _ = try session.succeed(peer.exec(session, "held", ["true"]))
            _ = try session.succeed(peer.pause(session, "held"))
            _ = try session.succeed(peer.resume(session, "held"))
            _ = try session.succeed(peer.kill(session, "held", "KILL"))
            #expect(try session.succeed(peer.wait(session, "held")) == "137\n")
            for name in ["held", "hungry"] { _ = try session.succeed(peer.remove(session, name)) }
            func events(_ name: String) throws -> [String] {
                let now = try session.succeed(["date", "+%s.%N"]).split(separator: "\n")[0]
                let options = ["--since", "0", "--until", "\(now)", "--filter", "container=\(name)"]
                let lines = try session.succeed(["docker", "events", "--format", "{{.Action}}"] + options)
                return lines.split(separator: "\n").map { String($0.prefix { $0 != ":" }) }
            }
            let hungryEvents = try events("hungry")
            #expect(hungryEvents.contains("oom"), "\(hungryEvents)")
            #expect(hungryEvents.filter { $0 != "oom" } == ["create", "start", "die", "destroy"], "\(hungryEvents)")
            let expected = [
                "create", "start", "exec_create", "exec_start", "exec_die", "pause", "unpause", "kill", "die",
                "destroy",
            ]
            let heldEvents = try events("held").filter { $0 != "attach" }
            #expect(heldEvents == expected)
        }
    }

    @Test func podmanUpdatesAndEndsWhatTakesTooMuchMemory() throws {
        try withPeer(.podman) { session in
            let peer = Peer.podman
            _ = try session.succeed(peer.run(session, .init(name: "held", detached: true), ["sleep", "1000"]))
            let limits = ["--memory", "64m", "--memory-swap", "64m", "--cpus", "0.5"]
            _ = try session.succeed(peer.podman(session) + ["update"] + limits + ["held"])
            let memory = Self.limit("memory/memory.limit_in_bytes", "memory.max")
            #expect(try session.succeed(peer.exec(session, "held", memory)) == "\(64 << 20)\n")
            let quota = try session.succeed(peer.exec(session, "held", Self.limit("cpu/cpu.cfs_quota_us", "cpu.max")))
            #expect(quota.hasPrefix("50000"), "\(quota)")
            let hungry = "x=0123456789abcdef; while :; do x=$x$x; done"
            _ = try session.succeed(
                peer.run(session, .init(name: "hungry", memory: 32 << 20, detached: true), ["sh", "-c", hungry]))
            #expect(try session.succeed(peer.wait(session, "hungry")) == "137\n")
            // Its inspection does not always say why: conmon may look for that when the group has gone already.
            for name in ["held", "hungry"] { _ = try session.succeed(peer.remove(session, name)) }
        }
    }

    /// Every kind of hook but startContainer, whose program is one of the container's.
    @Test func podmansHooksAreRun() throws {
        try withPeer(.podman) { session in
            let directory = session.directory
            let stages = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
            for stage in stages {
                let hook = """
                    {"version": "1.0.0", "when": {"always": true}, "stages": ["\(stage)"], "hook": {"path": "/bin/sh",
                     "args": ["sh", "-c", "cat > \(directory)/\(stage).json"]}}
                    """
                try Files.write("\(directory)/hooks/\(stage).json", Array(hook.utf8))
            }
            let peer = Peer.podman
            let result = try session.run(peer.run(session, .init(name: "hooked"), ["echo", "out"]))
            #expect(result.code == 0 && result.output == "out\n", "\(result)")
            let expected = ["creating", "creating", "creating", "running", "stopped"]
            for (stage, status) in zip(stages, expected) {
                let state = try session.succeed(["cat", "\(directory)/\(stage).json"])
                #expect(state.contains("\"status\":\"\(status)\""), "\(stage): \(state)")
            }
        }
    }
}
