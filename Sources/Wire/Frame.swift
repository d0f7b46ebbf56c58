/// One unit on a connection.
///
/// ```
///  0        1        2        4            8
/// +--------+--------+--------+------------+----------------
/// |  kind  | stream | zero   |  length    | payload …
/// +--------+--------+--------+------------+----------------
///    u8       u8      u16 LE    u32 LE      `length` bytes
/// ```
/// kind 1: a message, its payload one JSON document (``Message``); stream is 0.
/// kind 2: bytes of a stream: 0 standard input, 1 standard output, 2 standard error. No bytes: that stream has ended.
public enum Frame: Sendable, Equatable {
    /// A request, a response or an event.
    case message(Message)
    /// Bytes of a stream; empty for its end.
    case data(Stream, [UInt8])

    /// Which of the three standard streams.
    public enum Stream: UInt8, Sendable { case input = 0, output = 1, error = 2 }

    /// The length of the header in bytes.
    public static let headerLength = 8
    /// The largest payload that is accepted, in bytes; data frames are kept at or below 64 KiB.
    public static let largestPayload = 8 << 20
    /// The largest payload of a data frame that is sent, in bytes.
    public static let largestData = 64 << 10
}

/// The payload of a message frame. Requests are numbered by the asker; their responses carry the number back.
public enum Message: Sendable, Equatable {
    /// `{"id": 7, "request": {"verb": "signal", …}}`
    case request(UInt32, Request)
    /// `{"id": 7, "response": {"kind": "done", …}}`
    case response(UInt32, Response)
    /// `{"event": {"kind": "exited", …}}`
    case event(Event)
}
