internal import ArgumentParser
internal import OCI

/// `bulkhead top`
struct Top: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the processes of a container.",
        usage: "bulkhead top <container> [<ps options> ...]",
        discussion: """
            EXAMPLES:
              bulkhead top web
              bulkhead top web -o pid,args
            """)
    @ParentCommand var bulkhead: Bulkhead
    @Argument(help: "A name or identifier.") var container: String
    @Argument(parsing: .allUnrecognized, help: "Options of ps.") var psOptions: [String] = []

    func perform(_ client: DaemonClient) throws {
        let query = psOptions.isEmpty ? nil : psOptions.joined(separator: " ")
        let answer = try client.document(Request(.get, "/containers/\(container)/top", query: [("ps_args", query)]))
        var table = Table(header: answer["Titles"].elements.map(\.text))
        for row in answer["Processes"].elements { table.add(row.elements.map(\.text)) }
        for line in table.lines(columns: Window.columns) { try StandardStream.output.line(line) }
    }
}
