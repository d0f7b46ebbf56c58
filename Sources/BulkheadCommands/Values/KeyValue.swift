internal import Linux

/// `key=value` options and the files that hold them.
enum KeyValue {
    /// The parts; without `=` the value is empty.
    static func parse(_ text: String) -> (key: String, value: String) {
        guard let equals = text.firstIndex(of: "=") else { return (text, "") }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    /// Several of them; later ones replace earlier ones.
    static func dictionary(_ texts: [String]) -> [String: String] {
        Dictionary(texts.map { parse($0) }.map { ($0.key, $0.value) }) { $1 }
    }

    /// The lines of a file (`--env-file`, `--label-file`) without comments and empty ones.
    static func lines(ofFile path: String) throws(CommandError) -> [String] {
        let text: String
        do { text = try Files.readText(path) } catch {
            throw .file(operation: "read", path: path, reason: error.reason)
        }
        return text.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " || $0 == "\t" } }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }.map(String.init)
    }

    /// `NAME` alone takes the value that it has here, and is left out where it has none.
    static func resolve(
        environment texts: [String], from lookup: (String) -> String?
    ) throws(CommandError) -> [String] {
        var resolved: [String] = []
        for text in texts {
            guard let first = text.first, first != "=" else {
                throw .usage("invalid environment variable \"\(text)\": the name is missing")
            }
            if text.contains("=") {
                resolved.append(text)
            } else if let value = lookup(text) {
                resolved.append("\(text)=\(value)")
            }
        }
        return resolved
    }
}
