import OCI
import Testing

@testable import ContainerRuntime

/// `linux.mountLabel`, as far as it is the same on hosts without SELinux: what the kernel would be told.
@Suite("contexts of mounts") struct MountLabelTests {
    private static let label = "system_u:object_r:container_file_t:s0:c1,c2"

    private func plan(_ type: String, _ options: [String] = []) throws -> MountPlan {
        var plan = try MountPlan(RuntimeMount(destination: "/x", type: type, source: type, options: options))
        plan.label = Self.label
        return plan
    }

    @Test(
        arguments: [
            ("tmpfs", ["nosuid", "size=1m"], "size=1m,context=\"\(label)\""), ("devpts", [], "context=\"\(label)\""),
            ("proc", [], ""), ("sysfs", [], ""), ("mqueue", [], ""),
        ] as [(String, [String], String)])
    func newFileSystemsThatTakeOneGetIt(_ type: String, _ options: [String], _ data: String) throws {
        #expect(try plan(type, options).data(ofType: type) == data)
    }

    @Test func aFileSystemWithoutOptionsIsLabelledAfterwards() throws {
        #expect(try plan("mqueue").rootLabel(ofType: "mqueue") == Self.label)
        #expect(try plan("tmpfs").rootLabel(ofType: "tmpfs") == nil)
    }

    @Test func withoutALabelNothingIsAdded() throws {
        let plan = try MountPlan(RuntimeMount(destination: "/x", type: "tmpfs", options: ["size=1m"]))
        #expect(plan.data(ofType: "tmpfs") == "size=1m" && MountPlan.adding(nil, to: "a=b") == "a=b")
    }
}
