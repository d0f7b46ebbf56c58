extension RuntimeSeccomp {
    /// Whether some call waits for the answer of a listener.
    public var notifies: Bool { calls.contains { $0.action == "SCMP_ACT_NOTIFY" } }

    /// The action, which must be one of libseccomp's.
    static func action(_ field: JSONField) throws(JSONError) -> String {
        let name = try field.string()
        let known = ["KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP", "ERRNO", "TRACE", "ALLOW", "LOG", "NOTIFY"]
        guard known.contains(where: { "SCMP_ACT_\($0)" == name }) else { throw field.error("\(name) is not known") }
        return name
    }

    /// The error number: config-linux.md demands an error where the action has none. The kernel cuts off at 4095 what
    /// a call returns; a tracer is told 16 bits.
    static func errno(_ field: JSONField?, for action: String) throws(JSONError) -> UInt32? {
        guard let field else { return nil }
        let number: UInt32 = try field.number()
        let most: UInt32
        switch action {
        case "SCMP_ACT_ERRNO": most = 4095
        case "SCMP_ACT_TRACE": most = 65535
        default: throw field.error("the action \(action) has no error number")
        }
        guard number <= most else { throw field.error("must be at most \(most)") }
        return number
    }

    /// Reads who answers the calls with `SCMP_ACT_NOTIFY`, once the rules are known.
    public mutating func readListener(_ field: JSONField) throws(JSONError) {
        listenerPath = try field.optional("listenerPath")?.string()
        if listenerPath == "" { listenerPath = nil }
        listenerMetadata = try field.optional("listenerMetadata")?.string()
        if listenerMetadata == "" { listenerMetadata = nil }
        if listenerMetadata != nil && listenerPath == nil {
            throw JSONError(path: field.path(of: "listenerMetadata"), problem: "takes a listenerPath")
        }
        // Nobody could answer before the listener has been handed over, which is itself made of calls.
        if defaultAction == "SCMP_ACT_NOTIFY" {
            throw JSONError(path: field.path(of: "defaultAction"), problem: "can't be SCMP_ACT_NOTIFY")
        }
        for (index, rule) in calls.enumerated() where rule.action == "SCMP_ACT_NOTIFY" {
            if rule.names.contains("sendmsg") {
                throw JSONError(
                    path: "\(field.path(of: "syscalls"))[\(index)].names",
                    problem: "sendmsg can't have SCMP_ACT_NOTIFY: the listener is handed over with it")
            }
        }
        if notifies {
            guard let listenerPath else {
                throw JSONError(
                    path: field.path(of: "listenerPath"), problem: "is missing: SCMP_ACT_NOTIFY takes one")
            }
            guard listenerPath.hasPrefix("/") else {
                throw JSONError(path: field.path(of: "listenerPath"), problem: "must be an absolute path")
            }
        }
    }
}

extension RuntimeSeccomp.Rule {
    init(_ field: JSONField) throws(JSONError) {
        names = try field.required("names").strings()
        guard !names.isEmpty else { throw JSONError(path: "\(field.path).names", problem: "is empty") }
        action = try RuntimeSeccomp.action(field.required("action"))
        errno = try RuntimeSeccomp.errno(field.optional("errnoRet"), for: action)
        arguments = try field.list("args") { field throws(JSONError) in try RuntimeSeccomp.Argument(field) }
    }
}

extension RuntimeSeccomp.Argument {
    init(_ field: JSONField) throws(JSONError) {
        index = try field.required("index").number()
        guard index < 6 else { throw JSONError(path: "\(field.path).index", problem: "must be 0 to 5") }
        value = try field.required("value").number()
        second = try field.optional("valueTwo")?.number() ?? 0
        comparison = try field.required("op").string()
        let known = ["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"]
        guard known.contains(where: { "SCMP_CMP_\($0)" == comparison }) else {
            throw JSONError(path: "\(field.path).op", problem: "\(comparison) is not known")
        }
    }
}
