/// ACPI Machine Language, as far as a board without surprises needs it: what a table says, and its bytes.
/// ACPI 6.5, section 20.2.
///
/// Paths are written as in ASL (`\_SB.PWRB`); names shorter than four characters are filled with underscores.
indirect enum AML: Sendable, Equatable {
    case scope(String, [AML])
    case device(String, [AML])
    case name(String, AML)
    /// A method that is run by one processor at a time.
    case method(String, arguments: UInt8, [AML])
    case notify(String, UInt64)
    case integer(UInt64)
    case string(String)
    case package([AML])
    case buffer([UInt8])
    /// What a device occupies: a buffer of descriptors (section 6.4).
    case resources([AMLResource])
    /// A device's identification as a number: `PNP0501`. Only those with four hexadecimal digits have one.
    case identification(String)

    /// The encoding.
    var bytes: [UInt8] {
        switch self {
        case .scope(let path, let terms): [0x10] + AML.packaged(AML.path(path) + AML.encoded(terms))
        case .device(let path, let terms): [0x5B, 0x82] + AML.packaged(AML.path(path) + AML.encoded(terms))
        case .name(let path, let value): [0x08] + AML.path(path) + value.bytes
        case .method(let path, let arguments, let terms):
            [0x14] + AML.packaged(AML.path(path) + [arguments & 7 | 1 << 3] + AML.encoded(terms))
        case .notify(let path, let value): [0x86] + AML.path(path) + AML.integer(value).bytes
        case .integer(let value): AML.number(value)
        case .string(let text): [0x0D] + Array(text.utf8) + [0]
        case .package(let terms):
            [0x12] + AML.packaged([UInt8(truncatingIfNeeded: terms.count)] + AML.encoded(terms))
        case .buffer(let content):
            [0x11] + AML.packaged(AML.integer(UInt64(content.count)).bytes + content)
        case .resources(let resources): AML.buffer(resources.flatMap(\.bytes) + AMLResource.end).bytes
        case .identification(let text): AML.integer(UInt64(AML.compressed(text))).bytes
        }
    }

    private static func encoded(_ terms: [AML]) -> [UInt8] { terms.flatMap(\.bytes) }

    /// The shortest form of a number.
    private static func number(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        switch value {
        case 0: return [0x00]
        case 1: return [0x01]
        case ...0xFF:
            bytes = [0x0A, UInt8(truncatingIfNeeded: value)]
        case ...0xFFFF:
            bytes = [0x0B]
            bytes.append(littleEndian: UInt16(truncatingIfNeeded: value))
        case ...0xFFFF_FFFF:
            bytes = [0x0C]
            bytes.append(littleEndian: UInt32(truncatingIfNeeded: value))
        default:
            bytes = [0x0E]
            bytes.append(littleEndian: value)
        }
        return bytes
    }

    /// A path: a root, then names of four characters each.
    private static func path(_ text: String) -> [UInt8] {
        let isAbsolute = text.hasPrefix("\\")
        let names = text.dropFirst(isAbsolute ? 1 : 0).split(separator: ".").map { name in
            Array((Array(name.utf8) + [UInt8](repeating: UInt8(ascii: "_"), count: 4)).prefix(4))
        }
        let prefix: [UInt8] =
            switch names.count {
            case 0: [0x00]
            case 1: []
            case 2: [0x2E]
            default: [0x2F, UInt8(truncatingIfNeeded: names.count)]
            }
        return (isAbsolute ? [UInt8(ascii: "\\")] : []) + prefix + names.flatMap { $0 }
    }

    /// A length in front, which counts its own one to four bytes too.
    private static func packaged(_ content: [UInt8]) -> [UInt8] {
        if content.count + 1 < 1 << 6 { return [UInt8(content.count + 1)] + content }
        let more = content.count + 2 < 1 << 12 ? 1 : content.count + 3 < 1 << 20 ? 2 : 3
        let length = content.count + 1 + more
        var bytes = [UInt8(more << 6 | length & 0xF)]
        for index in 0..<more { bytes.append(UInt8(truncatingIfNeeded: length >> (4 + 8 * index))) }
        return bytes + content
    }

    /// Three letters of five bits each and four hexadecimal digits, the most significant byte first.
    private static func compressed(_ text: String) -> UInt32 {
        let letters = text.utf8.prefix(3).reduce(UInt32(0)) { $0 << 5 | (UInt32($1) &- 0x40) & 0x1F }
        let product = UInt32(text.dropFirst(3), radix: 16) ?? 0
        return (letters << 16 | product & 0xFFFF).byteSwapped
    }
}
