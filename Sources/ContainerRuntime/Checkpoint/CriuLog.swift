internal import Linux

/// What criu writes while it works, to its log or its standard streams.
///
/// ```
/// (00.012345) Error (criu/files-reg.c:1724): Can't lookup mount=22 for fd=0 path=/dev/null
/// (00.012345)      1: Error (criu/files.c:1213): Unable to open fd=0 id=0x2
/// ```
struct CriuLog {
    private let text: String
    /// How many of the last errors are shown: the first of these is the cause, as a rule.
    private static let shown = 4

    init(_ text: String) { self.text = text }

    /// Its last errors in one line, without times and places in criu's source; where it tells of none, its last words.
    var errors: String {
        let lines = text.split(separator: "\n")
        let errors = lines.compactMap { CriuLog.error(in: $0) }
        let chosen = errors.isEmpty ? lines.map { String($0) } : errors
        return Array(chosen.suffix(CriuLog.shown)).concatenated(separator: "; ")
    }

    /// The text of a line that tells of an error.
    private static func error(in line: Substring) -> String? {
        let words = Array(line.utf8)
        let mark = Array("Error (".utf8)
        guard let start = words.indices.first(where: { words[$0...].starts(with: mark) }) else { return nil }
        let rest = words[(start + mark.count)...]
        guard let end = rest.firstIndex(of: UInt8(ascii: ")")) else { return nil }
        let text = rest[(end + 1)...].drop { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: " ") }
        return String(decoding: text, as: UTF8.self)
    }
}
