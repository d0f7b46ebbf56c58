/// One entry of the json-file log, byte for byte as Docker writes it, so that whatever reads Docker's logs reads ours:
///
/// `{"log":"hello\n","stream":"stdout","time":"2026-11-23T07:05:31.12345678Z"}` and a newline.
///
/// Escapes are those of Docker's own writer: `\n`, `\r`, `\"`, `\\`; other control characters, `<`, `>`, `&`, U+2028
/// and U+2029 as `\uXXXX`; every byte that is not part of valid UTF-8 as `\ufffd`.
enum LogLine {
    /// Appends an entry.
    static func write(_ text: ArraySlice<UInt8>, stream: String, time: Int64, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: #"{"log":""#.utf8)
        escape(text, to: &bytes)
        bytes.append(contentsOf: #"","stream":""#.utf8)
        bytes.append(contentsOf: stream.utf8)
        bytes.append(contentsOf: #"","time":""#.utf8)
        Timestamp.write(time, to: &bytes)
        bytes.append(contentsOf: "\"}\n".utf8)
    }

    private static let hexadecimal = Array("0123456789abcdef".utf8)

    private static func escape(_ text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte >= 0x80 {
                let length = sequenceLength(text[index...])
                if length == 0 {
                    bytes.append(contentsOf: #"\ufffd"#.utf8)
                    index += 1
                } else if length == 3, byte == 0xE2, text[index + 1] == 0x80, text[index + 2] & 0xFE == 0xA8 {
                    bytes.append(contentsOf: #"\u202"#.utf8)
                    bytes.append(hexadecimal[Int(text[index + 2] & 0xF)])
                    index += 3
                } else {
                    bytes.append(contentsOf: text[index..<index + length])
                    index += length
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: #"\r"#.utf8)
            case 0..<0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
                bytes.append(contentsOf: #"\u00"#.utf8)
                bytes.append(hexadecimal[Int(byte >> 4)])
                bytes.append(hexadecimal[Int(byte & 0xF)])
            default: bytes.append(byte)
            }
            index += 1
        }
    }

    /// The length of the well-formed UTF-8 sequence of more than one byte that these bytes begin with, or 0.
    private static func sequenceLength(_ bytes: ArraySlice<UInt8>) -> Int {
        let first = bytes[bytes.startIndex]
        let (length, second): (Int, ClosedRange<UInt8>)
        switch first {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard bytes.count >= length, second.contains(bytes[bytes.startIndex + 1]) else { return 0 }
        for offset in 2..<max(length, 2) where bytes[bytes.startIndex + offset] & 0xC0 != 0x80 { return 0 }
        return length
    }
}

/// A point in time as Go's `RFC3339Nano` writes it: UTC, and no zeros at the end of the fraction.
enum Timestamp {
    /// Appends the text for nanoseconds since 1970.
    static func write(_ nanoseconds: Int64, to bytes: inout [UInt8]) {
        let seconds = nanoseconds.dividedFlooring(by: 1_000_000_000)
        let fraction = nanoseconds - seconds * 1_000_000_000
        let days = seconds.dividedFlooring(by: 86400)
        let second = seconds - days * 86400
        let (year, month, day) = date(days)
        digits(year, 4, &bytes)
        bytes.append(UInt8(ascii: "-"))
        digits(month, 2, &bytes)
        bytes.append(UInt8(ascii: "-"))
        digits(day, 2, &bytes)
        bytes.append(UInt8(ascii: "T"))
        digits(second / 3600, 2, &bytes)
        bytes.append(UInt8(ascii: ":"))
        digits(second / 60 % 60, 2, &bytes)
        bytes.append(UInt8(ascii: ":"))
        digits(second % 60, 2, &bytes)
        if fraction != 0 {
            bytes.append(UInt8(ascii: "."))
            digits(fraction, 9, &bytes)
            while bytes.last == UInt8(ascii: "0") { bytes.removeLast() }
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    private static func digits(_ number: Int64, _ count: Int, _ bytes: inout [UInt8]) {
        var rest = number
        let start = bytes.count
        for _ in 0..<count {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }

    /// The Gregorian date of a day since 1970, counting years from March so that the leap day comes last
    /// (H. Hinnant, "chrono-compatible low-level date algorithms").
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.dividedFlooring(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int64 {
    /// The quotient rounded down, for a positive divisor.
    fileprivate func dividedFlooring(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}
