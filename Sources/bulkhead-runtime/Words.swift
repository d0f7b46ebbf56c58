/// The words of a command line, taken one after another.
struct Words {
    /// Takes an option's value: `--name=value` has it already, for `--name value` it is the next word.
    typealias Value = (inout Words) throws(CommandError) -> String

    private var words: ArraySlice<String>
    /// What `--help` shows among the options; nil where it has no meaning of its own.
    var help: (() -> String)?

    init(_ words: [String]) { self.words = words[...] }

    /// The next word.
    mutating func next() -> String? { words.popFirst() }

    /// All that are left.
    mutating func rest() -> [String] {
        defer { words = [] }
        return Array(words)
    }

    /// Reads options up to the first word that is none, or behind `--`.
    ///
    /// `body` gets each option's name without dashes, and what takes its value; it returns false for a name that it does
    /// not know.
    mutating func options(
        _ body: (String, Value, inout Words) throws(CommandError) -> Bool
    ) throws(CommandError) {
        while let word = words.first, word.hasPrefix("-"), word != "-" {
            words.removeFirst()
            if word == "--" { return }
            let text = word.utf8.drop { $0 == UInt8(ascii: "-") }
            let end = text.firstIndex(of: UInt8(ascii: "=")) ?? text.endIndex
            let name = String(Substring(text[..<end]))
            if let help, name == "help" || name == "h" { throw .finished(help()) }
            let given = end < text.endIndex ? String(Substring(text[text.index(after: end)...])) : nil
            let value: Value = { words throws(CommandError) in
                if let given { return given }
                guard let next = words.next() else { throw .usage("the option \(word) needs a value") }
                return next
            }
            guard try body(name, value, &self) else { throw .usage("the option \(word) is not known") }
        }
    }

    /// The one word that must follow.
    mutating func required(_ what: String) throws(CommandError) -> String {
        guard let word = next(), !word.isEmpty else { throw .usage("the \(what) is missing") }
        return word
    }

    /// For a command without options: the one word that must follow.
    mutating func only(_ what: String) throws(CommandError) -> String {
        try options { _, _, _ in false }
        let word = try required(what)
        try end()
        return word
    }

    /// Nothing may follow.
    mutating func end() throws(CommandError) {
        if let word = next() { throw .usage("unexpected argument \(word)") }
    }
}

/// A whole number given as an option.
func number(_ text: String) throws(CommandError) -> UInt32 {
    guard let number = UInt32(text) else { throw .usage("\(text) is not a number") }
    return number
}
