internal import Glibc

/// Sizes and times as Docker's commands write them.
enum Amounts {
    /// `1.25MB`: decimal units, three significant digits.
    static func decimalSize(_ bytes: Double) -> String {
        size(bytes, base: 1000, units: ["B", "kB", "MB", "GB", "TB", "PB"], digits: 3)
    }

    /// `1.25MiB`: binary units, four significant digits.
    static func binarySize(_ bytes: Double) -> String {
        size(bytes, base: 1024, units: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], digits: 4)
    }

    private static func size(_ bytes: Double, base: Double, units: [String], digits: Int) -> String {
        var value = bytes
        var unit = 0
        while value >= base && unit < units.count - 1 {
            value /= base
            unit += 1
        }
        return significant(value, digits: digits) + units[unit]
    }

    /// A number with so many significant digits and no zeros at its end (C's `%.Ng`).
    static func significant(_ value: Double, digits: Int) -> String {
        let whole = value.rounded()
        if abs(value) >= pow(10, Double(digits)) || whole == value { return String(Int64(whole)) }
        let before = value == 0 ? 1 : max(1, Int(log10(abs(value))) + 1)
        return trimmed(fixed(value, decimals: max(0, digits - before)))
    }

    /// A number with so many digits behind the point.
    static func fixed(_ value: Double, decimals: Int) -> String {
        let scale = pow(10, Double(decimals))
        let scaled = Int64((abs(value) * scale).rounded())
        let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
        let sign = value < 0 && scaled != 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(whole)" }
        let digits = String(fraction)
        return "\(sign)\(whole)." + String(repeating: "0", count: decimals - digits.count) + digits
    }

    private static func trimmed(_ number: String) -> String {
        guard number.contains(".") else { return number }
        var number = number[...]
        while number.hasSuffix("0") { number.removeLast() }
        if number.hasSuffix(".") { number.removeLast() }
        return String(number)
    }

    /// `About a minute`, `3 hours`: the time between two moments.
    static func duration(seconds: Int64) -> String {
        let minutes = seconds / 60
        let hours = Int64((Double(seconds) / 3600).rounded())
        switch true {
        case seconds < 1: return "Less than a second"
        case seconds == 1: return "1 second"
        case seconds < 60: return "\(seconds) seconds"
        case minutes == 1: return "About a minute"
        case minutes < 60: return "\(minutes) minutes"
        case hours == 1: return "About an hour"
        case hours < 48: return "\(hours) hours"
        case hours < 24 * 7 * 2: return "\(hours / 24) days"
        case hours < 24 * 30 * 2: return "\(hours / 24 / 7) weeks"
        case hours < 24 * 365 * 2: return "\(hours / 24 / 30) months"
        default: return "\(hours / 24 / 365) years"
        }
    }

    /// Seconds since 1970, now.
    static var now: Int64 { Int64(time(nil)) }

    /// `2026-11-23 07:10:00 +0000 UTC` in the local time zone.
    static func moment(_ seconds: Int64) -> String { formatted(seconds, "%Y-%m-%d %H:%M:%S %z %Z") }

    /// `2026-11-23T07:10:00.123456789+01:00` in the local time zone.
    static func moment(nanoseconds: Int64) -> String {
        let (seconds, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let digits = String(fraction)
        let zone = formatted(seconds, "%z")
        return formatted(seconds, "%Y-%m-%dT%H:%M:%S.") + String(repeating: "0", count: 9 - digits.count) + digits
            + zone.prefix(3) + ":" + zone.suffix(2)
    }

    private static func formatted(_ seconds: Int64, _ format: String) -> String {
        var moment = time_t(seconds)
        var parts = tm()
        guard localtime_r(&moment, &parts) != nil else { return String(seconds) }
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Seconds since 1970 of `2026-11-23T07:10:00.123Z`, or nil; the fraction is dropped.
    static func parse(timestamp text: String) -> Int64? {
        let digits = text.split { !$0.isNumber }.prefix(6).compactMap { Int32($0) }
        guard digits.count == 6, text.count >= 20 else { return nil }
        var parts = tm()
        parts.tm_year = digits[0] - 1900
        parts.tm_mon = digits[1] - 1
        parts.tm_mday = digits[2]
        parts.tm_hour = digits[3]
        parts.tm_min = digits[4]
        parts.tm_sec = digits[5]
        let zone = text.dropFirst(19).drop { $0 == "." || $0.isNumber }
        var offset: Int64 = 0
        if let sign = zone.first, sign == "+" || sign == "-" {
            let numbers = zone.dropFirst().split(separator: ":").compactMap { Int64($0) }
            guard numbers.count == 2 else { return nil }
            offset = (numbers[0] * 3600 + numbers[1] * 60) * (sign == "+" ? 1 : -1)
        }
        return Int64(timegm(&parts)) - offset
    }
}
