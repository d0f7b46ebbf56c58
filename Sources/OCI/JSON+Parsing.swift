/// Why a text is not a JSON document, or a document not what was expected; `path` names the place.
public struct JSONError: Error, Equatable, CustomStringConvertible {
    /// The property, as in `process.rlimits[0].type`, or `byte 17` for a syntax error.
    public let path: String
    /// What is wrong there.
    public let problem: String

    /// Creates the error for a place and a problem.
    public init(path: String, problem: String) {
        self.path = path
        self.problem = problem
    }

    /// Place and problem.
    public var description: String { "\(path): \(problem)" }
}

extension JSON {
    /// How deep arrays and objects may nest: hostile input must not exhaust the stack.
    static let deepestNesting = 128

    /// Parses one document; anything but white space behind it is an error.
    ///
    /// - Throws: ``JSONError`` naming the byte.
    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// Parses one UTF-8 document.
    ///
    /// - Throws: ``JSONError`` naming the byte.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }
}

/// A recursive-descent parser over the bytes of one document.
private struct JSONParser {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSONError) -> JSON {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw problem("unexpected text behind the document") }
        return value
    }

    private func problem(_ text: String) -> JSONError {
        JSONError(path: "byte \(position)", problem: text)
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        guard depth < JSON.deepestNesting else { throw problem("nested deeper than \(JSON.deepestNesting) levels") }
        skipSpace()
        guard position < bytes.count else { throw problem("the document ends too early") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: String, _ value: JSON) throws(JSONError) -> JSON {
        guard bytes[position...].starts(with: word.utf8) else { throw problem("expected \(word)") }
        position += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON {
        position += 1
        var members: [String: JSON] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw problem("expected a member's name")
            }
            let name = try string()
            skipSpace()
            guard take(":") else { throw problem("expected ':'") }
            members[name] = try value(depth: depth + 1)
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw problem("expected ',' or '}'") }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSON {
        position += 1
        var elements: [JSON] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw problem("expected ',' or ']'") }
        }
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        // Nearly every string stands there as it is.
        while position < bytes.count, bytes[position] >= 0x20, bytes[position] != UInt8(ascii: "\\") {
            if bytes[position] == UInt8(ascii: "\"") {
                position += 1
                return try validated(bytes.span.extracting(start..<position - 1))
            }
            position += 1
        }
        return try string(after: Array(bytes[start..<position]))
    }

    private func validated(_ text: Span<UInt8>) throws(JSONError) -> String {
        do { return String(copying: try UTF8Span(validating: text)) } catch { throw problem("invalid UTF-8") }
    }

    private mutating func string(after beginning: [UInt8]) throws(JSONError) -> String {
        var text = beginning
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try validated(text.span)
            case UInt8(ascii: "\\"):
                try escape(to: &text)
            case 0..<0x20:
                throw problem("a control character in a string")
            default:
                text.append(byte)
            }
        }
        throw problem("a string without end")
    }

    private mutating func escape(to text: inout [UInt8]) throws(JSONError) {
        guard position < bytes.count else { throw problem("a string without end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: try unicodeEscape())
        default: throw problem("an unknown escape")
        }
    }

    /// The character of `\uXXXX`, or of two of them that form a surrogate pair; a lone surrogate becomes U+FFFD.
    private mutating func unicodeEscape() throws(JSONError) -> [UInt8] {
        var code = UInt32(try hexadecimal())
        if (0xD800..<0xDC00).contains(code), position + 1 < bytes.count,
            bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        {
            let before = position
            position += 2
            let low = UInt32(try hexadecimal())
            if (0xDC00..<0xE000).contains(low) {
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            } else {
                position = before
            }
        }
        let scalar = Unicode.Scalar(code) ?? "\u{FFFD}"
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt16 {
        guard position + 4 <= bytes.count,
            bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let code = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw problem("expected four hexadecimal digits") }
        position += 4
        return code
    }

    private mutating func number() throws(JSONError) -> JSON {
        if let whole = shortNumber() { return .integer(whole) }
        let start = position
        while position < bytes.count, "+-0123456789.eE".utf8.contains(bytes[position]) { position += 1 }
        let digits = bytes[start..<position]
        let text = String(decoding: digits, as: UTF8.self)
        let unsigned = digits.first == UInt8(ascii: "-") ? digits.dropFirst() : digits
        let isNumber = unsigned.first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
        let leadingZero =
            unsigned.count > 1 && unsigned.first == UInt8(ascii: "0")
            && unsigned.dropFirst().first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
        position = start
        guard isNumber, !leadingZero else { throw problem("unexpected character") }
        position += digits.count
        if let whole = Int64(text) { return .integer(whole) }
        if let whole = UInt64(text) { return .unsigned(whole) }
        guard text.utf8.last != UInt8(ascii: "."), let real = Double(text), real.isFinite else {
            throw problem("not a number: \(text)")
        }
        return .double(real)
    }

    /// Up to nine digits and nothing else, as nearly every number is: these need no text.
    private mutating func shortNumber() -> Int64? {
        var end = position
        var whole: Int64 = 0
        while end < bytes.count, case UInt8(ascii: "0")...UInt8(ascii: "9") = bytes[end] {
            whole = whole * 10 + Int64(bytes[end] - UInt8(ascii: "0"))
            end += 1
            guard end - position < 10 else { return nil }
        }
        guard end > position, bytes[position] != UInt8(ascii: "0") || end == position + 1 else { return nil }
        if end < bytes.count, ".eE+-".utf8.contains(bytes[end]) { return nil }
        position = end
        return whole
    }
}
