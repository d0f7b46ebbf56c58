internal import ArgumentParser
internal import OCI

/// Options of commands that list things.
struct ListOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Show the identifiers only") var quiet = false
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("table, json, or a template such as '{{.ID}} {{json .}}'", valueName: "format"))
    var format: String?
    @Option(
        name: .shortAndLong, parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Show only what matches", valueName: "key=value"))
    var filter: [String] = []

    func outputFormat() throws(CommandError) -> OutputFormat { try OutputFormat(format: format, quiet: quiet) }

    /// The filters as the API takes them: `{"label":{"a=b":true}}`; nil without any.
    func filters(adding further: [String] = []) throws(CommandError) -> String? {
        try ListOptions.encode(filter + further)
    }

    static func encode(_ filters: [String]) throws(CommandError) -> String? {
        var members: [String: [String: JSON]] = [:]
        for filter in filters {
            let (key, value) = KeyValue.parse(filter)
            guard filter.contains("="), !key.isEmpty else {
                throw .usage("invalid filter \"\(filter)\": expected KEY=VALUE")
            }
            members[key.lowercased(), default: [:]][value] = true
        }
        return members.isEmpty ? nil : JSON.object(members.mapValues { .object($0) }).description
    }
}
