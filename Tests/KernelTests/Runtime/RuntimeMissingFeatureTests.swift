import Linux
import OCI
import TestKit
import Testing

/// What the kernel under the tests does not have, without any filter that plays an older one: it is refused by its name, and
/// nothing is left.
@Suite("bulkhead-runtime: what this kernel does not have", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeMissingFeatureTests {
    /// Expects that the configuration is refused by these words.
    private func expectRefusal(_ words: [String], _ change: (inout RuntimeBundle) throws -> Void) throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.denied = nil
            try change(&bundle)
            let result = try bundle.run()
            #expect(result.code == 1 && words.allSatisfy { result.error.contains($0) }, "\(result.error)")
            #expect(try bundle.command(["list", "-q"]).output.isEmpty)
        }
    }

    @Test(.enabled(if: !TestedKernel.isAtLeast(5, 12), "this kernel has them"))
    func mappedOwnersOfMounts() throws {
        try expectRefusal(["mounts: /data", "Linux 5.12"]) { bundle in
            var mapped = RuntimeMount(destination: "/data", source: "/tmp", options: ["rbind", "idmap"])
            mapped.userMappings = [.init(inside: 0, outside: 500, count: 10)]
            mapped.groupMappings = [.init(inside: 0, outside: 600, count: 10)]
            bundle.specification.mounts.append(mapped)
        }
    }

    @Test(.enabled(if: !TestedKernel.isAtLeast(5, 14), "this kernel has them"))
    func bursts() throws {
        try expectRefusal(["linux.resources.cpu.burst", "this kernel has no"]) { bundle in
            bundle.specification.linux.resources.processor.quota = 40_000
            bundle.specification.linux.resources.processor.burst = 10_000
        }
    }

    @Test(.enabled(if: !TestedKernel.isAtLeast(5, 14), "this kernel has them"))
    func burstsOfAContainerThatRuns() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let result = try bundle.command(["update", "--cpu-quota", "40000", "--cpu-burst", "10000", bundle.id])
                #expect(result.code == 1, "\(result.error)")
                #expect(result.error.contains("linux.resources.cpu.burst: this kernel has no"), "\(result.error)")
                #expect(try bundle.exec(["/bin/true"]).code == 0)
            }
        }
    }

    @Test(.enabled(if: !TestedKernel.isAtLeast(5, 15), "this kernel has them"))
    func idleGroups() throws {
        try expectRefusal(["linux.resources.cpu.idle", "this kernel has no"]) { bundle in
            bundle.specification.linux.resources.processor.idle = 1
        }
    }

    @Test(.enabled(if: !TestedKernel.isAtLeast(5, 19), "this kernel has it"))
    func listenersThatAreWaitedForUnlessKilled() throws {
        try expectRefusal(["linux.seccomp.flags", "Linux 5.19"]) { bundle in
            let listener = "\(bundle.resources.directory)/agent"
            let agent = try UnixSocket.listen(listener)
            bundle.specification.linux.seccomp = .listening(at: listener, isKillable: true)
            // It waits for connections by its file until the bundle's directory goes.
            _ = agent.release()
        }
    }
}
