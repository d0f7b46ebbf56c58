internal import ArgumentParser
internal import Linux
internal import OCI

/// `bulkhead stats`
struct Stats: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what containers use.",
        discussion: """
            EXAMPLES:
              bulkhead stats
              bulkhead stats --no-stream --format '{{.Name}} {{.MemUsage}}'
            """)

    @ParentCommand var bulkhead: Bulkhead
    @Flag(name: .shortAndLong, help: "Show those too that do not run") var all = false
    @Flag(name: .customLong("no-stream"), help: "Show it once") var once = false
    @Flag(name: .customLong("no-trunc"), help: "Do not shorten anything") var whole = false
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("table, json, or a template such as '{{.Name}} {{.CPUPerc}}'", valueName: "format"))
    var format: String?
    @Argument(help: "Names or identifiers (default: all that run).") var containers: [String] = []

    func perform(_ client: DaemonClient) throws {
        let format = try OutputFormat(format: format, quiet: false)
        var listing = Listing(
            columns: [
                .init("CONTAINER ID", "ID"), .init("NAME", "Name"), .init("CPU %", "CPUPerc"),
                .init("MEM USAGE / LIMIT", "MemUsage"), .init("MEM %", "MemPerc"), .init("NET I/O", "NetIO"),
                .init("BLOCK I/O", "BlockIO"), .init("PIDS", "PIDs"),
            ], identifier: "ID")
        let names = containers.isEmpty ? try running(client) : containers
        // A stream for each container: the daemon measures all of them at the same time.
        var streams: [ResponseStream] = []
        for name in names {
            streams.append(
                try client.stream(
                    Request(.get, "/containers/\(name)/stats", query: [("stream", once ? "false" : "true")])))
        }
        if once || streams.isEmpty {
            for stream in streams {
                if let sample = try stream.document() { listing.rows.append(StatsRow.row(sample, whole: whole)) }
            }
            return try listing.show(format)
        }
        try follow(streams, listing, format)
    }

    private func running(_ client: DaemonClient) throws(CommandError) -> [String] {
        let list = try client.document(Request(.get, "/containers/json", query: [("all", all ? "1" : nil)]))
        return list.elements.map { $0["Id"].text }
    }

    private func follow(_ streams: [ResponseStream], _ listing: Listing, _ format: OutputFormat) throws {
        var latest: [Int: JSON] = [:]
        var failure: CommandError?
        let loop = try EventLoop()
        for (index, stream) in streams.enumerated() {
            try loop.add(stream.descriptor, .readable) { [unowned loop] _ in
                do throws(CommandError) {
                    guard let line = try stream.availableLines().last(where: { !$0.isEmpty }) else {
                        if stream.isAtEnd { loop.remove(stream.descriptor) }
                        return
                    }
                    do throws(JSONError) { latest[index] = try JSON(parsing: line) } catch {
                        throw .connection(doing: "read the daemon's answer", reason: error.description)
                    }
                } catch {
                    failure = error
                    loop.stop()
                }
            }
        }
        func draw() {
            var listing = listing
            listing.rows = latest.sorted { $0.key < $1.key }.map { StatsRow.row($0.value, whole: whole) }
            do throws(CommandError) {
                let text = try listing.rendered(format, columns: Window.columns)
                // Home, the new text with the rest of each line cleared, then the rest of the screen.
                let lines = text.split(separator: "\n").map { $0 + "\u{1B}[K\n" }.joined()
                try StandardStream.output.write(Window.columns == nil ? text : "\u{1B}[H" + lines + "\u{1B}[J")
            } catch {
                failure = error
                loop.stop()
            }
            loop.schedule(afterMilliseconds: 1000) { draw() }
        }
        loop.schedule(afterMilliseconds: 1200) { draw() }
        while failure == nil && !streams.allSatisfy(\.isAtEnd) { try loop.turn(waitingAtMost: nil) }
        if let failure { throw failure }
    }
}

/// What one container uses, as the table shows it.
enum StatsRow {
    static func row(_ sample: JSON, whole: Bool) -> JSON {
        let memory = sample["memory_stats"]
        let used = usedMemory(memory)
        let limit = memory["limit"].real
        let (received, sent) = network(sample["networks"])
        let (readBytes, written) = blocks(sample["blkio_stats"]["io_service_bytes_recursive"])
        let id = sample["id"].text
        return .object([
            "ID": .string(whole ? id : String(id.prefix(12))),
            "Container": .string(whole ? id : String(id.prefix(12))),
            "Name": .string(String(sample["name"].text.drop { $0 == "/" })),
            "CPUPerc": .string(Amounts.fixed(processorShare(sample), decimals: 2) + "%"),
            "MemUsage": .string("\(Amounts.binarySize(used)) / \(Amounts.binarySize(limit))"),
            "MemPerc": .string(Amounts.fixed(limit > 0 ? used / limit * 100 : 0, decimals: 2) + "%"),
            "NetIO": .string("\(Amounts.decimalSize(received)) / \(Amounts.decimalSize(sent))"),
            "BlockIO": .string("\(Amounts.decimalSize(readBytes)) / \(Amounts.decimalSize(written))"),
            "PIDs": .string(String(sample["pids_stats"]["current"].number)),
        ])
    }

    /// The share of one processor since the sample before, in percent.
    private static func processorShare(_ sample: JSON) -> Double {
        let (now, before) = (sample["cpu_stats"], sample["precpu_stats"])
        let used = now["cpu_usage"]["total_usage"].real - before["cpu_usage"]["total_usage"].real
        let passed = now["system_cpu_usage"].real - before["system_cpu_usage"].real
        let reported = now["online_cpus"].real
        let processors = reported > 0 ? reported : Double(now["cpu_usage"]["percpu_usage"].elements.count)
        return used > 0 && passed > 0 ? used / passed * processors * 100 : 0
    }

    /// Without the page cache that could be dropped: cgroup v1 and v2 name it differently.
    private static func usedMemory(_ memory: JSON) -> Double {
        let usage = memory["usage"].real
        for name in ["total_inactive_file", "inactive_file"] {
            let cache = memory["stats"][name].real
            if cache > 0 && cache < usage { return usage - cache }
        }
        return usage
    }

    private static func network(_ interfaces: JSON) -> (received: Double, sent: Double) {
        interfaces.members.reduce((0, 0)) {
            ($0.0 + $1.value["rx_bytes"].real, $0.1 + $1.value["tx_bytes"].real)
        }
    }

    private static func blocks(_ entries: JSON) -> (read: Double, written: Double) {
        entries.elements.reduce((0, 0)) { sum, entry in
            switch entry["op"].text.lowercased() {
            case "read": (sum.0 + entry["value"].real, sum.1)
            case "write": (sum.0, sum.1 + entry["value"].real)
            default: sum
            }
        }
    }
}
