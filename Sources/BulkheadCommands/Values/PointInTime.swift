/// `--since` and `--until`: seconds since 1970, a timestamp, a date, or a time before now such as `1h30m`.
enum PointInTime {
    /// The option's value as the API takes it.
    static func parse(_ text: String?, now: Int64 = Amounts.now) throws(CommandError) -> String? {
        guard let text, !text.isEmpty else { return nil }
        if text.allSatisfy({ $0.isNumber || $0 == "." }) { return text }
        if let seconds = duration(text) { return fraction(Double(now) - seconds) }
        let date = text.contains("T") ? text : text + "T00:00:00"
        if let seconds = Amounts.parse(timestamp: date.count < 20 ? date + "Z" : date) { return "\(seconds)" }
        throw .usage(
            "invalid time \"\(text)\": expected seconds, 2026-01-02T15:04:05Z, 2026-01-02, or 10m for ten minutes ago")
    }

    private static func fraction(_ seconds: Double) -> String {
        seconds == seconds.rounded() ? "\(Int64(seconds))" : Amounts.fixed(seconds, decimals: 3)
    }

    /// `1h30m5s` in seconds, or nil.
    private static func duration(_ text: String) -> Double? {
        let units: [(String, Double)] = [("ms", 0.001), ("h", 3600), ("m", 60), ("s", 1), ("d", 86400)]
        var rest = text[...]
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest[digits.endIndex...]
            guard let number = Double(digits), let unit = units.first(where: { rest.hasPrefix($0.0) }) else {
                return nil
            }
            rest = rest.dropFirst(unit.0.count)
            total += number * unit.1
        }
        return total
    }
}
