/// Rows in columns, as wide as their content or as the terminal allows.
public struct Table: Sendable, Equatable {
    private let header: [String]?
    private var rows: [[String]] = []

    /// Docker's narrowest column, with the space between columns.
    private static let narrowest = 10
    private static let space = 3
    /// No column is shortened below this for the sake of the terminal's width.
    private static let shortest = 8

    /// A table with titles over its columns, or without.
    public init(header: [String]?) { self.header = header }

    /// Adds a row.
    public mutating func add(_ row: [String]) { rows.append(row) }

    /// The lines of the table; where `columns` are given, the widest cells are shortened to fit.
    public func lines(columns: Int?) -> [String] {
        let all = (header.map { [$0] } ?? []) + rows
        let count = all.map(\.count).max() ?? 0
        var widths = (0..<count).map { column in
            all.map { column < $0.count ? Table.width($0[column]) : 0 }.max() ?? 0
        }
        if let columns { Table.shrink(&widths, to: columns) }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let cell = Table.shortened(cell, to: widths[column])
                line += cell
                if column < row.count - 1 {
                    let padded = max(widths[column] + Table.space, Table.narrowest)
                    line += String(repeating: " ", count: padded - Table.width(cell))
                }
            }
            return line
        }
    }

    /// Takes space from the widest column first, never below `shortest`.
    private static func shrink(_ widths: inout [Int], to columns: Int) {
        func total() -> Int {
            widths.enumerated().reduce(0) { sum, next in
                let last = next.offset == widths.count - 1
                return sum + (last ? next.element : max(next.element + space, narrowest))
            }
        }
        while total() > columns {
            guard let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > shortest else {
                return
            }
            let next = widths.filter { $0 < widths[widest] }.max() ?? shortest
            let excess = total() - columns
            widths[widest] = max(widths[widest] - excess, min(max(next, shortest), widths[widest] - 1))
        }
    }

    /// The number of columns that a text takes on a terminal; wide East Asian characters take two.
    static func width(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { sum, scalar in
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format: return sum
            default: break
            }
            switch scalar.value {
            case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
                0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
                return sum + 2
            default: return sum + 1
            }
        }
    }

    /// The text, or as much of its beginning as fits with `…` behind it.
    static func shortened(_ text: String, to width: Int) -> String {
        guard Table.width(text) > width, width > 0 else { return text }
        var result = ""
        var used = 0
        for character in text {
            let next = Table.width(String(character))
            if used + next > width - 1 { break }
            used += next
            result.append(character)
        }
        return result + "…"
    }
}
