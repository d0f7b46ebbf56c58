/// Makes up names of two words for containers that were given none.
enum NameGenerator {
    static let adjectives = [
        "able", "amber", "brave", "bright", "brisk", "calm", "candid", "clever", "cosmic", "crisp", "daring", "deft",
        "eager", "earnest", "fair", "fleet", "fond", "frank", "gentle", "glad", "golden", "hardy", "humble", "jolly",
        "keen", "kind", "lively", "loyal", "lucid", "mellow", "merry", "mild", "neat", "nimble", "noble", "patient",
        "plucky", "polite", "proud", "quick", "quiet", "rapid", "ready", "robust", "rosy", "serene", "sharp", "silent",
        "sincere", "snug", "solid", "spry", "steady", "sunny", "swift", "tidy", "tranquil", "trusty", "upbeat",
        "vivid", "warm", "wise", "witty", "zesty",
    ]
    /// People of ships, seas and sciences.
    static let surnames = [
        "amundsen", "anning", "archimedes", "baret", "beaufort", "behring", "bernoulli", "bligh", "bougainville",
        "bowditch", "brunel", "cabot", "carson", "cochrane", "cook", "cousteau", "curie", "darwin", "drake", "earle",
        "ellet", "euler", "faraday", "fitzroy", "flinders", "franklin", "fulton", "galilei", "gauss", "halley",
        "harrison", "hopper", "hudson", "humboldt", "huygens", "kelvin", "laplace", "lovelace", "magellan", "maury",
        "maxwell", "meitner", "mercator", "nansen", "nelson", "noether", "pascal", "piccard", "plimsoll", "ptolemy",
        "ride", "ross", "scoresby", "shackleton", "slocum", "sverdrup", "tasman", "tharp", "thales", "torricelli",
        "turing", "vespucci", "volta", "weddell",
    ]

    /// A name that is not taken; after some tries one with a number.
    static func name(isTaken: (String) -> Bool) -> String {
        var generator = SystemRandomNumberGenerator()
        return name(isTaken: isTaken, using: &generator)
    }

    static func name(isTaken: (String) -> Bool, using generator: inout some RandomNumberGenerator) -> String {
        var name = ""
        for attempt in 0..<64 {
            let adjective = adjectives.randomElement(using: &generator) ?? "plain"
            let surname = surnames.randomElement(using: &generator) ?? "nobody"
            name = "\(adjective)_\(surname)"
            if attempt >= 8 { name += String(Int.random(in: 0..<100_000, using: &generator)) }
            if !isTaken(name) { break }
        }
        return name
    }
}

/// Identifiers of objects: 64 hexadecimal digits.
enum Identifier {
    /// A new one, of 256 random bits.
    static func random() -> String {
        var text: [UInt8] = []
        text.reserveCapacity(64)
        let digits = Array("0123456789abcdef".utf8)
        repeat {
            text.removeAll(keepingCapacity: true)
            for _ in 0..<4 {
                let word = UInt64.random(in: .min ... .max)
                for shift in stride(from: 60, through: 0, by: -4) {
                    text.append(digits[Int(word >> UInt64(shift) & 15)])
                }
            }
            // Docker makes sure that the first twelve are not a number, which some host names and tools would take it for.
        } while text.prefix(12).allSatisfy { $0 < UInt8(ascii: "a") }
        return String(decoding: text, as: UTF8.self)
    }

    /// The first twelve digits.
    static func short(_ id: String) -> String { String(id.prefix(12)) }

    /// Whether a container, volume or machine may have this name.
    static func isValidName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard bytes.count >= 2, let first = bytes.first, isAlphanumeric(first) else { return false }
        return bytes.dropFirst().allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
