import Glibc
import Linux
import OCI
import TestKit
import Testing

/// bulkhead-runtime with configurations that are wrong in every way: it says so, or runs them, but it never ends by a
/// signal, never waits for ever, and never leaves a half-made container.
///
/// `BULKHEAD_FUZZ_SECONDS` (15) is how long it goes on, `BULKHEAD_FUZZ_SEED` (1) where it begins; a failure names the
/// seed of the one configuration, which `BULKHEAD_FUZZ_SEED` then repeats first.
@Suite("bulkhead-runtime: fuzzed", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeFuzzTests {
    private static func setting(_ name: String, _ usual: UInt64) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? usual
    }

    @Test func noCrashAndNoHalfMadeContainer() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.hostname = "fuzz"
            bundle.specification.linux.maskedPaths = ["/proc/keys", "/proc/none", "/sys/firmware"]
            bundle.specification.linux.readOnlyPaths = ["/proc/sys", "/proc/bus"]
            bundle.specification.linux.sysctl = ["net.ipv4.ip_unprivileged_port_start": "77", "kernel.msgmax": "65536"]
            bundle.specification.linux.resources.memory.limit = 64 << 20
            bundle.specification.linux.resources.processes = 50
            bundle.specification.linux.devices = [
                .init(type: "c", path: "/dev/fuse", major: 10, minor: 229, mode: 0o600)
            ]
            bundle.specification.process?.limits = [.init(type: "RLIMIT_NOFILE", soft: 512, hard: 512)]
            bundle.specification.process?.user.additionalGroups = [5, 6]
            var filter = RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW")
            filter.calls = [.init(names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO")]
            bundle.specification.linux.seccomp = filter
            // So that a group that the mutations lead to is known to be one of this test's.
            bundle.specification.linux.cgroupsPath = "/\(bundle.id)"
            let volume = "\(bundle.resources.directory)/volume"
            try Files.makeDirectories(volume)
            bundle.specification.mounts.append(.init(destination: "/data", source: volume, options: ["rbind", "ro"]))
            // Programs of the world that they run in.
            let hook = RuntimeHook(path: "/bin/true", arguments: ["true"], environment: ["A=b"], timeout: 10)
            bundle.specification.hooks.prestart = [hook]
            bundle.specification.hooks.createContainer = [hook]
            bundle.specification.hooks.startContainer = [hook]
            bundle.specification.hooks.poststop = [hook]
            let given = bundle
            let outcome = try SmallWorld.run(copying: bundle.resources.directory, runtime: bundle.runtime) {
                var bundle = given
                bundle.runtime = $0
                return try fuzz(bundle)
            }
            if let failure = outcome.failure { Issue.record("\(failure)") }
            #expect(
                outcome.failure != nil || outcome.succeeded > 10 && outcome.refused > 10,
                "\(outcome.succeeded) \(outcome.refused)")
        }
    }

    /// How many configurations were run and how many refused, until one did what it must not.
    private struct Outcome {
        var succeeded = 0
        var refused = 0
        var failure: String?
    }

    private func fuzz(_ bundle: RuntimeBundle) throws -> Outcome {
        let document = bundle.specification.json
        let mutation = ConfigurationMutation(owned: [bundle.resources.prefix])
        let before = try traces(bundle)
        let deadline = Clock.monotonicMilliseconds + Int64(Self.setting("BULKHEAD_FUZZ_SECONDS", 15)) * 1000
        var seed = Self.setting("BULKHEAD_FUZZ_SEED", 1)
        var outcome = Outcome()
        while Clock.monotonicMilliseconds < deadline {
            defer { seed += 1 }
            let text = mutation.mutated(document, seed: seed)
            try Files.write("\(bundle.directory)/config.json", text)
            let end = try run(bundle, seed)
            // What is told only where it fails: the text may be long.
            func failed(_ how: String) -> Outcome {
                outcome.failure = "seed \(seed) \(how)\n\(String(decoding: text, as: UTF8.self))"
                return outcome
            }
            guard case .exited(let code) = end, code != 124, code != 137 else { return failed("has ended: \(end)") }
            if code == 0 { outcome.succeeded += 1 } else { outcome.refused += 1 }
            let after = try traces(bundle)
            if after != before { return failed("left \(Set(after).subtracting(before))") }
        }
        return outcome
    }

    /// timeout(1) ends with 124 where it had to end the runtime, and with 128 + n where a signal did (of `true` in the
    /// container, only a filter's or a limit's signal ends it, which the runtime tells in the same way: it is asked
    /// for what it itself ended by).
    private func run(_ bundle: RuntimeBundle, _ seed: UInt64) throws -> ProcessEnd {
        let null = try Descriptor.open("/dev/null", .readWrite)
        let output = try Descriptor.open("\(bundle.resources.directory)/fuzz.out", [.writeOnly, .create, .truncate])
        let pid = try Spawn.process(
            path: bundle.runtime,
            arguments: ["--root", "\(bundle.resources.directory)/state", "run", "-b", bundle.directory, bundle.id],
            environment: ["PATH=/usr/bin:/bin"],
            descriptors: [
                (child: 0, parent: null.rawValue), (child: 1, parent: output.rawValue),
                (child: 2, parent: output.rawValue),
            ])
        let process = try ProcessDescriptor(process: pid)
        var entry = pollfd(fd: process.rawValue, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 20_000) == 1 else {
            try process.signal(SIGKILL)
            _ = try process.waitForEnd()
            return .exited(code: 124)
        }
        return try process.waitForEnd()
    }

    /// What a half-made container would leave: an entry in the state, a group, a mount, a process; and what was there before.
    private func traces(_ bundle: RuntimeBundle) throws -> [String] {
        let state = "\(bundle.resources.directory)/state"
        let entries = Files.exists(state) ? try Files.entries(of: state).filter { !$0.hasPrefix(".") } : []
        // This thread's mounts are none that others have.
        let mounts = try Files.readText("/proc/thread-self/mountinfo").split(separator: "\n").map(String.init)
        return entries + mounts + (try bundle.resources.leftovers())
    }
}
