/// `512`, `64m`, `1.5g`: bytes with Docker's binary units.
enum ByteSize {
    /// The number of bytes, or nil for a text that is none.
    static func parse(_ text: String) -> Int64? {
        let lower = text.lowercased()
        let digits = lower.prefix { $0.isNumber || $0 == "." }
        let unit = lower[digits.endIndex...].drop { $0 == " " }
        guard let number = Double(digits), number.isFinite else { return nil }
        let factor: Double
        switch unit {
        case "", "b": factor = 1
        case "k", "kb", "kib": factor = 1024
        case "m", "mb", "mib": factor = 1024 * 1024
        case "g", "gb", "gib": factor = 1024 * 1024 * 1024
        case "t", "tb", "tib": factor = 1024 * 1024 * 1024 * 1024
        case "p", "pb", "pib": factor = 1024 * 1024 * 1024 * 1024 * 1024
        default: return nil
        }
        return Int64(exactly: (number * factor).rounded(.towardZero))
    }

    /// An option's value as bytes.
    static func parse(_ text: String?, option: String) throws(CommandError) -> Int64? {
        guard let text else { return nil }
        guard let bytes = parse(text) else {
            throw .usage("invalid size \"\(text)\" for \(option): expected a number with an optional unit b, k, m or g")
        }
        return bytes
    }
}
