/// One message of D-Bus.
///
/// ```
///  0        1      2       3           4             8        12             16
/// +--------+------+-------+-----------+-------------+--------+--------------+---------+---------+------
/// | 'l'    | kind | flags | version 1 | body length | serial | field length | fields… | pad to 8 | body
/// +--------+------+-------+-----------+-------------+--------+--------------+---------+---------+------
///   fields: array of (number, variant)
/// ```
struct BusMessage: Equatable {
    /// What a message is.
    enum Kind: UInt8 { case call = 1, answer = 2, error = 3, signal = 4 }

    var kind: Kind
    var serial: UInt32
    var path: String?
    var interface: String?
    var member: String?
    var errorName: String?
    var answersTo: UInt32?
    var destination: String?
    var body: [BusValue] = []

    init(_ kind: Kind, serial: UInt32) {
        self.kind = kind
        self.serial = serial
    }

    /// As it goes over the connection.
    var bytes: [UInt8] {
        var fields: [BusValue] = []
        func add(_ number: UInt8, _ value: BusValue?) {
            if let value { fields.append(.structure([.byte(number), .variant(value)])) }
        }
        add(1, path.map { .objectPath($0) })
        add(2, interface.map { .string($0) })
        add(3, member.map { .string($0) })
        add(4, errorName.map { .string($0) })
        add(5, answersTo.map { .unsigned32($0) })
        add(6, destination.map { .string($0) })
        if !body.isEmpty { add(8, .signature(body.map { $0.type }.joined())) }
        var content = BusWriter()
        for value in body { content.append(value) }
        var writer = BusWriter()
        for byte in [UInt8(ascii: "l"), kind.rawValue, 0, 1] { writer.append(.byte(byte)) }
        writer.append(UInt32(truncatingIfNeeded: content.bytes.count))
        writer.append(serial)
        writer.append(.array(of: "(yv)", fields))
        writer.align(8)
        return writer.bytes + content.bytes
    }

    /// The most bytes that a message is taken with; the specification allows 128 MiB, systemd's answers have hundreds.
    static let largest = 1 << 20

    /// How many bytes the message has whose first 16 these are.
    static func length(_ head: [UInt8]) throws(SystemError) -> Int {
        guard head.count >= 16, head[0] == UInt8(ascii: "l"), head[3] == 1 else { throw BusReader.malformed }
        var reader = BusReader(Array(head[4..<16]))
        let body = Int(try reader.number(UInt32.self))
        _ = try reader.number(UInt32.self)
        let fields = Int(try reader.number(UInt32.self))
        guard body <= largest, fields <= largest else { throw BusReader.malformed }
        return (16 + fields + 7) / 8 * 8 + body
    }

    /// From the bytes of a whole message; nil for a kind that the specification does not have yet, which is skipped.
    init?(_ bytes: [UInt8]) throws(SystemError) {
        guard bytes.count >= 16 else { throw BusReader.malformed }
        guard let kind = Kind(rawValue: bytes[1]) else { return nil }
        var reader = BusReader(bytes)
        for _ in 0..<2 { _ = try reader.number(UInt32.self) }
        self.init(kind, serial: try reader.number())
        var type: Substring = "a(yv)"
        var signature = ""
        guard case .array(_, let fields) = try reader.value(&type) else { throw BusReader.malformed }
        for case .structure(let field) in fields {
            guard case .byte(let number)? = field.first, case .variant(let value)? = field.last else { continue }
            switch number {
            case 1: path = value.text
            case 2: interface = value.text
            case 3: member = value.text
            case 4: errorName = value.text
            case 5: if case .unsigned32(let serial) = value { answersTo = serial }
            case 6: destination = value.text
            case 8: signature = value.text ?? ""
            default: break
            }
        }
        try reader.align(8)
        var rest = Substring(signature)
        while !rest.isEmpty { body.append(try reader.value(&rest)) }
    }
}
