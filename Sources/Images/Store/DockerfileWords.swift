/// The words of a Dockerfile instruction's value: separated by blanks, quoted by `"` or `'`, escaped by a backslash.
enum DockerfileWords {
    /// Splits a value into its words, quotes taken off.
    ///
    /// - Throws: ``ImageError`` if a quotation has no end.
    static func split(_ text: String) throws(ImageError) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character == " " || character == "\t" {
                if let finished = word { words.append(finished) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { throw .invalidArchive("--change \(text): a quotation without end") }
        if let word { words.append(word) }
        return words
    }

    /// `NAME=VALUE …`, or `NAME VALUE` of the older form, as names and values.
    static func pairs(_ text: String) throws(ImageError) -> [(name: String, value: String)] {
        let words = try split(text)
        guard let first = words.first else { throw .invalidArchive("--change \(text): a name is missing") }
        guard first.contains("=") else {
            let rest = text.drop { $0 != " " && $0 != "\t" }.drop { $0 == " " || $0 == "\t" }
            return [(first, String(rest))]
        }
        var pairs: [(name: String, value: String)] = []
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw .invalidArchive("--change \(word): expected NAME=VALUE")
            }
            pairs.append((String(parts[0]), String(parts[1])))
        }
        return pairs
    }
}
