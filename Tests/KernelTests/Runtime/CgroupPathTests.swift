import Linux
import OCI
import TestKit
import Testing

/// `linux.cgroupsPath`: what is no path is among the wrong configurations (RuntimeErrorConfigurationTests).
@Suite("bulkhead-runtime: paths of control groups", .serialized, .blocking, .enabled(if: isSuperuser))
struct CgroupPathTests {
    /// A second container there would be limited and killed together with the first.
    @Test func aGroupThatIsInUseIsRefusedAndLeftAlone() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.cgroupsPath = "/\(bundle.id)/inner"
            try bundle.whileRunning { () throws in
                let group = Cgroup(existing: "/\(bundle.id)/inner", layout: try .detect())
                let before = try group.processes()
                #expect(before.count == 1)
                for command in ["create", "run"] {
                    let name = bundle.resources.name("second")
                    let result = try bundle.command([command, "-b", bundle.directory, name])
                    #expect(result.code == 1 && result.error.contains("has processes already"), "\(result.error)")
                    #expect(result.error.contains("/\(bundle.id)/inner"))
                    #expect(try bundle.command(["state", name]).code == 1)
                }
                #expect(try group.processes() == before)
                #expect(try bundle.exec(["/bin/true"]).code == 0)
            }
            // The group above it was made for it, and is nobody's now.
            let above = Cgroup(existing: "/\(bundle.id)", layout: try .detect())
            try above.remove()
        }
    }

    @Test func aGroupThatIsThereAndEmptyIsTaken() throws {
        try withBundle(["/bin/cat", "/proc/self/cgroup"]) { bundle throws in
            bundle.specification.linux.cgroupsPath = bundle.id
            bundle.specification.linux.namespaces.removeAll { $0.kind == .cgroup }
            let group = try Cgroup.create("/\(bundle.id)", layout: try .detect(), limits: CgroupLimits())
            #expect(group.isThere)
            let result = try bundle.run()
            #expect(result.code == 0 && result.output.contains(":/\(bundle.id)"), "\(result.error)")
        }
    }
}
