internal import ArgumentParser
internal import OCI

/// `bulkhead inspect`
struct Inspect: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show everything about containers, images, volumes and machines.",
        discussion: """
            EXAMPLES:
              bulkhead inspect web
              bulkhead inspect -f '{{.State.Status}} {{.NetworkSettings.IPAddress}}' web
              bulkhead inspect -f '{{range $p, $b := .NetworkSettings.Ports}}{{$p}} {{end}}' web
            """)

    /// What can be inspected.
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case container, image, volume, network, machine
    }

    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: InspectOptions
    @Flag(name: .shortAndLong, help: "Show sizes of containers") var size = false
    @Option(help: "Look for things of this kind only") var type: Kind?
    @Argument(help: "Names or identifiers.") var names: [String]

    func perform(_ client: DaemonClient) throws {
        let kinds = type.map { [$0] } ?? Kind.allCases
        try options.perform(names) { name throws(CommandError) in
            for kind in kinds {
                do throws(CommandError) {
                    return try client.perform(Inspect.request(kind, name, size: size))
                } catch .refused(404, _) where kinds.count > 1 {
                    continue
                }
            }
            throw .refused(status: 404, message: "there is no container, image, volume, network or machine \(name)")
        }
    }

    private static func request(_ kind: Kind, _ name: String, size: Bool) -> Request {
        switch kind {
        case .container: Request(.get, "/containers/\(name)/json", query: [("size", size ? "1" : nil)])
        case .image: Request(.get, "/images/\(name)/json")
        case .volume: Request(.get, "/volumes/\(name)")
        case .network: Request(.get, "/networks/\(name)")
        case .machine: Request(.get, "/bulkhead/machines/\(name)/json")
        }
    }
}

/// Options of commands that show everything about things.
struct InspectOptions: ParsableArguments {
    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: ArgumentHelp("json, or a template such as '{{.State.Status}}'", valueName: "format"))
    var format: String?

    /// Shows what `fetch` gives for each name: all in one JSON list, or one line each by the format.
    ///
    /// As with Docker, what is found is shown even where something else is not.
    func perform(_ names: [String], fetch: (String) throws(CommandError) -> [UInt8]) throws {
        var template: Template?
        if let format, !format.isEmpty, format != "json" { template = try Template(OutputFormat.unescaped(format)) }
        var documents: [[UInt8]] = []
        var failures: [CommandError] = []
        for name in names {
            do throws(CommandError) { documents.append(try fetch(name)) } catch { failures.append(error) }
        }
        switch (format, template) {
        case (_, let template?):
            for bytes in documents {
                let document: JSON
                do { document = try JSON(parsing: bytes) } catch {
                    throw CommandError.connection(doing: "read the daemon's answer", reason: error.description)
                }
                try StandardStream.output.line(try template.rendered(document))
            }
        case ("json"?, nil):
            for bytes in documents { try StandardStream.output.line(String(decoding: bytes, as: UTF8.self)) }
        case (_, nil):
            let all = [UInt8(ascii: "[")] + documents.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
            try StandardStream.output.line(JSONLayout.indented(Array(all)))
        }
        for failure in failures { StandardStream.complain(failure.description) }
        if !failures.isEmpty { throw ExitCode(1) }
    }
}
