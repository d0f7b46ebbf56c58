internal import OCI

extension JSON {
    /// A member of an object; null where there is none.
    subscript(_ name: String) -> JSON {
        guard case .object(let members) = self else { return .null }
        return members[name] ?? .null
    }

    /// The text of a string; empty for anything else.
    var text: String {
        guard case .string(let text) = self else { return "" }
        return text
    }

    /// A whole number; 0 for anything else.
    var number: Int64 {
        switch self {
        case .integer(let number): number
        case .unsigned(let number): Int64(clamping: number)
        case .double(let number): Int64(exactly: number.rounded()) ?? 0
        default: 0
        }
    }

    /// A number with a fraction; 0 for anything else.
    var real: Double {
        if case .double(let number) = self { return number }
        return Double(number)
    }

    /// Whether it is true.
    var isTrue: Bool { self == .bool(true) }

    /// The elements of an array; none of anything else.
    var elements: [JSON] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    /// The members of an object in the order of their names; none of anything else.
    var members: [(name: String, value: JSON)] {
        guard case .object(let members) = self else { return [] }
        return members.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }
}

/// Lays JSON text out without changing the order of members, which a parsed document does not keep.
enum JSONLayout {
    /// The text with every member and element on a line of its own.
    ///
    /// `bytes` must be valid JSON; the depth of the first line is `depth`.
    static func indented(_ bytes: [UInt8], by indentation: String = "    ", depth: Int = 0) -> String {
        var out: [UInt8] = []
        var depth = depth
        var inString = false
        var escaped = false
        var index = bytes.startIndex

        func newLine() {
            out.append(UInt8(ascii: "\n"))
            for _ in 0..<depth { out.append(contentsOf: indentation.utf8) }
        }
        func nextSignificant(after index: Int) -> UInt8? {
            bytes[(index + 1)...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        }
        while index < bytes.endIndex {
            let byte = bytes[index]
            if inString {
                out.append(byte)
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                index += 1
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                inString = true
                out.append(byte)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                out.append(byte)
                let close = byte + 2
                if nextSignificant(after: index) == close {
                    index = bytes[(index + 1)...].firstIndex(of: close) ?? index
                    out.append(close)
                } else {
                    depth += 1
                    newLine()
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                newLine()
                out.append(byte)
            case UInt8(ascii: ","):
                out.append(byte)
                newLine()
            case UInt8(ascii: ":"):
                out.append(contentsOf: ": ".utf8)
            case 0x20, 0x09, 0x0A, 0x0D:
                break
            default:
                out.append(byte)
            }
            index += 1
        }
        return String(decoding: out, as: UTF8.self)
    }
}
