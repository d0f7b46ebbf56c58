import DockerModels
import Engine
import NIOHTTP1
import Wire

/// Processes in the columns that `ps` would show for some arguments.
struct ProcessTableBuilder {
    private let columns: [Column]
    private let now: Int64

    private struct Column {
        let title: String
        let value: @Sendable (ProcessReport, Int64) -> String
    }

    /// - Parameter arguments: `-ef` (the default), `aux`, `-o pid,user,args` and the like.
    init(arguments: String, now: Int64) throws(APIError) {
        self.now = now / 1_000_000_000
        var words = arguments.split(separator: " ").map(String.init)
        if words.isEmpty { words = ["-ef"] }
        var chosen: [String] = []
        var index = 0
        while index < words.count {
            let word = words[index]
            if word == "-o" || word == "o" || word == "-eo" || word == "--format" {
                index += 1
                guard index < words.count else { throw APIError(.badRequest, "ps: \(word) needs columns") }
                chosen += words[index].split(separator: ",").map(String.init)
            } else if word.hasPrefix("-o") {
                chosen += word.dropFirst(2).split(separator: ",").map(String.init)
            } else if ["aux", "-aux", "u", "ux"].contains(word) {
                chosen += [
                    "uname", "pid", "pcpu", "pmem", "vsz", "rss", "tname", "stat", "start", "bsdtime", "command",
                ]
            } else if ["-ef", "-f", "-e", "-A", "ax", "-eF", "-w", "-ww"].contains(word) {
                if chosen.isEmpty && index == words.count - 1 { chosen = Self.full }
            } else {
                throw APIError(.badRequest, "ps: \(word) is not supported: use -ef, aux or -o with columns")
            }
            index += 1
        }
        if chosen.isEmpty { chosen = Self.full }
        var columns: [Column] = []
        for name in chosen {
            let parts = name.split(separator: "=", maxSplits: 1).map(String.init)
            guard let column = Self.column(parts[0]) else {
                throw APIError(.badRequest, "ps: unknown column \(parts[0])")
            }
            columns.append(parts.count > 1 ? Column(title: parts[1], value: column.value) : column)
        }
        self.columns = columns
    }

    private static let full = ["uid", "pid", "ppid", "c", "stime", "tname", "time", "cmd"]

    func table(_ processes: [ProcessReport]) -> ProcessTable {
        ProcessTable(
            titles: columns.map(\.title),
            processes: processes.map { process in columns.map { $0.value(process, now) } })
    }

    private static func column(_ name: String) -> Column? {
        switch name {
        case "uid": Column(title: "UID") { process, _ in user(process.user) }
        case "user", "uname", "euser": Column(title: "USER") { process, _ in user(process.user) }
        case "pid": Column(title: "PID") { process, _ in String(process.process) }
        case "ppid": Column(title: "PPID") { process, _ in String(process.parent) }
        case "c": Column(title: "C") { process, now in String(share(process, now) / 10) }
        case "pcpu", "%cpu": Column(title: "%CPU") { process, now in tenths(share(process, now)) }
        case "pmem", "%mem": Column(title: "%MEM") { _, _ in "0.0" }
        case "stime", "start", "start_time":
            Column(title: name == "start" ? "START" : "STIME") { process, _ in
                let text = RFC3339.text(process.startedAt * 1_000_000_000, fixed: true)
                return String(text.dropFirst(11).prefix(5))
            }
        case "tname", "tty", "tt": Column(title: name == "tt" ? "TT" : "TTY") { process, _ in process.terminal }
        case "time", "cputime": Column(title: "TIME") { process, _ in clock(process.ticks / 100) }
        case "bsdtime": Column(title: "TIME") { process, _ in bsdClock(process.ticks / 100) }
        case "etimes": Column(title: "ELAPSED") { process, now in String(max(0, now - process.startedAt)) }
        case "vsz": Column(title: "VSZ") { process, _ in String(process.virtualMemory / 1024) }
        case "rss": Column(title: "RSS") { process, _ in String(process.residentMemory / 1024) }
        case "stat", "s", "state":
            Column(title: name == "stat" ? "STAT" : "S") { process, _ in process.state }
        case "cmd", "args", "command":
            Column(title: name == "cmd" ? "CMD" : "COMMAND") { process, _ in process.command }
        case "comm": Column(title: "COMMAND") { process, _ in program(process.command) }
        default: nil
        }
    }

    /// Thousandths of one processor since the start.
    private static func share(_ process: ProcessReport, _ now: Int64) -> UInt64 {
        process.ticks * 10 / UInt64(max(1, now - process.startedAt))
    }

    private static func tenths(_ number: UInt64) -> String { "\(number / 10).\(number % 10)" }

    private static func two(_ number: UInt64) -> String { number < 10 ? "0\(number)" : String(number) }

    private static func clock(_ seconds: UInt64) -> String {
        "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }

    private static func bsdClock(_ seconds: UInt64) -> String { "\(seconds / 60):\(two(seconds % 60))" }

    private static func program(_ command: String) -> String {
        let first = command.split(separator: " ").first ?? ""
        return String(first.split(separator: "/").last ?? first)
    }

    private static func user(_ number: UInt32) -> String { UserNames.name(number) }
}
