internal import OCI

extension TemplateFunction {
    /// The function's value.
    ///
    /// - Throws: where the arguments are too few, or of the wrong kind.
    func apply(_ arguments: [JSON]) throws(CommandError) -> JSON {
        guard arguments.count >= fewest else {
            throw .template("\(rawValue) needs at least \(fewest) argument\(fewest == 1 ? "" : "s")")
        }
        switch self {
        case .and: return arguments.first { !TemplateEvaluator.isTrue($0) } ?? arguments[arguments.count - 1]
        case .or: return arguments.first { TemplateEvaluator.isTrue($0) } ?? arguments[arguments.count - 1]
        case .not: return .bool(!TemplateEvaluator.isTrue(arguments[0]))
        case .eq: return .bool(arguments.dropFirst().contains(arguments[0]))
        case .ne: return .bool(arguments[0] != arguments[1])
        case .lt: return .bool(try isLess(arguments[0], arguments[1]))
        case .ge: return .bool(try !isLess(arguments[0], arguments[1]))
        case .gt: return .bool(try isLess(arguments[1], arguments[0]))
        case .le: return .bool(try !isLess(arguments[1], arguments[0]))
        case .index: return try index(arguments)
        case .slice: return try slice(arguments)
        case .len: return .integer(Int64(try length(arguments[0])))
        case .print: return .string(arguments.map(TemplateEvaluator.text(of:)).joined())
        case .println: return .string(arguments.map(TemplateEvaluator.text(of:)).joined(separator: " ") + "\n")
        case .printf: return .string(try formatted(arguments))
        case .json: return .string(arguments[0].description)
        case .join:
            return .string(arguments[0].elements.map(TemplateEvaluator.text(of:)).joined(separator: arguments[1].text))
        case .split:
            guard !arguments[1].text.isEmpty else { return .array(arguments[0].text.map { .string(String($0)) }) }
            return .array(split(arguments[0].text, arguments[1].text).map { .string($0) })
        case .lower: return .string(TemplateEvaluator.text(of: arguments[0]).lowercased())
        case .upper: return .string(TemplateEvaluator.text(of: arguments[0]).uppercased())
        case .title:
            let text = TemplateEvaluator.text(of: arguments[0])
            return .string(text.prefix(1).uppercased() + text.dropFirst())
        case .pad:
            let (before, after) = (Int(clamping: arguments[1].number), Int(clamping: arguments[2].number))
            let space = { String(repeating: " ", count: max(0, min($0, 4096))) }
            let text = TemplateEvaluator.text(of: arguments[0])
            return .string(text.isEmpty ? "" : space(before) + text + space(after))
        case .truncate:
            return .string(String(TemplateEvaluator.text(of: arguments[0]).prefix(Int(max(0, arguments[1].number)))))
        }
    }

    private var fewest: Int {
        switch self {
        case .print, .println: 0
        case .and, .or, .not, .index, .slice, .len, .printf, .json, .lower, .upper, .title: 1
        case .eq, .ne, .lt, .le, .gt, .ge, .join, .split, .truncate: 2
        case .pad: 3
        }
    }

    private func isLess(_ left: JSON, _ right: JSON) throws(CommandError) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)): left < right
        case (.integer, _), (.unsigned, _), (.double, _): left.real < right.real
        default: throw .template("\(rawValue) compares numbers or strings only")
        }
    }

    private func index(_ arguments: [JSON]) throws(CommandError) -> JSON {
        var value = arguments[0]
        for key in arguments.dropFirst() {
            switch (value, key) {
            case (.object(let members), .string(let name)): value = members[name] ?? .null
            case (.array(let elements), .integer(let position)):
                guard position >= 0, position < elements.count else {
                    throw .template("index \(position) of a list of \(elements.count)")
                }
                value = elements[Int(position)]
            case (.null, _): return .null
            default: throw .template("index needs a map and a string, or a list and a number")
            }
        }
        return value
    }

    private func slice(_ arguments: [JSON]) throws(CommandError) -> JSON {
        let count = try length(arguments[0])
        let start = arguments.count > 1 ? Int(clamping: arguments[1].number) : 0
        let end = arguments.count > 2 ? Int(clamping: arguments[2].number) : count
        guard 0 <= start, start <= end, end <= count else {
            throw .template("slice from \(start) to \(end) of \(count)")
        }
        if case .array(let elements) = arguments[0] { return .array(Array(elements[start..<end])) }
        return .string(String(decoding: Array(arguments[0].text.utf8)[start..<end], as: UTF8.self))
    }

    private func length(_ value: JSON) throws(CommandError) -> Int {
        switch value {
        case .string(let text): text.utf8.count
        case .array(let elements): elements.count
        case .object(let members): members.count
        case .null: 0
        default: throw .template("\(rawValue) of something that has no length")
        }
    }

    private func split(_ text: String, _ separator: String) -> [String] {
        var parts: [String] = []
        var rest = text[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }

    /// `%s %v %d %q` with an optional width, `%%`.
    private func formatted(_ arguments: [JSON]) throws(CommandError) -> String {
        var values = arguments.dropFirst()
        var result = ""
        var rest = arguments[0].text[...]
        while let character = rest.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            let width = rest.prefix { $0 == "-" || $0.isNumber }
            rest = rest[width.endIndex...]
            switch rest.popFirst() {
            case "%"?: result.append("%")
            case let verb? where "svdq".contains(verb):
                guard let value = values.popFirst() else { throw .template("printf has too few arguments") }
                let text = verb == "q" ? JSON.string(value.text).description : TemplateEvaluator.text(of: value)
                let space = String(repeating: " ", count: max(0, abs(Int(width) ?? 0) - text.count))
                result += width.hasPrefix("-") ? text + space : space + text
            case let verb: throw .template("printf %\(verb.map(String.init) ?? "") is not supported")
            }
        }
        return result
    }
}
