internal import OCI

extension Message {
    /// The document of a message frame.
    var json: JSON {
        switch self {
        case .request(let number, let request): ["id": JSON(number), "request": request.json]
        case .response(let number, let response): ["id": JSON(number), "response": response.json]
        case .event(let event): ["event": event.json]
        }
    }

    /// Reads a document. A request that can't be read becomes ``Request/unreadable(_:)``, so that it can be answered,
    /// and a response ``Response/failed(_:)``; an event of a kind that is not known is nil: passed over.
    static func reading(_ field: JSONField) throws(JSONError) -> Message? {
        if let event = try field.optional("event") {
            return try Event.reading(event).map { .event($0) }
        }
        let number: UInt32 = try field.required("id").number()
        if let request = try field.optional("request") {
            do {
                return .request(number, try Request(request))
            } catch {
                return .request(number, .unreadable("\(error)"))
            }
        }
        do {
            return .response(number, try Response(field.required("response")))
        } catch {
            return .response(number, .failed(Failure(.failed, "the answer can't be read: \(error)")))
        }
    }
}

extension Response: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        let kind = try field.required("kind").string()
        switch kind {
        case "done": self = .done
        case "created": self = .created(process: try field.required("process").number())
        case "started": self = .started(process: try field.required("process").number())
        case "state": self = .state(try ContainerReport(field.required("report")))
        case "processes": self = .processes(try field.values("processes"))
        case "statistics": self = .statistics(try StatisticsReport(field.required("report")))
        case "failed": self = .failed(try Failure(field.required("failure")))
        default: throw field.error("an answer of an unknown kind: \(kind)")
        }
    }

    var json: JSON {
        switch self {
        case .done: ["kind": "done"]
        case .created(let process): ["kind": "created", "process": JSON(process)]
        case .started(let process): ["kind": "started", "process": JSON(process)]
        case .state(let report): ["kind": "state", "report": report.json]
        case .processes(let processes): ["kind": "processes", "processes": .array(processes.map { $0.json })]
        case .statistics(let report): ["kind": "statistics", "report": report.json]
        case .failed(let failure): ["kind": "failed", "failure": failure.json]
        }
    }
}

extension Failure: WireValue {
    /// A kind that is not known here is ``Kind/failed``: the text says what it is.
    init(_ field: JSONField) throws(JSONError) {
        let kind = try field.text("kind").flatMap(Kind.init(rawValue:)) ?? .failed
        self.init(kind, try field.text("message") ?? "")
    }

    var json: JSON { ["kind": .string(kind.rawValue), "message": .string(message)] }
}

extension Event {
    /// Reads an event; nil where it is of a kind that is not known here.
    static func reading(_ field: JSONField) throws(JSONError) -> Event? {
        switch try field.required("kind").string() {
        case "exited":
            return .exited(process: try field.text("process"), try ExitRecord(field.required("record")))
        case "outOfMemory": return .outOfMemory
        case "ready": return .ready(try AgentReport(field.required("report")))
        default: return nil
        }
    }

    var json: JSON {
        switch self {
        case .exited(let process, let record):
            .members(["kind": "exited", "process": .text(process), "record": record.json])
        case .outOfMemory: ["kind": "outOfMemory"]
        case .ready(let report): ["kind": "ready", "report": report.json]
        }
    }
}
