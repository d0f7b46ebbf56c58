/// Processors or memory nodes as the kernel lists them: `0-3,7`.
public struct NumberSet: Sendable, Equatable {
    /// More than any kernel is built for.
    public static let limit = 8192

    /// Bit `n % 64` of word `n / 64` stands for number `n`; as many words as the highest number needs.
    public let words: [UInt64]
    /// As it was written.
    public let text: String

    /// Reads a list that names at least one number.
    public init?(_ text: String) {
        var words: [UInt64] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = Int(ends[0]), let last = ends.count > 1 ? Int(ends[1]) : first,
                0 <= first, first <= last, last < NumberSet.limit
            else { return nil }
            while words.count <= last / 64 { words.append(0) }
            for number in first...last { words[number / 64] |= 1 << UInt64(number % 64) }
        }
        self.words = words
        self.text = text
    }

    init(_ field: JSONField) throws(JSONError) {
        guard let set = NumberSet(try field.string()) else { throw field.error("must be a list such as 0-3,7") }
        self = set
    }
}

extension JSONField {
    /// A list of numbers; nil where the member is absent or empty.
    func numberSet(_ name: String) throws(JSONError) -> NumberSet? {
        guard let field = try optional(name), try !field.string().isEmpty else { return nil }
        return try NumberSet(field)
    }
}
