import NIOHTTP1
import OCI

/// The filters of a list: each name with the values of which one must match.
struct Filters: Sendable {
    private let values: [String: [String]]

    /// Reads both shapes that clients send, `{"label":{"a=b":true}}` and `{"label":["a=b"]}`.
    ///
    /// - Parameter allowed: the names that this list knows.
    init(_ text: String?, allowed: Set<String>) throws(APIError) {
        guard let text, !text.isEmpty else {
            values = [:]
            return
        }
        let document: JSON
        do {
            document = try JSON(parsing: text)
        } catch {
            throw APIError(.badRequest, "invalid filters: \(error)")
        }
        guard case .object(let members) = document else { throw APIError(.badRequest, "invalid filters: \(text)") }
        var values: [String: [String]] = [:]
        for (name, value) in members {
            guard allowed.contains(name) else { throw APIError(.badRequest, "invalid filter '\(name)'") }
            switch value {
            case .array(let elements):
                values[name] = elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
            case .object(let set):
                values[name] = set.filter { $0.value != .bool(false) }.keys.sorted()
            case .string(let text): values[name] = [text]
            case .bool(let flag): values[name] = [flag ? "true" : "false"]
            default: throw APIError(.badRequest, "invalid filter '\(name)': it must be a list")
            }
        }
        self.values = values.filter { !$0.value.isEmpty }
    }

    /// The values of a name; empty where it is not filtered by.
    subscript(name: String) -> [String] { values[name] ?? [] }

    /// Whether it is not filtered by that name, or one of its values matches.
    func matches(_ name: String, _ matches: (String) throws -> Bool) rethrows -> Bool {
        guard let values = values[name] else { return true }
        return try values.contains(where: matches)
    }

    /// Whether all values of `label` (`key`, `key=value`) are among the labels.
    func matchesLabels(_ labels: [String: String], name: String = "label") -> Bool {
        self[name].allSatisfy { Filters.matches($0, labels) }
    }

    private static func matches(_ text: String, _ labels: [String: String]) -> Bool {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let value = labels[String(parts[0])] else { return false }
        return parts.count == 1 || value == parts[1]
    }

    /// A boolean filter.
    func flag(_ name: String) throws(APIError) -> Bool? {
        guard let value = self[name].first else { return nil }
        switch value.lowercased() {
        case "1", "true", "t": return true
        case "0", "false", "f": return false
        default: throw APIError(.badRequest, "invalid filter '\(name)=[\(value)]'")
        }
    }

    /// The values as regular expressions that match anywhere.
    func patterns(_ name: String) throws(APIError) -> [Pattern] {
        var patterns: [Pattern] = []
        for value in self[name] {
            do {
                patterns.append(Pattern(expression: try Regex(value)))
            } catch {
                throw APIError(.badRequest, "invalid filter '\(name)=[\(value)]': \(error)")
            }
        }
        return patterns
    }

    /// A regular expression.
    struct Pattern {
        let expression: Regex<AnyRegexOutput>

        func matches(_ text: String) -> Bool { text.firstMatch(of: expression) != nil }
    }
}
