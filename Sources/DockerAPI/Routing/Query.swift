import NIOHTTP1

/// The query of a request, decoded.
struct Query: Sendable {
    private let values: [String: [String]]

    /// Reads what stands behind the question mark.
    init(_ text: Substring) {
        var values: [String: [String]] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? Query.decoded(parts[1], plusIsSpace: true) : ""
            values[Query.decoded(parts[0], plusIsSpace: true), default: []].append(value)
        }
        self.values = values
    }

    /// The first value of that name, or nil.
    subscript(name: String) -> String? { values[name]?.first }

    /// All values of that name.
    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// Whether it is set, to anything but Docker's words for no.
    func flag(_ name: String, default value: Bool = false) -> Bool {
        guard let text = self[name] else { return value }
        return !["", "0", "no", "false", "none"].contains(text.lowercased())
    }

    /// A whole number, or nil where it is absent or empty.
    func number<T: FixedWidthInteger>(_ name: String, as type: T.Type = T.self) throws(APIError) -> T? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard let number = T(text) else { throw APIError(.badRequest, "invalid value for \(name): \"\(text)\"") }
        return number
    }

    /// A time in seconds with an optional fraction, in nanoseconds since 1970; nil where it is absent, empty or 0.
    func time(_ name: String) throws(APIError) -> Int64? {
        guard let text = self[name], !text.isEmpty, text != "0" else { return nil }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? String(parts[1].prefix(9)) : ""
        let padded = fraction + String(repeating: "0", count: 9 - fraction.count)
        guard let seconds = Int64(parts[0]), let nanoseconds = Int64(padded), nanoseconds >= 0,
            case let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000), !overflow
        else { throw APIError(.badRequest, "invalid value for \(name): \"\(text)\" is not a time in seconds") }
        return whole.addingReportingOverflow(nanoseconds).partialValue
    }

    /// Undoes percent-encoding.
    static func decoded(_ text: Substring, plusIsSpace: Bool = false) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(text)
        }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") && plusIsSpace ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
