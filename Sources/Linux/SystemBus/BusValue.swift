/// A value as D-Bus has them, with its type.
public indirect enum BusValue: Equatable, Sendable {
    case byte(UInt8)
    case bool(Bool)
    case unsigned32(UInt32)
    case unsigned64(UInt64)
    case string(String)
    case objectPath(String)
    case signature(String)
    /// Elements of one type, whose signature is given for the sake of empty arrays.
    case array(of: String, [BusValue])
    case structure([BusValue])
    case variant(BusValue)

    /// The type's signature.
    var type: String {
        switch self {
        case .byte: "y"
        case .bool: "b"
        case .unsigned32: "u"
        case .unsigned64: "t"
        case .string: "s"
        case .objectPath: "o"
        case .signature: "g"
        case .array(let element, _): "a\(element)"
        case .structure(let members): "(\(members.map { $0.type }.joined()))"
        case .variant: "v"
        }
    }

    /// The text of a string, path or signature.
    var text: String? {
        switch self {
        case .string(let text), .objectPath(let text), .signature(let text): text
        default: nil
        }
    }
}

/// Values as bytes, little-endian, each aligned to its type's size (D-Bus specification, "Marshaling").
struct BusWriter {
    private(set) var bytes: [UInt8] = []

    mutating func align(_ size: Int) { while bytes.count % size != 0 { bytes.append(0) } }

    mutating func append<T: FixedWidthInteger>(_ number: T) {
        let size = T.bitWidth / 8
        align(size)
        for shift in 0..<size { bytes.append(UInt8(truncatingIfNeeded: number >> T(8 * shift))) }
    }

    mutating func append(_ value: BusValue) {
        switch value {
        case .byte(let number): bytes.append(number)
        case .bool(let on): append(UInt32(on ? 1 : 0))
        case .unsigned32(let number): append(number)
        case .unsigned64(let number): append(number)
        case .string(let text), .objectPath(let text):
            append(UInt32(truncatingIfNeeded: text.utf8.count))
            bytes += Array(text.utf8) + [0]
        case .signature(let text):
            bytes += [UInt8(truncatingIfNeeded: text.utf8.count)] + Array(text.utf8) + [0]
        case .array(let element, let elements):
            append(UInt32(0))
            let place = bytes.count - 4
            // The padding before the first element is there without one too, and counts not.
            align(BusWriter.alignment(of: element))
            let start = bytes.count
            for element in elements { append(element) }
            let length = UInt32(truncatingIfNeeded: bytes.count - start)
            for shift in 0..<4 { bytes[place + shift] = UInt8(truncatingIfNeeded: length >> UInt32(8 * shift)) }
        case .structure(let members):
            align(8)
            for member in members { append(member) }
        case .variant(let content):
            append(.signature(content.type))
            append(content)
        }
    }

    /// The alignment of a type by the first letter of its signature.
    static func alignment(of type: String) -> Int {
        switch type.first {
        case "y", "g", "v": 1
        case "n", "q": 2
        case "x", "t", "d", "(", "{": 8
        default: 4
        }
    }
}

/// Bytes as values. What comes from the bus is checked: a length that leads out of the message is an error.
struct BusReader {
    let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The message is not what it should be.
    static let malformed = SystemError("read a message of the bus", code: 74 /* EBADMSG */)

    mutating func align(_ size: Int) throws(SystemError) {
        let (quotient, rest) = position.quotientAndRemainder(dividingBy: size)
        if rest != 0 { position = (quotient + 1) * size }
        guard position <= bytes.count else { throw BusReader.malformed }
    }

    mutating func number<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(SystemError) -> T {
        let size = T.bitWidth / 8
        try align(size)
        guard bytes.count - position >= size else { throw BusReader.malformed }
        defer { position += size }
        return (0..<size).reduce(T(0)) { $0 | T(truncatingIfNeeded: bytes[position + $1]) << T(8 * $1) }
    }

    private mutating func text(_ count: Int) throws(SystemError) -> String {
        guard count < bytes.count - position, bytes[position + count] == 0 else { throw BusReader.malformed }
        defer { position += count + 1 }
        return String(decoding: bytes[position..<position + count], as: UTF8.self)
    }

    /// The next value of a signature, whose letters are taken from its beginning.
    mutating func value(_ signature: inout Substring, depth: Int = 0) throws(SystemError) -> BusValue {
        guard depth < 32, let letter = signature.popFirst() else { throw BusReader.malformed }
        switch letter {
        case "y": return .byte(try number())
        case "b": return .bool(try number(UInt32.self) != 0)
        case "u", "i": return .unsigned32(try number())
        case "t", "x": return .unsigned64(try number())
        case "s": return .string(try text(Int(try number(UInt32.self))))
        case "o": return .objectPath(try text(Int(try number(UInt32.self))))
        case "g": return .signature(try text(Int(try number(UInt8.self))))
        case "v":
            var content = Substring(try text(Int(try number(UInt8.self))))
            return .variant(try value(&content, depth: depth + 1))
        case "a":
            let length = Int(try number(UInt32.self))
            try align(BusWriter.alignment(of: String(signature)))
            guard length <= bytes.count - position else { throw BusReader.malformed }
            let end = position + length
            let before = signature
            var elements: [BusValue] = []
            var rest = signature
            while position < end {
                rest = before
                elements.append(try value(&rest, depth: depth + 1))
            }
            guard position == end else { throw BusReader.malformed }
            if elements.isEmpty { try BusReader.skip(&rest) }
            signature = rest
            return .array(of: String(before.dropLast(rest.count)), elements)
        case "(", "{":
            try align(8)
            var members: [BusValue] = []
            while let next = signature.first, next != ")", next != "}" {
                members.append(try value(&signature, depth: depth + 1))
            }
            guard signature.popFirst() != nil else { throw BusReader.malformed }
            return .structure(members)
        default: throw BusReader.malformed
        }
    }

    /// Takes one whole type from the beginning of a signature.
    private static func skip(_ signature: inout Substring) throws(SystemError) {
        var depth = 0
        while let letter = signature.popFirst() {
            if letter == "(" || letter == "{" { depth += 1 }
            if letter == ")" || letter == "}" { depth -= 1 }
            if depth == 0 && letter != "a" { return }
        }
        throw malformed
    }
}
