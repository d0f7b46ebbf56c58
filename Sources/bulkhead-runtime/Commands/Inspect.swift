import ContainerRuntime
import Linux
import OCI

extension RuntimeProgram {
    static func state(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        let id = try words.only("container's id")
        let store = StateStore(root: global.root)
        print(json(try store.record(id), store).indented)
        return 0
    }

    private static func json(_ record: ContainerRecord, _ store: StateStore) -> JSON {
        let status = store.status(record)
        var state = RuntimeState(
            id: record.id, status: status, process: status == .stopped ? nil : record.process, bundle: record.bundle)
        state.annotations = record.annotations
        guard case .object(var members) = state.json else { return state.json }
        members["created"] = .string(timestamp(record.created))
        members["rootfs"] = .string(record.root)
        members["owner"] = .string(record.ownerName)
        return .object(members)
    }

    static func list(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        let (format, quiet) = try listOptions(&words)
        try words.end()
        let store = StateStore(root: global.root)
        let records = try kernel(store.all())
        if quiet {
            for record in records { print(record.id) }
        } else if format == "json" {
            print(JSON.array(records.map { json($0, store) }))
        } else {
            let rows = records.map { record in
                let status = store.status(record)
                let process = status == .stopped ? "0" : "\(record.process)"
                return [
                    record.id, process, status.rawValue, record.bundle, timestamp(record.created), record.ownerName,
                ]
            }
            printTable([["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]] + rows)
        }
        return 0
    }

    private static func listOptions(_ words: inout Words) throws(CommandError) -> (format: String, quiet: Bool) {
        var format = "table"
        var quiet = false
        try words.options { name, value, words throws(CommandError) in
            switch name {
            case "format", "f": format = try value(&words)
            case "quiet", "q": quiet = true
            default: return false
            }
            return true
        }
        guard ["table", "json"].contains(format) else { throw .usage("--format must be table or json") }
        return (format, quiet)
    }

    static func processes(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        var (format, _) = try listOptions(&words)
        let id = try words.required("container's id")
        let options = words.rest()
        // runc's users write this option behind the id, too; to ps(1) it means something else.
        if options.first == "--format", options.count == 2 {
            format = options[1]
            guard ["table", "json"].contains(format) else { throw .usage("--format must be table or json") }
        }
        let store = StateStore(root: global.root)
        let container = try store.adopt(try store.record(id))
        let rows = try runtime(container.processes())
        if format == "json" {
            print(JSON.array(rows.map { JSON($0.process) }))
        } else if options.isEmpty || options.first == "--format" {
            printTable(
                [["UID", "PID", "PPID", "TTY", "CMD"]]
                    + rows.map { ["\($0.user)", "\($0.process)", "\($0.parent)", $0.terminal, $0.command] })
        } else {
            let table = try ProcessTable(options: options)
            for line in table.lines(of: Set(rows.map { $0.process })) { print(line) }
        }
        return 0
    }

    private static func printTable(_ rows: [[String]]) {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = row.enumerated().map { column, text in
                column == row.count - 1 ? text : text + String(repeating: " ", count: widths[column] - text.count)
            }
            print(cells.joined(separator: "   "))
        }
    }
}
