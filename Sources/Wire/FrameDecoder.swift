internal import OCI

/// Why the bytes of a connection make no sense; the connection is of no use any more.
public enum WireError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A frame that is larger than ``Frame/largestPayload``.
    case tooLarge(length: Int)
    /// A payload or file that is not what it should be, and why.
    case malformed(String)
    /// The other side of a ``Multiplexer`` has broken its rules.
    case violation(String)

    /// The text for people.
    public var description: String {
        switch self {
        case .tooLarge(let length): "a frame of \(length) bytes, more than \(Frame.largestPayload)"
        case .malformed(let problem), .violation(let problem): problem
        }
    }
}

/// Cuts what arrives on a connection into frames, however the bytes are chunked.
///
/// Holds at most one frame that is not complete: whoever feeds it takes all frames out before feeding more.
public struct FrameDecoder: Sendable {
    private var bytes: [UInt8] = []
    private var position = 0

    /// Creates one for a connection that has just been opened.
    public init() {}

    /// Whether the connection, should it end now, ends between two frames.
    public var isBetweenFrames: Bool { position == bytes.count }

    /// Adds what has arrived.
    public mutating func feed(_ arrived: [UInt8]) {
        if position == bytes.count {
            bytes = arrived
            position = 0
        } else {
            if position > 0 {
                bytes.removeSubrange(..<position)
                position = 0
            }
            bytes.append(contentsOf: arrived)
        }
    }

    /// The next complete frame, or nil until more has arrived. Frames and events of a kind that is not known are
    /// passed over.
    ///
    /// - Throws: ``WireError`` if this is not our protocol: nothing after it can be understood.
    public mutating func next() throws(WireError) -> Frame? {
        while bytes.count - position >= Frame.headerLength {
            let length = Int(littleEndian(at: position + 4))
            guard length <= Frame.largestPayload else { throw .tooLarge(length: length) }
            let start = position + Frame.headerLength
            guard bytes.count - start >= length else { return nil }
            let (kind, stream) = (bytes[position], bytes[position + 1])
            let payload = Array(bytes[start..<start + length])
            position = start + length
            if position == bytes.count {
                // An idle connection holds no memory.
                bytes = []
                position = 0
            }
            if let frame = try FrameDecoder.frame(kind: kind, stream: stream, payload: payload) { return frame }
        }
        return nil
    }

    private func littleEndian(at index: Int) -> UInt32 {
        var value: UInt32 = 0
        for offset in 0..<4 { value |= UInt32(bytes[index + offset]) << UInt32(8 * offset) }
        return value
    }

    private static func frame(kind: UInt8, stream: UInt8, payload: [UInt8]) throws(WireError) -> Frame? {
        switch kind {
        case Frame.messageKind:
            do {
                return try Message.reading(JSONField(JSON(parsing: payload))).map { .message($0) }
            } catch {
                throw .malformed("a message: \(error)")
            }
        case Frame.dataKind:
            guard let stream = Frame.Stream(rawValue: stream) else { throw .malformed("data of stream \(stream)") }
            return .data(stream, payload)
        default:
            return nil
        }
    }
}

extension Frame {
    static let messageKind: UInt8 = 1
    static let dataKind: UInt8 = 2

    /// The bytes of the frame, header first. Data must not be longer than ``largestPayload``: see ``splitting(_:_:)``.
    public var encoded: [UInt8] {
        switch self {
        case .message(let message): Frame.encode(kind: Frame.messageKind, stream: 0, payload: message.json.encoded)
        case .data(let stream, let bytes): Frame.encode(kind: Frame.dataKind, stream: stream.rawValue, payload: bytes)
        }
    }

    /// Data of any length as frames of at most ``largestData`` bytes, none for no data.
    public static func splitting(_ stream: Stream, _ bytes: [UInt8]) -> [Frame] {
        stride(from: 0, to: bytes.count, by: largestData).map { start in
            .data(stream, Array(bytes[start..<min(start + largestData, bytes.count)]))
        }
    }

    private static func encode(kind: UInt8, stream: UInt8, payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headerLength + payload.count)
        bytes.append(contentsOf: [kind, stream, 0, 0])
        let length = UInt32(truncatingIfNeeded: payload.count)
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
        bytes.append(contentsOf: payload)
        return bytes
    }
}
