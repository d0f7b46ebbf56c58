internal import OCI

extension ExitStatus: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        let kind = try field.required("kind").string()
        switch kind {
        case "exited": self = .exited(code: try field.required("code").number())
        case "signaled":
            self = .signaled(
                signal: try field.required("signal").number(), outOfMemory: try field.flag("outOfMemory"))
        default: self = .lost(reason: try field.text("reason") ?? kind)
        }
    }

    var json: JSON {
        switch self {
        case .exited(let code): ["kind": "exited", "code": JSON(code)]
        case .signaled(let signal, let outOfMemory):
            .members(["kind": "signaled", "signal": JSON(signal), "outOfMemory": .flag(outOfMemory)])
        case .lost(let reason): ["kind": "lost", "reason": .string(reason)]
        }
    }
}

extension ExitRecord: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init(
            status: try ExitStatus(field.required("status")), startedAt: try field.number("startedAt", default: 0),
            finishedAt: try field.number("finishedAt", default: 0))
    }

    var json: JSON { ["status": status.json, "startedAt": JSON(startedAt), "finishedAt": JSON(finishedAt)] }

    /// What stands in the file that a monitor leaves at ``ContainerSetup/exitRecordPath``:
    /// `{"finishedAt":…,"startedAt":…,"status":{"code":0,"kind":"exited"}}` and a newline.
    public var fileContent: [UInt8] { json.encoded + [UInt8(ascii: "\n")] }

    /// Reads such a file.
    ///
    /// - Throws: ``WireError/malformed(_:)``
    public init(fileContent: [UInt8]) throws(WireError) {
        do {
            self = try ExitRecord(JSONField(JSON(parsing: fileContent)))
        } catch {
            throw .malformed("exit record: \(error)")
        }
    }
}

extension ContainerReport: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init(
            phase: try field.word("phase") ?? .empty, process: try field.number("process", default: 0),
            startedAt: try field.number("startedAt", default: 0), exit: try field.value("exit"))
    }

    var json: JSON {
        .members([
            "phase": .string(phase.rawValue), "process": JSON(process), "startedAt": JSON(startedAt),
            "exit": exit?.json,
        ])
    }
}

extension ProcessReport: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init(
            user: try field.number("user", default: 0), process: try field.number("process", default: 0),
            parent: try field.number("parent", default: 0), ticks: try field.number("ticks", default: 0),
            startedAt: try field.number("startedAt", default: 0),
            virtualMemory: try field.number("virtualMemory", default: 0),
            residentMemory: try field.number("residentMemory", default: 0), state: try field.text("state") ?? "",
            terminal: try field.text("terminal") ?? "?", command: try field.text("command") ?? "")
    }

    var json: JSON {
        [
            "user": JSON(user), "process": JSON(process), "parent": JSON(parent), "ticks": JSON(ticks),
            "startedAt": JSON(startedAt), "virtualMemory": JSON(virtualMemory),
            "residentMemory": JSON(residentMemory), "state": .string(state), "terminal": .string(terminal),
            "command": .string(command),
        ]
    }
}

extension AgentReport: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init(kernel: try field.text("kernel") ?? "", readyAfter: try field.number("readyAfter", default: 0))
    }

    var json: JSON { ["kernel": .string(kernel), "readyAfter": JSON(readyAfter)] }
}
