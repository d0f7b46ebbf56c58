/// What a client of the host's says first: `CONNECT <port>\n`.
enum VsockGreeting: Equatable {
    /// The end of the line has not come yet.
    case incomplete
    /// The port, and the bytes of the line with its end.
    case complete(port: UInt32, length: Int)
    /// Anything else.
    case malformed

    /// The longest: `CONNECT 4294967295\n`.
    static let longest = 19

    /// Reads the beginning of what has come.
    init(_ bytes: Span<UInt8>) {
        let verb: StaticString = "CONNECT "
        var port: UInt64 = 0
        for index in 0..<min(bytes.count, VsockGreeting.longest) {
            let byte = bytes[index]
            if index < verb.utf8CodeUnitCount {
                // unsafe because the text of a static string is reached by a pointer; the index is within its length
                guard unsafe byte == verb.utf8Start[index] else {
                    self = .malformed
                    return
                }
            } else if byte == UInt8(ascii: "\n"), index > verb.utf8CodeUnitCount, port <= UInt64(UInt32.max) {
                self = .complete(port: UInt32(truncatingIfNeeded: port), length: index + 1)
                return
            } else if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                port = port * 10 + UInt64(byte - UInt8(ascii: "0"))
            } else {
                self = .malformed
                return
            }
        }
        self = bytes.count < VsockGreeting.longest ? .incomplete : .malformed
    }

    /// The answer when the guest has accepted: `OK <hostport>\n`.
    static func accepted(hostPort: UInt32) -> String { "OK \(hostPort)\n" }
}
