extension JSONField {
    /// A member read by `body`, or nil where it is absent or null.
    public func read<T>(
        _ name: String, _ body: (JSONField) throws(JSONError) -> T
    ) throws(JSONError) -> T? {
        guard let field = try optional(name) else { return nil }
        return try body(field)
    }

    /// The elements of a member, each read by `body`; none where it is absent or null.
    public func list<T>(
        _ name: String, _ body: (JSONField) throws(JSONError) -> T
    ) throws(JSONError) -> [T] {
        guard let field = try optional(name) else { return [] }
        var list: [T] = []
        for element in try field.elements() { list.append(try body(element)) }
        return list
    }

    /// Refuses members that are known to a specification and can't be honoured yet; empty ones ask for nothing.
    public func refuse(_ names: [String]) throws(JSONError) {
        for name in names {
            guard let field = try optional(name), !field.isEmpty else { continue }
            throw field.error("is not supported yet")
        }
    }

    /// Whether the value says nothing: no text, no elements, or only members that are empty themselves.
    private var isEmpty: Bool {
        switch value {
        case .null: true
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let members): members.values.allSatisfy { JSONField($0).isEmpty }
        default: false
        }
    }
}
