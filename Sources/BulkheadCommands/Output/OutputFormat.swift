/// What a listing is written as.
enum OutputFormat {
    /// Columns with titles, fitted to the terminal.
    case table
    /// Only the identifiers.
    case quiet
    /// One JSON object a line.
    case json
    /// One line for each row.
    case template(Template)
    /// Columns of which the template says what is in them.
    case templateTable(Template)

    /// From the options `--format` and `--quiet`.
    init(format: String?, quiet: Bool) throws(CommandError) {
        switch format {
        case nil, "": self = quiet ? .quiet : .table
        case "table": self = quiet ? .quiet : .table
        case "json": self = .json
        case .some(let text):
            if text.hasPrefix("table ") || text.hasPrefix("table\t") {
                self = .templateTable(try Template(OutputFormat.unescaped(String(text.dropFirst(6)))))
            } else {
                self = .template(try Template(OutputFormat.unescaped(text)))
            }
        }
    }

    /// `\t` and `\n`, which shells pass on as two characters.
    static func unescaped(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            switch (character, rest.first) {
            case ("\\", "t"?):
                result.append("\t")
                rest.removeFirst()
            case ("\\", "n"?):
                result.append("\n")
                rest.removeFirst()
            default: result.append(character)
            }
        }
        return result
    }
}
