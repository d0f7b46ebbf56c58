public import OCI

/// A template of `--format`: the part of Go's text/template that Docker's users write.
///
/// Fields (`.State.Status`), variables, pipelines, `if`/`else`, `range`, `with`, and the functions in
/// ``TemplateFunction``. Anything else is an error that names it.
public struct Template: Sendable {
    let nodes: [TemplateNode]

    /// Parses the text.
    ///
    /// - Throws: ``CommandError/template(_:)`` naming what is not understood.
    public init(_ text: String) throws(CommandError) {
        var parser = TemplateParser(try TemplateLexer.pieces(of: text))
        nodes = try parser.template()
    }

    /// The text for one value.
    ///
    /// - Throws: ``CommandError/template(_:)`` for a field that the value does not have.
    public func rendered(_ value: JSON) throws(CommandError) -> String {
        var evaluator = TemplateEvaluator(root: value)
        try evaluator.run(nodes, dot: value)
        return evaluator.output
    }

    /// The first names of all field paths: for the titles of a table's columns.
    var fields: [String] { nodes.flatMap(\.fields) }
}

/// A piece of a template.
indirect enum TemplateNode: Sendable {
    case text(String)
    case output(TemplatePipeline)
    case assign(String, TemplatePipeline)
    case choose(TemplatePipeline, then: [TemplateNode], otherwise: [TemplateNode])
    case with(TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
    case range(variables: [String], TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])

    var fields: [String] {
        switch self {
        case .text: []
        case .output(let pipeline), .assign(_, let pipeline): pipeline.fields
        case .choose(let pipeline, let body, let otherwise), .with(let pipeline, let body, let otherwise),
            .range(_, let pipeline, let body, let otherwise):
            pipeline.fields + (body + otherwise).flatMap(\.fields)
        }
    }
}

/// Commands of which each takes the result of the one before as its last argument.
struct TemplatePipeline: Sendable {
    let commands: [TemplateCommand]
    var fields: [String] { commands.flatMap { $0.arguments.flatMap(\.fields) } }
}

/// A value, or a function with its arguments.
struct TemplateCommand: Sendable {
    let function: TemplateFunction?
    let arguments: [TemplateOperand]
}

/// A value in a command.
indirect enum TemplateOperand: Sendable {
    case literal(JSON)
    /// `.A.B`; empty for the dot itself.
    case path([String])
    /// `$name.A.B`; the name is empty for the root.
    case variable(String, [String])
    /// `(…).A.B`
    case nested(TemplatePipeline, [String])

    var fields: [String] {
        switch self {
        case .literal: []
        case .path(let path), .variable("", let path): Array(path.prefix(1))
        case .variable: []
        case .nested(let pipeline, _): pipeline.fields
        }
    }
}

/// The functions of templates: Go's own, and those that Docker adds.
enum TemplateFunction: String, Sendable, CaseIterable {
    case and, or, not, eq, ne, lt, le, gt, ge
    case index, slice, len, print, println, printf
    case json, join, split, lower, upper, title, pad, truncate
}
