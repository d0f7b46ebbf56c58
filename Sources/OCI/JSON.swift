/// A JSON document (RFC 8259) as a value.
///
/// The static side has no Foundation, which would double its executables, so the runtime's configuration and the
/// messages of `Wire` are read and written through this type on both sides.
public enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A whole number that fits a signed 64-bit integer.
    case integer(Int64)
    /// A whole number above `Int64.max`: resource limits use all 64 bits.
    case unsigned(UInt64)
    case double(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// A whole number of any width, kept exactly.
    @inlinable
    public init<T: FixedWidthInteger>(_ number: T) {
        if let small = Int64(exactly: number) {
            self = .integer(small)
        } else {
            self = .unsigned(UInt64(truncatingIfNeeded: number))
        }
    }

    /// An array of strings.
    public init(_ strings: [String]) {
        self = .array(strings.map { .string($0) })
    }

    /// An object of strings.
    public init(_ strings: [String: String]) {
        self = .object(strings.mapValues { .string($0) })
    }

    /// An object without the members that are nil, so that absent stays absent.
    public static func members(_ members: KeyValuePairs<String, JSON?>) -> JSON {
        var object: [String: JSON] = [:]
        object.reserveCapacity(members.count)
        for (name, value) in members { if let value { object[name] = value } }
        return .object(object)
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    /// From a literal.
    public init(stringLiteral value: String) { self = .string(value) }
    /// From a literal.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// From a literal.
    public init(integerLiteral value: Int64) { self = .integer(value) }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    /// An object; of two members of one name the later one counts.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.reduce(into: [:]) { $0[$1.0] = $1.1 })
    }

    /// An array of the values, in their order.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
}
