internal import OCI

/// Rows of the same kind, and how they are shown: what every command that lists things produces.
struct Listing {
    /// A column of the table.
    struct Column {
        /// The title over it.
        let title: String
        /// The field of the row in it.
        let field: String

        init(_ title: String, _ field: String) {
            self.title = title
            self.field = field
        }
    }

    /// The columns of the table, in order.
    let columns: [Column]
    /// Titles of fields that only templates show.
    var furtherTitles: [String: String] = [:]
    /// The field that `--quiet` shows.
    let identifier: String
    /// Objects whose members are the fields.
    var rows: [JSON] = []

    /// The listing as text.
    func rendered(_ format: OutputFormat, columns limit: Int?) throws(CommandError) -> String {
        switch format {
        case .quiet:
            return rows.map { $0[identifier].text + "\n" }.joined()
        case .json:
            return rows.map { $0.description + "\n" }.joined()
        case .template(let template):
            var text = ""
            for row in rows { text += try template.rendered(row) + "\n" }
            return text
        case .table:
            var table = Table(header: columns.map(\.title))
            for row in rows { table.add(columns.map { row[$0.field].text }) }
            return table.lines(columns: limit).map { $0 + "\n" }.joined()
        case .templateTable(let template):
            var titles = furtherTitles
            for column in columns { titles[column.field] = column.title }
            for field in template.fields where titles[field] == nil { titles[field] = Listing.title(of: field) }
            let header = try template.rendered(.object(titles.mapValues { .string($0) }))
            var table = Table(header: Listing.cells(header))
            for row in rows { table.add(Listing.cells(try template.rendered(row))) }
            return table.lines(columns: limit).map { $0 + "\n" }.joined()
        }
    }

    /// Writes the listing to standard output.
    func show(_ format: OutputFormat) throws(CommandError) {
        try StandardStream.output.write(try rendered(format, columns: Window.columns))
    }

    private static func cells(_ line: String) -> [String] {
        line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }

    /// `CreatedAt` → `CREATED AT`.
    private static func title(of field: String) -> String {
        var title = ""
        var previous: Character?
        for character in field {
            if character.isUppercase, previous?.isLowercase == true { title += " " }
            title.append(character)
            previous = character
        }
        return title.uppercased()
    }
}
