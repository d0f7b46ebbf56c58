internal import ArgumentParser
internal import OCI

/// `bulkhead events`
struct Events: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what happens, as it happens.",
        discussion: """
            EXAMPLES:
              bulkhead events --filter container=web
              bulkhead events --since 1h --until 0s --format '{{.Type}} {{.Action}}'
            """)
    @ParentCommand var bulkhead: Bulkhead
    @Option(parsing: .unconditional, help: ArgumentHelp("Begin with what happened since", valueName: "time"))
    var since: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("End at this time", valueName: "time"))
    var until: String?
    @Option(
        name: .shortAndLong, parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Show only what matches", valueName: "key=value"))
    var filter: [String] = []
    @Option(parsing: .unconditional, help: ArgumentHelp("json, or a template", valueName: "format"))
    var format: String?

    func perform(_ client: DaemonClient) throws {
        let template: Template? =
            if let format, !format.isEmpty, format != "json" { try Template(OutputFormat.unescaped(format)) } else {
                nil
            }
        let stream = try client.stream(
            Request(
                .get, "/events",
                query: [
                    ("since", try PointInTime.parse(since)), ("until", try PointInTime.parse(until)),
                    ("filters", try ListOptions.encode(filter)),
                ]))
        while let event = try stream.document() {
            if let template {
                try StandardStream.output.line(try template.rendered(event))
            } else if format == "json" {
                try StandardStream.output.line(event.description)
            } else {
                try StandardStream.output.line(Events.line(event))
            }
        }
    }

    /// `2026-11-23T07:10:00.123456789+01:00 container start ID (image=box, name=web)`
    static func line(_ event: JSON) -> String {
        let nanoseconds = event["timeNano"].number
        let moment = Amounts.moment(nanoseconds: nanoseconds > 0 ? nanoseconds : event["time"].number * 1_000_000_000)
        let attributes = event["Actor"]["Attributes"].members.map { "\($0.name)=\($0.value.text)" }
        let end = attributes.isEmpty ? "" : " (\(attributes.joined(separator: ", ")))"
        return "\(moment) \(event["Type"].text) \(event["Action"].text) \(event["Actor"]["ID"].text)\(end)"
    }
}
