internal import ArgumentParser
internal import OCI

/// `bulkhead logs`
struct Logs: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a container has written.",
        discussion: """
            EXAMPLES:
              bulkhead logs web
              bulkhead logs -f --tail 10 web
              bulkhead logs --since 10m -t web
            """)

    @ParentCommand var bulkhead: Bulkhead
    @Flag(name: .shortAndLong, help: "Go on with what it writes until it ends") var follow = false
    @Flag(name: .shortAndLong, help: "Show when each line was written") var timestamps = false
    @Flag(help: "Show the labels and variables that the log options name") var details = false
    @Option(name: [.customShort("n"), .long], parsing: .unconditional, help: "Begin with the last so many lines")
    var tail: String?
    @Option(
        parsing: .unconditional, help: ArgumentHelp("Begin at this time, or so long ago, as 10m", valueName: "time"))
    var since: String?
    @Option(
        parsing: .unconditional, help: ArgumentHelp("End at this time, or so long ago, as 10m", valueName: "time"))
    var until: String?
    @Argument(help: "A name or identifier.") var container: String

    func perform(_ client: DaemonClient) throws {
        let document = try client.document(Request(.get, "/containers/\(container)/json"))
        let stream = try client.stream(
            Request(
                .get, "/containers/\(document["Id"].text)/logs",
                query: [
                    ("stdout", "1"), ("stderr", "1"), ("follow", follow ? "1" : nil),
                    ("timestamps", timestamps ? "1" : nil), ("details", details ? "1" : nil), ("tail", tail ?? "all"),
                    ("since", try PointInTime.parse(since)), ("until", try PointInTime.parse(until)),
                ]))
        let framed = !document["Config"]["Tty"].isTrue
        var demultiplexer = StreamDemultiplexer()
        while let bytes = try stream.next() {
            guard framed else {
                try StandardStream.output.write(bytes)
                continue
            }
            for piece in try demultiplexer.feed(bytes) {
                switch piece.output {
                case .standardInput, .standardOutput: try StandardStream.output.write(piece.bytes)
                case .standardError, .system: try StandardStream.error.write(piece.bytes)
                }
            }
        }
    }
}
