import OCI

/// Lines of Docker's json-file format: `{"log":"text\n","stream":"stdout","time":"2026-01-02T03:04:05.000000006Z"}`.
enum LogLine {
    /// The entry, or nil for a line that is none: a power cut may have left half of one.
    static func parse(_ line: ArraySlice<UInt8>) -> LogEntry? {
        guard let document = try? JSON(parsing: Array(line)),  // what is no JSON is no entry
            case .object(let members) = document, case .string(let text)? = members["log"],
            case .string(let time)? = members["time"], let time = parseTime(time)
        else { return nil }
        return LogEntry(isError: members["stream"] == "stderr", time: time, bytes: Array(text.utf8))
    }

    /// Nanoseconds since 1970 of a time in UTC as Go prints it: `2026-01-02T03:04:05.123456789Z`, fraction optional.
    static func parseTime(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { return nil }
        func number(_ from: Int, _ count: Int) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[from..<from + count] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
            let minute = number(14, 2), let second = number(17, 2), (1...12).contains(month)
        else { return nil }
        var nanoseconds: Int64 = 0
        let digits = bytes.count - 21
        if digits > 0 {
            guard digits <= 9, let fraction = number(20, digits) else { return nil }
            nanoseconds = (0..<(9 - digits)).reduce(fraction) { value, _ in value * 10 }
        }
        let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
        return seconds * 1_000_000_000 + nanoseconds
    }

    /// Days since 1970-01-01 of a date in the Gregorian calendar.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // Years begin in March here, so that the leap day is the last of a year.
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
