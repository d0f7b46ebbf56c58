/// A word of an action.
enum TemplateToken: Equatable {
    case word(String)
    case string(String)
    case number(Int64)
    /// `.A.B`; empty for a lone dot.
    case path([String])
    /// `$name.A.B`
    case variable(String, [String])
    case open
    /// `)`, and the path behind it.
    case close([String])
    case pipe
    case comma
    /// `:=` or `=`
    case assign
}

/// Cuts a template into texts and actions, and actions into words.
enum TemplateLexer {
    enum Piece {
        case text(String)
        case action([TemplateToken])
    }

    static func pieces(of text: String) throws(CommandError) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text[...]
        var trimNext = false
        while let open = rest.firstRange(of: "{{") {
            var before = String(rest[..<open.lowerBound])
            rest = rest[open.upperBound...]
            if trimNext { before = String(before.drop { $0.isWhitespace }) }
            if rest.hasPrefix("- ") {
                while before.last?.isWhitespace == true { before.removeLast() }
                rest = rest.dropFirst(2)
            }
            if !before.isEmpty { pieces.append(.text(before)) }
            let (body, end) = try action(rest)
            rest = rest[end...].dropFirst(2)
            trimNext = body.hasSuffix(" -")
            let words = trimNext ? body.dropLast(2) : body
            if !words.drop(while: \.isWhitespace).hasPrefix("/*") { pieces.append(.action(try tokens(of: words))) }
        }
        let last = trimNext ? rest.drop { $0.isWhitespace } : rest
        if !last.isEmpty { pieces.append(.text(String(last))) }
        return pieces
    }

    /// The text of an action up to its `}}`, which may stand in a string too.
    private static func action(_ text: Substring) throws(CommandError) -> (Substring, Substring.Index) {
        var quote: Character?
        var index = text.startIndex
        while index < text.endIndex {
            let character = text[index]
            if let open = quote {
                if character == "\\" && open == "\"" {
                    index = text.index(index, offsetBy: 2, limitedBy: text.endIndex) ?? text.endIndex
                    continue
                }
                if character == open { quote = nil }
            } else if character == "\"" || character == "`" {
                quote = character
            } else if text[index...].hasPrefix("}}") {
                return (text[..<index], index)
            }
            index = text.index(after: index)
        }
        throw .template("\"{{\(text.prefix(20))\" has no \"}}\"")
    }

    private static func tokens(of text: Substring) throws(CommandError) -> [TemplateToken] {
        var tokens: [TemplateToken] = []
        var rest = text
        while let character = rest.first {
            switch character {
            case _ where character.isWhitespace: rest.removeFirst()
            case "(":
                tokens.append(.open)
                rest.removeFirst()
            case ")":
                rest.removeFirst()
                tokens.append(.close(try path(&rest)))
            case "|":
                tokens.append(.pipe)
                rest.removeFirst()
            case ",":
                tokens.append(.comma)
                rest.removeFirst()
            case ":" where rest.hasPrefix(":="):
                tokens.append(.assign)
                rest.removeFirst(2)
            case "=":
                tokens.append(.assign)
                rest.removeFirst()
            case "\"", "`": tokens.append(.string(try string(&rest)))
            case ".":
                if rest.dropFirst().first.map(isNamePart) ?? false {
                    tokens.append(.path(try path(&rest)))
                } else {
                    tokens.append(.path([]))
                    rest.removeFirst()
                }
            case "$":
                rest.removeFirst()
                let name = take(&rest)
                tokens.append(.variable(name, try path(&rest)))
            case "-", "0"..."9":
                let digits = rest.prefix { $0 == "-" || $0.isNumber }
                guard let number = Int64(digits) else { throw .template("\"\(digits)\" is not a whole number") }
                tokens.append(.number(number))
                rest = rest[digits.endIndex...]
            case _ where isNamePart(character): tokens.append(.word(take(&rest)))
            default: throw .template("unexpected \"\(character)\" in \"{{\(text)}}\"")
            }
        }
        return tokens
    }

    private static func isNamePart(_ character: Character) -> Bool {
        character == "_" || character.isLetter || character.isNumber
    }

    private static func take(_ rest: inout Substring) -> String {
        let name = rest.prefix(while: isNamePart)
        rest = rest[name.endIndex...]
        return String(name)
    }

    private static func path(_ rest: inout Substring) throws(CommandError) -> [String] {
        var path: [String] = []
        while rest.first == ".", rest.dropFirst().first.map(isNamePart) ?? false {
            rest.removeFirst()
            path.append(take(&rest))
        }
        return path
    }

    private static func string(_ rest: inout Substring) throws(CommandError) -> String {
        guard let quote = rest.popFirst() else { return "" }
        var string = ""
        while let character = rest.popFirst() {
            if character == quote { return string }
            guard character == "\\", quote == "\"" else {
                string.append(character)
                continue
            }
            switch rest.popFirst() {
            case "n"?: string.append("\n")
            case "t"?: string.append("\t")
            case let other?: string.append(other)
            case nil: break
            }
        }
        throw .template("a string without end: \(quote)\(string)")
    }
}
