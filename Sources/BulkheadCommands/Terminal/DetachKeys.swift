/// The keys that leave an attached container running: `ctrl-p,ctrl-q`.
public struct DetachKeys: Equatable, Sendable {
    /// The bytes that the keys send, in order.
    public let sequence: [UInt8]

    /// Docker's.
    public static let standard = DetachKeys(sequence: [0x10, 0x11])

    private init(sequence: [UInt8]) { self.sequence = sequence }

    /// Reads `a`, `ctrl-x`, or several of them separated by commas.
    public init(_ text: String) throws(CommandError) {
        var sequence: [UInt8] = []
        for key in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let byte = DetachKeys.byte(of: key) else {
                throw .usage(
                    "detach keys \"\(text)\": \"\(key)\" is neither a character nor ctrl- and one of a-z@[\\]^_")
            }
            sequence.append(byte)
        }
        self.sequence = sequence
    }

    private static func byte(of key: Substring) -> UInt8? {
        if key.utf8.count == 1 { return key.utf8.first }
        guard key.lowercased().hasPrefix("ctrl-"), key.utf8.count == 6, let last = key.utf8.last else { return nil }
        switch last {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return last - UInt8(ascii: "a") + 1
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return last - UInt8(ascii: "A") + 1
        case UInt8(ascii: "@"): return 0
        case UInt8(ascii: "[")...UInt8(ascii: "_"): return last - UInt8(ascii: "[") + 27
        default: return nil
        }
    }
}

/// Looks for the detach keys in what is typed.
struct DetachKeyScanner {
    private let sequence: [UInt8]
    private var matched = 0

    init(_ keys: DetachKeys) { sequence = keys.sequence }

    /// Takes what was typed; returns what is to be passed on, and whether the keys were there. Keys that begin the
    /// sequence are held back until it is clear that they don't.
    mutating func scan(_ typed: [UInt8]) -> (pass: [UInt8], detach: Bool) {
        var pass: [UInt8] = []
        for byte in typed {
            if byte != sequence[matched] {
                pass.append(contentsOf: sequence.prefix(matched))
                matched = 0
                guard byte == sequence[0] else {
                    pass.append(byte)
                    continue
                }
            }
            matched += 1
            if matched == sequence.count { return (pass, true) }
        }
        return (pass, false)
    }
}
