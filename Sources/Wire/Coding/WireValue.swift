internal import OCI

/// A value with a form in JSON. Members that are not known are passed over, and members that may be absent have a
/// default, so that a daemon understands monitors which an older or newer one has started.
protocol WireValue {
    init(_ field: JSONField) throws(JSONError)
    var json: JSON { get }
}

extension JSONField {
    /// A member that is a value of its own, or nil where it is absent.
    func value<T: WireValue>(_ name: String, as type: T.Type = T.self) throws(JSONError) -> T? {
        guard let field = try optional(name) else { return nil }
        return try T(field)
    }

    /// A number, or the default where it is absent.
    func number<T: FixedWidthInteger>(_ name: String, default absent: T) throws(JSONError) -> T {
        try optional(name)?.number() ?? absent
    }

    /// A truth value, false where it is absent.
    func flag(_ name: String) throws(JSONError) -> Bool {
        try optional(name)?.bool() ?? false
    }

    /// A text, or nil where it is absent.
    func text(_ name: String) throws(JSONError) -> String? {
        try optional(name)?.string()
    }

    /// A word of an enumeration; a word that is not known here is an error.
    func word<T: RawRepresentable>(_ name: String, as type: T.Type = T.self) throws(JSONError) -> T?
    where T.RawValue == String {
        guard let field = try optional(name) else { return nil }
        let word = try field.string()
        guard let value = T(rawValue: word) else { throw field.error("is not known: \(word)") }
        return value
    }

    /// An array of values; none where it is absent.
    func values<T: WireValue>(_ name: String, as type: T.Type = T.self) throws(JSONError) -> [T] {
        var values: [T] = []
        for element in try optional(name)?.elements() ?? [] { values.append(try T(element)) }
        return values
    }

    /// An array of texts; none where it is absent.
    func texts(_ name: String) throws(JSONError) -> [String] {
        try optional(name)?.strings() ?? []
    }
}

extension JSON {
    /// An array of values, or nil (which leaves the member out) where there are none.
    static func list(_ values: [some WireValue]) -> JSON? {
        values.isEmpty ? nil : .array(values.map { $0.json })
    }

    /// A truth value, left out where it is false.
    static func flag(_ value: Bool) -> JSON? { value ? .bool(true) : nil }

    /// A text, left out where it is nil.
    static func text(_ value: String?) -> JSON? { value.map { .string($0) } }
}

/// Bytes as hexadecimal digits: the static side's one binary member, the seccomp filter, is small.
enum Hexadecimal {
    static func encode(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 2)
        var high: UInt8?
        for character in text.utf8 {
            guard let digit = value(of: character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return high == nil ? bytes : nil
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
