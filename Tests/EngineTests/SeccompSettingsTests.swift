import Logging
import OCI
import Testing

@testable import Engine

/// What the monitor is told of a seccomp profile besides the compiled program.
@Suite struct SeccompSettingsTests {
    private func settings(_ option: String) throws -> RuntimeSeccomp? {
        var security = SecuritySpecification()
        security.options = [option]
        let filters = SeccompFilters(directory: "/nonexistent", logger: Logger(label: "test"))
        return try filters.settings(security, capabilities: [], kernelRelease: "6.1.0")
    }

    @Test func flagsAndListenerOfAProfile() throws {
        let profile = #"""
            seccomp={"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG"], "listenerPath": "/run/agent",
            "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}, {"names": ["rmdir"], "action": "SCMP_ACT_LOG"}]}
            """#
        let settings = try #require(try settings(profile))
        #expect(settings.flags == ["SECCOMP_FILTER_FLAG_LOG"] && settings.listenerPath == "/run/agent")
        // Only what waits for an answer matters: the rest is in the program.
        #expect(settings.calls.map(\.names) == [["mkdir"]] && settings.notifies)
    }

    @Test(arguments: ["seccomp=unconfined", "seccomp=builtin", #"seccomp={"defaultAction": "SCMP_ACT_ALLOW"}"#])
    func nothingIsToldWhereThereIsNothing(_ option: String) throws { #expect(try settings(option) == nil) }

    @Test func aListenerThatIsMissingIsNamed() {
        let profile =
            #"seccomp={"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}"#
        let error = #expect(throws: EngineError.self) { try settings(profile) }
        #expect(error.map { "\($0)".contains("listenerPath") } == true)
    }
}
