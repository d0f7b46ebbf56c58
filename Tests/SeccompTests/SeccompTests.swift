import OCI
import Seccomp
import Testing

@Suite("Filters for system calls")
struct SeccompTests {
    @Test func dockersProfileCompiles() throws {
        let profile = try SeccompProfile(parsing: SeccompProfile.dockerDefault)
        let program = try SeccompCompiler.compile(
            profile.resolved(capabilities: ["CAP_CHOWN"], kernelRelease: "6.1.0-56-cloud-amd64"))
        #expect(program.count.isMultiple(of: 8) && program.count > 1000)
        #expect(program.count / 8 <= 4096)
    }

    @Test func conditionsDecide() throws {
        let profile = try SeccompProfile(parsing: SeccompProfile.dockerDefault)
        let plain = profile.resolved(capabilities: [], kernelRelease: "6.1.0")
        let administrator = profile.resolved(capabilities: ["CAP_SYS_ADMIN"], kernelRelease: "6.1.0")
        #expect(!plain.calls.contains { $0.names.contains("mount") && $0.action == "SCMP_ACT_ALLOW" })
        #expect(administrator.calls.contains { $0.names.contains("mount") && $0.action == "SCMP_ACT_ALLOW" })
        #expect(plain.calls.contains { $0.names == ["clone3"] && $0.errno == 38 })
        #expect(!administrator.calls.contains { $0.names == ["clone3"] && $0.errno == 38 })
        let old = profile.resolved(capabilities: [], kernelRelease: "4.4.0")
        #expect(plain.calls.contains { $0.names.contains("ptrace") })
        #expect(!old.calls.contains { $0.names.contains("ptrace") })
    }

    @Test func unknownActionsAreRefused() {
        #expect(throws: SeccompError.self) {
            try SeccompCompiler.compile(RuntimeSeccomp(defaultAction: "SCMP_ACT_NONSENSE"))
        }
    }

    @Test func callsThatNobodyAnswersAreRefused() throws {
        var filter = RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW")
        filter.calls = [.init(names: ["mkdir"], action: "SCMP_ACT_NOTIFY")]
        #expect(throws: SeccompError.self) { try SeccompCompiler.compile(filter) }
        filter.listenerPath = "/run/agent"
        #expect(try !SeccompCompiler.compile(filter).isEmpty)
    }

    private static func profile(_ members: String) -> String {
        #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY", "#
            + #""includes": {"caps": ["CAP_SYS_ADMIN"]}}]\#(members)}"#
    }

    @Test func profilesOfDockerNameTheirListener() throws {
        let text = Self.profile(#", "listenerPath": "/run/agent", "listenerMetadata": "words""#)
        let filter = try SeccompProfile(parsing: text).resolved(
            capabilities: ["CAP_SYS_ADMIN"], kernelRelease: "6.1.0")
        #expect(filter.listenerPath == "/run/agent" && filter.listenerMetadata == "words" && filter.notifies)
        #expect(try !SeccompCompiler.compile(filter).isEmpty)
        // Without the rule there is nothing to be answered.
        #expect(try !SeccompProfile(parsing: text).resolved(capabilities: [], kernelRelease: "6.1.0").notifies)
    }

    @Test(arguments: [
        ("", "listenerPath"), (#", "listenerPath": "run/agent""#, "listenerPath"),
        (#", "listenerPath": 5"#, "listenerPath"), (#", "listenerMetadata": "words""#, "listenerMetadata"),
    ])
    func profilesWithoutTheListenerThatTheyNeedAreRefused(_ members: String, _ named: String) throws {
        let error = #expect(throws: JSONError.self) { try SeccompProfile(parsing: Self.profile(members)) }
        #expect(error?.path == named)
    }

    @Test func unknownCallsAreSkipped() throws {
        var filter = RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW")
        filter.calls = [.init(names: ["no_such_call"], action: "SCMP_ACT_ERRNO")]
        #expect(try !SeccompCompiler.compile(filter).isEmpty)
    }
}
