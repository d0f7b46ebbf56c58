/// One unit on the link below a ``Multiplexer``.
///
/// ```
///  0        1                 4             8            12
/// +--------+-----------------+-------------+------------+----------------
/// |  kind  |  zero           | connection  |  value     | payload …
/// +--------+-----------------+-------------+------------+----------------
///    u8       3 × u8            u32 LE        u32 LE       data only
/// ```
/// The value is the length of the payload of `data`, the bytes granted by `credit`, and the version of `hello`.
enum LinkFrame: Equatable {
    /// The guest's side is there, or is there again: connections from before are gone.
    case hello(version: UInt32)
    /// The host's side begins a connection.
    case open(UInt32)
    case data(UInt32, [UInt8])
    /// The receiver has room for so many bytes more.
    case credit(UInt32, UInt32)
    /// No more data comes from this side.
    case finish(UInt32)
    /// The connection is over in both directions at once; what is under way is dropped.
    case reset(UInt32)

    static let headerLength = 12
    /// The most bytes in one data frame, so that connections take turns.
    static let largestData = 16 << 10
    /// The version of this protocol.
    static let version: UInt32 = 1

    /// Appends the frame to what is to be sent.
    func write(to bytes: inout [UInt8]) {
        switch self {
        case .hello(let version): LinkFrame.header(0, 0, version, to: &bytes)
        case .open(let connection): LinkFrame.header(1, connection, 0, to: &bytes)
        case .data(let connection, let payload):
            LinkFrame.header(2, connection, UInt32(truncatingIfNeeded: payload.count), to: &bytes)
            bytes.append(contentsOf: payload)
        case .credit(let connection, let count): LinkFrame.header(3, connection, count, to: &bytes)
        case .finish(let connection): LinkFrame.header(4, connection, 0, to: &bytes)
        case .reset(let connection): LinkFrame.header(5, connection, 0, to: &bytes)
        }
    }

    private static func header(_ kind: UInt8, _ connection: UInt32, _ value: UInt32, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: [kind, 0, 0, 0])
        for number in [connection, value] {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }
    }

    /// Takes the first frame out of `bytes` from `position` on, or gives nil until more bytes are there.
    static func read(from bytes: [UInt8], at position: inout Int) throws(WireError) -> LinkFrame? {
        guard bytes.count - position >= headerLength else { return nil }
        func number(at index: Int) -> UInt32 {
            var value: UInt32 = 0
            for offset in 0..<4 { value |= UInt32(bytes[position + index + offset]) << UInt32(8 * offset) }
            return value
        }
        let (connection, value) = (number(at: 4), number(at: 8))
        var length = 0
        let frame: LinkFrame
        switch bytes[position] {
        case 0: frame = .hello(version: value)
        case 1: frame = .open(connection)
        case 2:
            length = Int(value)
            guard length > 0, length <= largestData else { throw .violation("\(length) bytes in one frame") }
            guard bytes.count - position - headerLength >= length else { return nil }
            let start = position + headerLength
            frame = .data(connection, Array(bytes[start..<start + length]))
        case 3: frame = .credit(connection, value)
        case 4: frame = .finish(connection)
        case 5: frame = .reset(connection)
        default: throw .violation("a frame of the unknown kind \(bytes[position])")
        }
        position += headerLength + length
        return frame
    }
}
