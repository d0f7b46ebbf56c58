/// Brings a command line that is spelled as Docker's users do into the form that the argument parser reads.
///
/// Docker's own parser differs in three ways: boolean options may have a value (`--rm=false`, `-t=true`), short options
/// may be packed together with the value of the last one (`-itv/a:/b`), and for `run`, `create` and `exec` everything
/// behind the first argument that is not an option belongs to the container.
struct Switches {
    /// Long names of options without a value, with their short names.
    let names: [String: Character?]
    /// Those of them that are on unless they are turned off.
    var onByDefault: Set<String> = []

    private var short: Set<Character> { Set(names.values.compactMap { $0 }) }
    private func long(_ short: Character) -> String? { names.first { $0.value == short }?.key }

    /// The truth value that Docker's parser sees in a text.
    static func value(of text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }

    /// What stands for any command line that asks for help.
    static let help = ["--help"]

    /// Rewrites the arguments of one command; what follows its first argument is untouched.
    func normalized(_ arguments: [String]) throws(CommandError) -> [String] {
        var result: [String] = []
        var rest = arguments[...]
        while let argument = rest.first {
            if argument == "--" {
                // The container's arguments follow; the parser would keep the dashes.
                return result + rest.dropFirst()
            }
            guard argument.hasPrefix("-"), argument != "-" else { return result + rest }
            rest.removeFirst()
            if argument == "--help" { return Switches.help }
            if argument.hasPrefix("--") {
                result += try long(argument, &rest)
            } else {
                result += try pack(argument, &rest)
            }
        }
        return result
    }

    private func long(_ argument: String, _ rest: inout ArraySlice<String>) throws(CommandError) -> [String] {
        let (name, value) = KeyValue.parse(String(argument.dropFirst(2)))
        let hasValue = argument.contains("=")
        guard names[name] != nil else {
            if hasValue { return [argument] }
            return [argument] + (rest.popFirst().map { [$0] } ?? [])
        }
        guard hasValue else { return ["--\(name)"] }
        guard let on = Switches.value(of: value) else {
            throw .usage("invalid value \"\(value)\" for --\(name): expected true or false")
        }
        return set(name, on)
    }

    private func set(_ name: String, _ on: Bool) -> [String] {
        if on { return ["--\(name)"] }
        return onByDefault.contains(name) ? ["--no-\(name)"] : []
    }

    private func pack(_ argument: String, _ rest: inout ArraySlice<String>) throws(CommandError) -> [String] {
        var result: [String] = []
        var letters = argument.dropFirst()
        while let letter = letters.popFirst() {
            guard let name = long(letter) else {
                var value = letters
                if value.first == "=" { value.removeFirst() }
                if !letters.isEmpty { return result + ["-\(letter)", String(value)] }
                return result + ["-\(letter)"] + (rest.popFirst().map { [$0] } ?? [])
            }
            if letters.first == "=" {
                let text = String(letters.dropFirst())
                guard let on = Switches.value(of: text) else {
                    throw .usage("invalid value \"\(text)\" for -\(letter): expected true or false")
                }
                return result + set(name, on)
            }
            result.append("--\(name)")
        }
        return result
    }
}
