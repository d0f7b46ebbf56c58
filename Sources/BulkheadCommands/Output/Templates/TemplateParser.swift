internal import OCI

/// Makes nodes of a template's pieces.
struct TemplateParser {
    private var pieces: ArraySlice<TemplateLexer.Piece>

    init(_ pieces: [TemplateLexer.Piece]) { self.pieces = pieces[...] }

    private enum Ending {
        case document
        case end
        /// `else`, with the words behind it.
        case otherwise([TemplateToken])
    }

    /// The whole template.
    mutating func template() throws(CommandError) -> [TemplateNode] {
        let (nodes, ending) = try nodes()
        switch ending {
        case .document: return nodes
        case .end: throw .template("{{end}} without {{if}}, {{range}} or {{with}}")
        case .otherwise: throw .template("{{else}} without {{if}}, {{range}} or {{with}}")
        }
    }

    private mutating func nodes() throws(CommandError) -> ([TemplateNode], Ending) {
        var nodes: [TemplateNode] = []
        while let piece = pieces.popFirst() {
            switch piece {
            case .text(let text): nodes.append(.text(text))
            case .action(let tokens):
                switch tokens.first {
                case .word("end")?: return (nodes, .end)
                case .word("else")?: return (nodes, .otherwise(Array(tokens.dropFirst())))
                default: nodes.append(try action(tokens))
                }
            }
        }
        return (nodes, .document)
    }

    private mutating func action(_ tokens: [TemplateToken]) throws(CommandError) -> TemplateNode {
        let rest = tokens.dropFirst()
        switch tokens.first {
        case .word("if")?:
            let condition = try pipeline(rest)
            let (then, otherwise) = try bodies("if")
            return .choose(condition, then: then, otherwise: otherwise)
        case .word("with")?:
            let condition = try pipeline(rest)
            let (body, otherwise) = try bodies("with")
            return .with(condition, body: body, otherwise: otherwise)
        case .word("range")?:
            let (variables, words) = loopVariables(rest)
            let source = try pipeline(words)
            let (body, otherwise) = try bodies("range")
            return .range(variables: variables, source, body: body, otherwise: otherwise)
        case .word(let name)? where ["define", "template", "block", "break", "continue"].contains(name):
            throw .template("{{\(name)}} is not supported")
        case .variable(let name, [])? where rest.first == .assign:
            return .assign(name, try pipeline(rest.dropFirst()))
        default:
            return .output(try pipeline(tokens[...]))
        }
    }

    private func loopVariables(_ tokens: ArraySlice<TemplateToken>) -> ([String], ArraySlice<TemplateToken>) {
        guard let assign = tokens.firstIndex(of: .assign) else { return ([], tokens) }
        let names = tokens[..<assign].compactMap { token in
            if case .variable(let name, []) = token { name } else { nil }
        }
        return (names, tokens[(assign + 1)...])
    }

    private mutating func bodies(_ what: String) throws(CommandError) -> ([TemplateNode], [TemplateNode]) {
        let (body, ending) = try nodes()
        switch ending {
        case .document: throw .template("{{\(what)}} without {{end}}")
        case .end: return (body, [])
        case .otherwise(let words) where words.isEmpty:
            let (otherwise, last) = try nodes()
            guard case .end = last else { throw .template("{{\(what)}} without {{end}}") }
            return (body, otherwise)
        case .otherwise(let words):
            // `else if …` is an `if` in the other branch that shares the one `end`.
            return (body, [try action(words)])
        }
    }

    // MARK: pipelines

    private func pipeline(_ tokens: ArraySlice<TemplateToken>) throws(CommandError) -> TemplatePipeline {
        var rest = tokens
        let pipeline = try pipeline(&rest, nested: false).pipeline
        guard rest.isEmpty else { throw .template("\")\" without \"(\"") }
        return pipeline
    }

    private func pipeline(
        _ rest: inout ArraySlice<TemplateToken>, nested: Bool
    ) throws(CommandError) -> (pipeline: TemplatePipeline, path: [String]) {
        var commands: [TemplateCommand] = []
        var function: TemplateFunction?
        var arguments: [TemplateOperand] = []
        func finish() throws(CommandError) {
            guard function != nil || !arguments.isEmpty else { throw .template("an empty action") }
            if function == nil && arguments.count > 1 {
                throw .template("a value can't have arguments; a function must come first")
            }
            commands.append(TemplateCommand(function: function, arguments: arguments))
            function = nil
            arguments = []
        }
        while let token = rest.popFirst() {
            switch token {
            case .word("true"): arguments.append(.literal(true))
            case .word("false"): arguments.append(.literal(false))
            case .word("nil"): arguments.append(.literal(.null))
            case .word(let name):
                guard let known = TemplateFunction(rawValue: name) else {
                    let names = TemplateFunction.allCases.map(\.rawValue).sorted().joined(separator: ", ")
                    throw .template("function \"\(name)\" is not supported; there are \(names)")
                }
                if function == nil && arguments.isEmpty {
                    function = known
                } else {
                    let call = TemplateCommand(function: known, arguments: [])
                    arguments.append(.nested(TemplatePipeline(commands: [call]), []))
                }
            case .string(let text): arguments.append(.literal(.string(text)))
            case .number(let number): arguments.append(.literal(.integer(number)))
            case .path(let path): arguments.append(.path(path))
            case .variable(let name, let path): arguments.append(.variable(name, path))
            case .open:
                let (inner, path) = try pipeline(&rest, nested: true)
                arguments.append(.nested(inner, path))
            case .close(let path):
                guard nested else { throw .template("\")\" without \"(\"") }
                try finish()
                return (TemplatePipeline(commands: commands), path)
            case .pipe: try finish()
            case .comma, .assign: throw .template("an assignment or a comma in an unexpected place")
            }
        }
        guard !nested else { throw .template("\"(\" without \")\"") }
        try finish()
        return (TemplatePipeline(commands: commands), [])
    }
}
