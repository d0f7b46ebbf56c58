internal import OCI

extension Request: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        let verb = try field.required("verb").string()
        switch verb {
        case "select": self = .select(container: try field.required("container").string())
        case "create": self = .create(try ContainerSetup(field.required("setup")))
        case "start": self = .start(interfaces: try field.values("interfaces"))
        case "attach": self = .attach(try AttachSetup(field.required("streams")))
        case "exec": self = .exec(try ExecSetup(field.required("setup")))
        case "signal":
            self = .signal(number: try field.required("number").number(), process: try field.text("process"))
        case "resize":
            self = .resize(
                rows: try field.required("rows").number(), columns: try field.required("columns").number(),
                process: try field.text("process"))
        case "pause": self = .pause
        case "resume": self = .resume
        case "state": self = .state
        case "processes": self = .processes
        case "statistics": self = .statistics
        case "mount":
            self = .mount(
                source: try field.required("source").string(), target: try field.required("target").string(),
                readOnly: try field.flag("readOnly"))
        case "unmount": self = .unmount(target: try field.required("target").string())
        case "delete": self = .delete
        case "powerOff": self = .powerOff
        case "limit": self = .limit(try MachineLimits(field.required("limits")))
        default: throw JSONError(path: "verb", problem: "is not known: \(verb)")
        }
    }

    var json: JSON {
        switch self {
        case .select(let container): ["verb": "select", "container": .string(container)]
        case .create(let setup): ["verb": "create", "setup": setup.json]
        case .start(let interfaces): .members(["verb": "start", "interfaces": .list(interfaces)])
        case .attach(let streams): ["verb": "attach", "streams": streams.json]
        case .exec(let setup): ["verb": "exec", "setup": setup.json]
        case .signal(let number, let process):
            .members(["verb": "signal", "number": JSON(number), "process": .text(process)])
        case .resize(let rows, let columns, let process):
            .members(["verb": "resize", "rows": JSON(rows), "columns": JSON(columns), "process": .text(process)])
        case .pause: ["verb": "pause"]
        case .resume: ["verb": "resume"]
        case .state: ["verb": "state"]
        case .processes: ["verb": "processes"]
        case .statistics: ["verb": "statistics"]
        case .mount(let source, let target, let readOnly):
            .members([
                "verb": "mount", "source": .string(source), "target": .string(target), "readOnly": .flag(readOnly),
            ])
        case .unmount(let target): ["verb": "unmount", "target": .string(target)]
        case .delete: ["verb": "delete"]
        case .powerOff: ["verb": "powerOff"]
        case .limit(let limits): ["verb": "limit", "limits": limits.json]
        case .unreadable(let problem): ["verb": "unreadable", "problem": .string(problem)]
        }
    }
}
