/// A value together with the path that leads to it, so that whoever reads it can say what is wrong and where.
public struct JSONField: Sendable {
    /// How it was reached. The text of a path is made only for an error: there are hundreds of fields, and few errors.
    private indirect enum Place: Sendable {
        case named(String)
        case member(of: Place, name: String)
        case element(of: Place, index: Int)

        var path: String {
            switch self {
            case .named(let path): path
            case .member(let parent, let name): Place.path(of: name, in: parent.path)
            case .element(let parent, let index): "\(parent.path)[\(index)]"
            }
        }

        static func path(of name: String, in path: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
    }

    private let place: Place
    /// The value at that path.
    public let value: JSON

    /// The root of a document.
    public init(_ value: JSON, path: String = "") {
        self.value = value
        place = .named(path)
    }

    private init(_ value: JSON, _ place: Place) {
        self.value = value
        self.place = place
    }

    /// The path, as in `linux.namespaces[2].type`; empty for the document itself.
    public var path: String { place.path }

    /// An error at this place.
    public func error(_ problem: String) -> JSONError {
        JSONError(path: path.isEmpty ? "the document" : path, problem: problem)
    }

    /// The path of a member of an object, whether it is there or not.
    public func path(of name: String) -> String { Place.path(of: name, in: path) }

    /// The members of an object.
    public func members() throws(JSONError) -> [String: JSONField] {
        guard case .object(let members) = value else { throw error("must be an object") }
        var fields: [String: JSONField] = [:]
        for (name, value) in members { fields[name] = JSONField(value, .member(of: place, name: name)) }
        return fields
    }

    /// A member of an object, or nil where it is absent or null.
    public func optional(_ name: String) throws(JSONError) -> JSONField? {
        guard case .object(let members) = value else { throw error("must be an object") }
        guard let member = members[name] else { return nil }
        if case .null = member { return nil }
        return JSONField(member, .member(of: place, name: name))
    }

    /// A member that must be there.
    public func required(_ name: String) throws(JSONError) -> JSONField {
        guard let field = try optional(name) else { throw JSONError(path: path(of: name), problem: "is missing") }
        return field
    }

    /// The elements of an array.
    public func elements() throws(JSONError) -> [JSONField] {
        guard case .array(let elements) = value else { throw error("must be an array") }
        return elements.enumerated().map { JSONField($1, .element(of: place, index: $0)) }
    }

    /// A string.
    public func string() throws(JSONError) -> String {
        guard case .string(let string) = value else { throw error("must be a string") }
        return string
    }

    /// A boolean.
    public func bool() throws(JSONError) -> Bool {
        guard case .bool(let bool) = value else { throw error("must be true or false") }
        return bool
    }

    /// A whole number that fits `T`.
    public func number<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(JSONError) -> T {
        let number: T? =
            switch value {
            case .integer(let value): T(exactly: value)
            case .unsigned(let value): T(exactly: value)
            case .double(let value): T(exactly: value)
            default: nil
            }
        guard let number else { throw error("must be a whole number from \(T.min) to \(T.max)") }
        return number
    }

    /// An array of strings.
    public func strings() throws(JSONError) -> [String] {
        var strings: [String] = []
        for element in try elements() { strings.append(try element.string()) }
        return strings
    }

    /// An object whose members are strings.
    public func stringMembers() throws(JSONError) -> [String: String] {
        var strings: [String: String] = [:]
        for (name, field) in try members() { strings[name] = try field.string() }
        return strings
    }
}
