import OCI
import Testing

@Suite("linux.seccomp")
struct RuntimeSeccompTests {
    private func read(_ members: String) throws(JSONError) -> RuntimeSeccomp? {
        let text = #"{"ociVersion": "1.2.0", "linux": {"seccomp": {\#(members)}}}"#
        return try RuntimeSpecification(parsing: Array(text.utf8)).linux.seccomp
    }

    @Test func aListenerIsReadAndWritten() throws {
        let filter = try #require(
            try read(
                #""defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/agent", "listenerMetadata": "words","#
                    + #""syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]"#))
        #expect(filter.notifies && filter.listenerPath == "/run/agent" && filter.listenerMetadata == "words")
        var specification = RuntimeSpecification()
        specification.linux.seccomp = filter
        #expect(try RuntimeSpecification(json: specification.json).linux.seccomp == filter)
    }

    @Test(arguments: ["SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"]) func actionsWithAnErrorNumber(_ action: String) throws {
        let text = #""defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["a"], "action": "\#(action)","#
        #expect(try read(text + #""errnoRet": 38}]"#)?.calls[0].errno == 38)
        #expect(try read(text + #""errnoRet": null}]"#)?.calls[0].errno == nil)
    }

    @Test(arguments: [
        (#""defaultAction": "SCMP_ACT_NONSENSE""#, "defaultAction"),
        (#""defaultAction": "SCMP_ACT_NOTIFY", "listenerPath": "/x""#, "defaultAction"),
        (#""defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1"#, "defaultErrnoRet"),
        (#""defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4096"#, "defaultErrnoRet"),
        (#""defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "words""#, "listenerMetadata"),
    ])
    func mistakesAreNamed(_ members: String, _ name: String) {
        let error = #expect(throws: JSONError.self) { try read(members) }
        #expect(error?.path == "linux.seccomp.\(name)")
    }

    @Test(arguments: [
        (#""names": [], "action": "SCMP_ACT_LOG""#, "syscalls[0].names"),
        (#""names": ["a"], "action": "ALLOW""#, "syscalls[0].action"),
        (#""names": ["a"], "action": "SCMP_ACT_KILL", "errnoRet": 1"#, "syscalls[0].errnoRet"),
        (#""names": ["a"], "action": "SCMP_ACT_NOTIFY""#, "listenerPath"),
        (#""names": ["sendmsg"], "action": "SCMP_ACT_NOTIFY""#, "syscalls[0].names"),
        (
            #""names": ["a"], "action": "SCMP_ACT_LOG", "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]"#,
            "syscalls[0].args[0].index"
        ),
        (
            #""names": ["a"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 0, "op": "EQ"}]"#,
            "syscalls[0].args[0].op"
        ),
    ])
    func mistakesInRulesAreNamed(_ rule: String, _ name: String) {
        let error = #expect(throws: JSONError.self) {
            try read(#""defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{\#(rule)}]"#)
        }
        #expect(error?.path == "linux.seccomp.\(name)")
    }
}
