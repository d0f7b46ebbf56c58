import Linux
import TestKit
import Testing

/// The programs that `bulkhead-runtime` must work under, and how each says what the tests want.
enum Peer: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case dockerd, containerd, podman

    var testDescription: String { rawValue }

    /// Whether scripts/fetch-tools has brought it.
    static let areThere =
        Files.exists(PeerSession.tools + "/usr/bin/podman")
        && Files.exists(PeerSession.tools + "/usr/sbin/dockerd")

    func environment(_ session: PeerSession) -> [String] {
        let directory = session.directory
        switch self {
        case .dockerd:
            return ["DOCKER_HOST=unix://\(directory)/docker.sock"]
        case .containerd:
            return [
                "CONTAINERD_ADDRESS=\(directory)/containerd.sock", "CONTAINERD_NAMESPACE=\(session.resources.prefix)",
            ]
        case .podman:
            return [
                "CONTAINERS_CONF=\(directory)/containers.conf", "CONTAINERS_STORAGE_CONF=\(directory)/storage.conf",
                "CONTAINERS_REGISTRIES_CONF=/dev/null", "TMPDIR=\(directory)",
            ]
        }
    }

    /// Starts what has to run, and loads the image.
    func prepare(_ session: PeerSession) throws {
        let directory = session.directory
        switch self {
        case .dockerd:
            try session.startDaemon(
                [
                    "dockerd", "--data-root", "\(directory)/root", "--exec-root", "\(directory)/exec", "--pidfile",
                    "\(directory)/docker.pid", "-H", "unix://\(directory)/docker.sock", "--add-runtime",
                    "bulkhead=\(session.runtime)", "--default-runtime", "bulkhead", "--bridge", "none",
                    "--cgroup-parent", "/\(session.resources.prefix)",
                ], answering: ["docker", "version"])
            _ = try session.succeed(["docker", "load", "-i", "\(directory)/image.tar"])
        case .containerd:
            let configuration =
                "version = 2\nroot = \"\(directory)/root\"\nstate = \"\(directory)/state\"\n"
                + "disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = \"\(directory)/containerd.sock\"\n"
            try Files.write("\(directory)/config.toml", Array(configuration.utf8))
            try session.startDaemon(
                ["containerd", "--config", "\(directory)/config.toml"], answering: ["ctr", "version"])
            _ = try session.succeed(["ctr", "image", "import", "\(directory)/image.tar"])
        case .podman:
            let limits = "\"nofile=1024:1024\", \"nproc=1024:1024\""
            let files = [
                ("containers.conf", "[containers]\ndefault_ulimits = [\(limits)]\n[engine]\nlock_type = \"file\"\n"),
                ("policy.json", #"{"default":[{"type":"insecureAcceptAnything"}]}"#),
                (
                    "storage.conf",
                    "[storage]\ndriver=\"overlay\"\nrunroot=\"\(directory)/runroot\"\ngraphroot=\"\(directory)/root\"\n"
                ),
            ]
            try Files.makeDirectory("\(directory)/hooks")
            for (name, text) in files { try Files.write("\(directory)/\(name)", Array(text.utf8)) }
            _ = try session.succeed(
                podman(session) + [
                    "load", "-q", "-i", "\(directory)/image.tar", "--signature-policy", "\(directory)/policy.json",
                ])
        }
    }

    /// podman with its global options.
    func podman(_ session: PeerSession) -> [String] {
        let directory = session.directory
        return [
            "podman", "--root", "\(directory)/root", "--runroot", "\(directory)/runroot", "--cgroup-manager",
            "cgroupfs", "--events-backend", "file", "--tmpdir", "\(directory)/tmp", "--hooks-dir",
            "\(directory)/hooks", "--runtime", session.runtime,
        ]
    }

    /// buildah beside podman, with the same roots.
    func buildah(_ session: PeerSession, _ words: [String]) -> [String] {
        ["buildah", "--root", "\(session.directory)/root", "--runroot", "\(session.directory)/runroot"] + words
    }

    /// What a container may have.
    struct Wishes {
        var name: String
        var memory: Int?
        var processes: Int?
        var terminal = false
        var detached = false
    }

    /// Runs a container; it is gone afterwards unless it is detached.
    func run(_ session: PeerSession, _ wishes: Wishes, _ command: [String]) -> [String] {
        switch self {
        case .dockerd, .podman:
            let client = self == .dockerd ? ["docker"] : podman(session)
            // Without CAP_SYS_RESOURCE podman's own default can't be had.
            var words = client + ["run", "--name", wishes.name, "--network", "none", "--ulimit", "nofile=1024:1024"]
            if self == .podman {
                words += ["--ulimit", "nproc=1024:1024", "--cgroup-parent", "/\(session.resources.prefix)"]
            }
            if let memory = wishes.memory { words += ["--memory", "\(memory)", "--memory-swap", "\(memory)"] }
            if let processes = wishes.processes { words += ["--pids-limit", "\(processes)"] }
            if wishes.terminal { words.append("-t") }
            words.append(wishes.detached ? "-d" : "--rm")
            if !wishes.terminal && !wishes.detached { words.append("-i") }
            return words + ["busybox"] + command
        case .containerd:
            var words = ["ctr", "run", "--runc-binary", session.runtime]
            if let memory = wishes.memory { words += ["--memory-limit", "\(memory)"] }
            if wishes.terminal { words.append("-t") }
            words.append(wishes.detached ? "-d" : "--rm")
            return words + ["docker.io/library/busybox:latest", wishes.name] + command
        }
    }

    func exec(_ session: PeerSession, _ name: String, _ command: [String], terminal: Bool = false) -> [String] {
        switch self {
        case .dockerd: ["docker", "exec"] + (terminal ? ["-t"] : []) + [name] + command
        case .podman: podman(session) + ["exec"] + (terminal ? ["-t"] : []) + [name] + command
        case .containerd:
            ["ctr", "task", "exec", "--exec-id", "e\(UInt32.random(in: 0...9999))"] + (terminal ? ["-t"] : []) + [name]
                + command
        }
    }

    func pause(_ session: PeerSession, _ name: String) -> [String] { control(session, "pause", "pause", name) }
    func resume(_ session: PeerSession, _ name: String) -> [String] { control(session, "unpause", "resume", name) }

    private func control(_ session: PeerSession, _ word: String, _ taskWord: String, _ name: String) -> [String] {
        switch self {
        case .dockerd: ["docker", word, name]
        case .podman: podman(session) + [word, name]
        case .containerd: ["ctr", "task", taskWord, name]
        }
    }

    /// Prints where it is in its life, in the peer's words.
    func status(_ session: PeerSession, _ name: String) -> [String] {
        switch self {
        case .dockerd: ["docker", "inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name]
        case .podman: podman(session) + ["inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name]
        case .containerd: ["sh", "-c", "ctr task ls | grep -w \(name) | tr A-Z a-z"]
        }
    }

    func kill(_ session: PeerSession, _ name: String, _ signal: String) -> [String] {
        switch self {
        case .dockerd: ["docker", "kill", "-s", signal, name]
        case .podman: podman(session) + ["kill", "-s", signal, name]
        case .containerd: ["ctr", "task", "kill", "-s", signal, name]
        }
    }

    /// Waits for its end and prints the exit code.
    func wait(_ session: PeerSession, _ name: String) -> [String] {
        switch self {
        case .dockerd: ["docker", "wait", name]
        case .podman: podman(session) + ["wait", name]
        // It has no verb that waits: its table is looked at until the task has ended, and removal tells the code.
        case .containerd:
            [
                "sh", "-c",
                "until ctr task ls | grep -w \(name) | grep -q STOPPED; do :; done; ctr task rm \(name) 2>&1 | grep -o '[0-9]*\"$' | tr -d '\"'",
            ]
        }
    }

    func remove(_ session: PeerSession, _ name: String) -> [String] {
        switch self {
        case .dockerd: ["docker", "rm", "-f", name]
        case .podman: podman(session) + ["rm", "-f", "-t", "0", name]
        case .containerd: ["sh", "-c", "ctr task rm -f \(name) 2>/dev/null; ctr container rm \(name)"]
        }
    }

    func processes(_ session: PeerSession, _ name: String) -> [String] {
        switch self {
        case .dockerd: ["docker", "top", name]
        case .podman: podman(session) + ["top", name]
        case .containerd: ["ctr", "task", "ps", name]
        }
    }
}
