import Linux
import TestKit
import Testing

/// podman with systemd's cgroup driver and our runtime: what the test hosts can't run for want of a systemd.
@Suite(
    "rig: podman under systemd", .serialized, .blocking,
    .enabled(if: RigImage.obstacle == nil, Comment(rawValue: RigImage.obstacle ?? "")))
struct RigPodmanTests {
    private static let podman =
        "podman --cgroup-manager systemd --events-backend file --runtime /host/bin/bulkhead-runtime"

    @Test func podmanPutsContainersIntoScopes() async throws {
        try await Rig.run { rig in
            func podman(_ words: String) throws -> String {
                let result = try rig.run("\(Self.podman) \(words)")
                guard result.code == 0 else { throw RigError(description: "podman \(words): \(result.error)") }
                return result.output.trimmed
            }
            func property(_ name: String, of unit: String) throws -> String {
                try rig.succeed("systemctl show -p \(name) --value \(unit)").trimmed
            }
            try rig.write("/tmp/image.tar", try RigPodmanTests.image())
            let policy = #"{"default":[{"type":"insecureAcceptAnything"}]}"#
            try rig.write("/tmp/policy.json", Array(policy.utf8))
            _ = try podman("load -q -i /tmp/image.tar --signature-policy /tmp/policy.json")
            let limits = "--memory 64m --memory-swap 64m --pids-limit 50"
            let id = try podman("run -d --name held --network none \(limits) busybox sleep 1000")
            let scope = "libpod-\(id).scope"
            #expect(try property("ControlGroup", of: scope) == "/machine.slice/\(scope)")
            #expect(try property("MemoryMax", of: scope) == "\(64 << 20)")
            #expect(try property("TasksMax", of: scope) == "50")
            // Its view of the groups is its own, and what it executes is in its scope as well. One call, for each of
            // podman's takes seconds in software.
            let seen = try podman("exec held sh -c 'cat /proc/self/cgroup /sys/fs/cgroup/memory.max'")
            #expect(seen == "0::/\n\(64 << 20)")
            _ = try podman("update --memory 128m --memory-swap 128m held")
            #expect(try property("MemoryMax", of: scope) == "\(128 << 20)")
            // What systemd is told to read again does not take that back.
            try rig.succeed("systemctl daemon-reload")
            let limit = try rig.succeed("cat /sys/fs/cgroup/machine.slice/\(scope)/memory.max").trimmed
            #expect(limit == "\(128 << 20)")
            _ = try podman("rm -f -t 0 held")
            #expect(try property("LoadState", of: scope) == "not-found")
        }
    }

    /// The small image of the tests, as scripts/make-test-image writes it.
    private static func image() throws -> [UInt8] {
        try withTestResources { resources in
            let file = "\(resources.directory)/image.tar"
            let made = try Command.run("\(RigImage.project)/scripts/make-test-image", [file], in: resources)
            guard made.code == 0 else { throw RigError(description: "make-test-image: \(made.error)") }
            return try Files.read(file)
        }
    }
}

extension String {
    fileprivate var trimmed: String { hasSuffix("\n") ? String(dropLast()) : self }
}
