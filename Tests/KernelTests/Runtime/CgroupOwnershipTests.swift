import Linux
import OCI
import TestKit
import Testing

/// OCI runtime specification, "Cgroup ownership". The rig (Tests/VMTests) runs these.
@Suite(
    "bulkhead-runtime: who owns the control group", .serialized, .blocking, .enabled(if: isSuperuser),
    .enabled(if: ResourceHost.isUnified, "groups are given away in cgroup v2 only"))
struct CgroupOwnershipTests {
    private static let first: UInt32 = 100_000

    /// Gives the bundle a user namespace, and its files to that namespace's superuser.
    private func mapUsers(_ bundle: inout RuntimeBundle) throws {
        let map = [RuntimeMapping(inside: 0, outside: CgroupOwnershipTests.first, count: 65536)]
        bundle.specification.linux.namespaces.append(.init(.user))
        bundle.specification.linux.userMappings = map
        bundle.specification.linux.groupMappings = map
        let owner = "\(CgroupOwnershipTests.first):\(CgroupOwnershipTests.first)"
        let result = try Command.run("/bin/chown", ["-hR", owner, bundle.rootFileSystem], in: bundle.resources)
        try #require(result.code == 0, "\(result.error)")
    }

    private func makeWritable(_ bundle: inout RuntimeBundle) {
        for index in bundle.specification.mounts.indices where bundle.specification.mounts[index].type == "cgroup" {
            bundle.specification.mounts[index].options.removeAll { $0 == "ro" }
        }
    }

    private func owner(_ bundle: RuntimeBundle, of file: String = "") -> UInt32? {
        FileStatus("/sys/fs/cgroup/\(bundle.id)\(file)")?.user
    }

    @Test func theContainerMayMakeGroupsAndNotChangeItsLimits() throws {
        let text = """
            cd /sys/fs/cgroup && mkdir below && echo 0 > below/cgroup.procs && cut -d : -f 3 /proc/self/cgroup
            echo 5 2>/dev/null > pids.max || echo refused
            """
        try withBundle(script(text)) { bundle throws in
            try mapUsers(&bundle)
            makeWritable(&bundle)
            let result = try bundle.run()
            #expect(result.lines == ["/below", "refused"], "\(result.error)")
        }
    }

    @Test func theGroupIsTheProcesss() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try mapUsers(&bundle)
            makeWritable(&bundle)
            bundle.specification.process?.user.uid = 33
            try bundle.whileRunning { () throws in
                let expected = CgroupOwnershipTests.first + 33
                #expect(owner(bundle) == expected)
                #expect(owner(bundle, of: "/cgroup.procs") == expected)
                #expect(owner(bundle, of: "/cgroup.subtree_control") == expected)
                #expect(owner(bundle, of: "/pids.max") == 0)
            }
        }
    }

    @Test func withoutAUserNamespaceItIsTheUsers() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            makeWritable(&bundle)
            bundle.specification.process?.user.uid = 33
            try bundle.whileRunning { #expect(owner(bundle) == 33) }
        }
    }

    @Test func aGroupThatIsReadOnlyInsideStaysTheHosts() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try mapUsers(&bundle)
            try bundle.whileRunning { #expect(owner(bundle) == 0) }
        }
    }

    @Test func aGroupThatIsSeenFromTheHostsRootStaysTheHosts() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try mapUsers(&bundle)
            makeWritable(&bundle)
            bundle.specification.linux.namespaces.removeAll { $0.kind == .cgroup }
            try bundle.whileRunning { #expect(owner(bundle) == 0) }
        }
    }
}
