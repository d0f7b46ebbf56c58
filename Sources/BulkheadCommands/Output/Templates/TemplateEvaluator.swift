internal import OCI

/// Runs a template for one value.
struct TemplateEvaluator {
    private(set) var output = ""
    private let root: JSON
    private var variables: [(name: String, value: JSON)] = []

    init(root: JSON) { self.root = root }

    /// What an operand has: a value, or nothing, with the reason.
    enum Found {
        case value(JSON)
        /// The field that is not there, and the names of those that are.
        case missing(field: String, fields: [String])

        /// For where a missing field counts as empty.
        var orNull: JSON { if case .value(let value) = self { value } else { .null } }
    }

    mutating func run(_ nodes: [TemplateNode], dot: JSON) throws(CommandError) {
        let scope = variables.count
        defer { variables.removeSubrange(scope...) }
        for node in nodes { try run(node, dot: dot) }
    }

    private mutating func run(_ node: TemplateNode, dot: JSON) throws(CommandError) {
        switch node {
        case .text(let text): output += text
        case .output(let pipeline):
            switch try evaluate(pipeline, dot: dot) {
            case .value(let value): output += TemplateEvaluator.text(of: value)
            case .missing(let field, let fields):
                let names = fields.isEmpty ? "the value has none" : "there are \(fields.joined(separator: ", "))"
                throw .template("no field \"\(field)\"; \(names)")
            }
        case .assign(let name, let pipeline):
            let value = try evaluate(pipeline, dot: dot).orNull
            if let index = variables.lastIndex(where: { $0.name == name }) {
                variables[index].value = value
            } else {
                variables.append((name, value))
            }
        case .choose(let condition, let then, let otherwise):
            let value = try evaluate(condition, dot: dot).orNull
            try run(TemplateEvaluator.isTrue(value) ? then : otherwise, dot: dot)
        case .with(let condition, let body, let otherwise):
            let value = try evaluate(condition, dot: dot).orNull
            if TemplateEvaluator.isTrue(value) { try run(body, dot: value) } else { try run(otherwise, dot: dot) }
        case .range(let names, let source, let body, let otherwise):
            try loop(over: try evaluate(source, dot: dot).orNull, names, body, otherwise, dot: dot)
        }
    }

    private mutating func loop(
        over source: JSON, _ names: [String], _ body: [TemplateNode], _ otherwise: [TemplateNode], dot: JSON
    ) throws(CommandError) {
        let entries: [(key: JSON, value: JSON)] =
            switch source {
            case .array(let elements): elements.enumerated().map { (.integer(Int64($0.offset)), $0.element) }
            case .object: source.members.map { (.string($0.name), $0.value) }
            case .null: []
            default: throw .template("range over something that is neither a list nor a map")
            }
        if entries.isEmpty { return try run(otherwise, dot: dot) }
        for entry in entries {
            let scope = variables.count
            if let last = names.last { variables.append((last, entry.value)) }
            if names.count > 1 { variables.append((names[0], entry.key)) }
            try run(body, dot: entry.value)
            variables.removeSubrange(scope...)
        }
    }

    // MARK: values

    private func evaluate(_ pipeline: TemplatePipeline, dot: JSON) throws(CommandError) -> Found {
        var result: Found?
        for command in pipeline.commands {
            guard let function = command.function else {
                guard result == nil, let operand = command.arguments.first else {
                    throw .template("a value can't take what is piped into it")
                }
                result = try find(operand, dot: dot)
                continue
            }
            var arguments: [JSON] = []
            for argument in command.arguments {
                // As in Go, what an index leads to may be absent, and a condition may ask for what isn't there.
                arguments.append(try find(argument, dot: dot).orNull)
            }
            if let piped = result { arguments.append(piped.orNull) }
            result = .value(try function.apply(arguments))
        }
        return result ?? .value(.null)
    }

    private func find(_ operand: TemplateOperand, dot: JSON) throws(CommandError) -> Found {
        switch operand {
        case .literal(let value): return .value(value)
        case .path(let path): return try follow(path, from: dot)
        case .variable("", let path): return try follow(path, from: root)
        case .variable(let name, let path):
            guard let variable = variables.last(where: { $0.name == name }) else {
                throw .template("no variable \"$\(name)\"")
            }
            return try follow(path, from: variable.value)
        case .nested(let pipeline, let path):
            return try follow(path, from: try evaluate(pipeline, dot: dot).orNull)
        }
    }

    private func follow(_ path: [String], from start: JSON) throws(CommandError) -> Found {
        var value = start
        for name in path {
            switch value {
            case .object(let members):
                if let next = members[name] {
                    value = next
                    continue
                }
                // A map of strings (labels) may lack any key, as in Go; anything else has a fixed set of fields.
                let isMapOfStrings = members.values.allSatisfy { if case .string = $0 { true } else { false } }
                if isMapOfStrings && value != root { return .value(.null) }
                return .missing(field: name, fields: members.keys.sorted())
            case .null: return .value(.null)
            default: throw .template("\"\(name)\" is asked of something that has no fields")
            }
        }
        return .value(value)
    }

    /// As Go decides it: false, 0, nil and everything empty are false.
    static func isTrue(_ value: JSON) -> Bool {
        switch value {
        case .null: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .unsigned(let value): value != 0
        case .double(let value): value != 0
        case .string(let text): !text.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    /// As Go prints it: lists as `[a b]`, maps as `map[a:1 b:2]`.
    static func text(of value: JSON) -> String {
        switch value {
        case .null: "<no value>"
        case .string(let text): text
        case .array(let elements): "[" + elements.map(text(of:)).joined(separator: " ") + "]"
        case .object:
            "map[" + value.members.map { "\($0.name):\(text(of: $0.value))" }.joined(separator: " ") + "]"
        default: value.description
        }
    }
}
