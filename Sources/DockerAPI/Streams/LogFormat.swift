import Engine

/// How lines of a log are written to a client.
struct LogFormat: Sendable {
    let stream: StreamFormat
    /// Whether the time stands in front.
    var timestamps = false
    /// What stands between time and line on request; nil: nothing.
    var details: String?

    func bytes(_ entry: LogEntry) -> [UInt8] {
        var line: [UInt8] = []
        if timestamps { line += Array((RFC3339.text(entry.time, fixed: true) + " ").utf8) }
        if let details { line += Array((details + " ").utf8) }
        line += entry.bytes
        guard stream == .multiplexed else { return line }
        return StreamFormat.header(stream: entry.isError ? 2 : 1, length: line.count) + line
    }
}
