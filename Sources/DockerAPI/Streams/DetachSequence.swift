import NIOHTTP1

/// Looks for the keys that detach a client (`ctrl-p,ctrl-q`) in what it types.
struct DetachSequence: Sendable {
    /// What came of some input.
    struct Outcome: Equatable {
        /// What goes to the program.
        var forwarded: [UInt8]
        /// Whether the keys were all pressed, in turn.
        var detached: Bool
    }

    /// The keys.
    let keys: [UInt8]
    /// How many of them have been pressed; they are held back until it is clear what they are.
    private var matched = 0

    init(keys: [UInt8]) { self.keys = keys }

    /// Reads `ctrl-p,ctrl-q`, `a`, `ctrl-@`; an empty text means the default.
    ///
    /// - Throws: ``APIError`` naming the key.
    init(parsing text: String) throws(APIError) {
        guard !text.isEmpty else {
            self.init(keys: [0x10, 0x11])
            return
        }
        var keys: [UInt8] = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            if name.utf8.count == 1, let key = name.utf8.first {
                keys.append(key)
            } else if name.hasPrefix("ctrl-"), name.utf8.count == 6, let key = name.utf8.last,
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(key) || "@[\\]^_".utf8.contains(key)
            {
                keys.append(key & 0x1F)
            } else {
                throw APIError(.badRequest, "invalid detach keys (\(text)): unknown character: '\(name)'")
            }
        }
        self.init(keys: keys)
    }

    /// Takes some input.
    mutating func take(_ input: some Sequence<UInt8>) -> Outcome {
        var forwarded: [UInt8] = []
        for byte in input {
            if byte == keys[matched] {
                matched += 1
                if matched == keys.count { return Outcome(forwarded: forwarded, detached: true) }
                continue
            }
            forwarded.append(contentsOf: keys.prefix(matched))
            matched = 0
            if byte == keys[0] { matched = 1 } else { forwarded.append(byte) }
        }
        if keys.count == 1 { matched = 0 }
        return Outcome(forwarded: forwarded, detached: false)
    }
}
