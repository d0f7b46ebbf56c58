internal import Glibc
internal import Linux
internal import Wire

/// The json-file log of one container: lines of output in, entries out, with rotation by size.
struct LogFile: ~Copyable {
    /// Lines longer than this are split, as Docker splits them: entries without a newline, all with the first's time.
    static let longestLine = 16 << 10

    private struct PartialLine {
        var bytes: [UInt8] = []
        /// The time of the first part, once a part of this line has been written.
        var began: Int64?
    }

    private let setup: LogSetup
    private var file: Descriptor
    private var size: UInt64
    private var output = PartialLine()
    private var error = PartialLine()

    /// Opens the log, behind what stands in it already.
    init(_ setup: LogSetup) throws(SystemError) {
        let file = try LogFile.open(setup.path, truncating: false)
        size = UInt64(clamping: try FileStatus(of: file.rawValue).size)
        self.setup = setup
        self.file = consume file
    }

    private static func open(_ path: String, truncating: Bool) throws(SystemError) -> Descriptor {
        try Descriptor.open(
            path, [.writeOnly, .create, .append, truncating ? .truncate : []], mode: 0o640)
    }

    /// Writes what the container has put out; an unfinished line waits for its end.
    mutating func write(_ bytes: [UInt8], _ stream: Frame.Stream, time: Int64) throws(SystemError) {
        var line = take(stream)
        var entries: [UInt8] = []
        var start = 0
        do {
            while start < bytes.count {
                let room = LogFile.longestLine - line.bytes.count
                let limit = min(start + room, bytes.count)
                if let end = bytes[start..<limit].firstIndex(of: UInt8(ascii: "\n")) {
                    try add(&line, bytes[start...end], stream, time: time, &entries)
                    line.began = nil
                    start = end + 1
                } else if limit - start == room {
                    line.began = line.began ?? time
                    try add(&line, bytes[start..<limit], stream, time: time, &entries)
                    start = limit
                } else {
                    line.bytes.append(contentsOf: bytes[start..<limit])
                    start = limit
                }
            }
            try append(entries)
        } catch {
            put(line, stream)
            throw error
        }
        put(line, stream)
    }

    /// Writes an unfinished line: nothing more will come.
    mutating func finish(_ stream: Frame.Stream, time: Int64) throws(SystemError) {
        var line = take(stream)
        guard !line.bytes.isEmpty else { return }
        var entries: [UInt8] = []
        try add(&line, [], stream, time: time, &entries)
        try append(entries)
    }

    /// One entry, made of what waited and the rest of the line.
    private mutating func add(
        _ line: inout PartialLine, _ rest: ArraySlice<UInt8>, _ stream: Frame.Stream, time: Int64,
        _ entries: inout [UInt8]
    ) throws(SystemError) {
        if let maximum = setup.maximumSize, size + UInt64(entries.count) >= maximum {
            try append(entries)
            entries = []
            try rotate()
        }
        let whole = line.bytes.isEmpty ? rest : line.bytes[...] + rest
        LogLine.write(whole, stream: stream == .error ? "stderr" : "stdout", time: line.began ?? time, to: &entries)
        line.bytes = []
    }

    private mutating func append(_ entries: [UInt8]) throws(SystemError) {
        guard !entries.isEmpty else { return }
        do { try file.writeAll(entries) } catch { throw SystemError("write", setup.path, code: error.code) }
        size += UInt64(entries.count)
    }

    /// Begins a new file: `.1` is the latest of the old ones. With one file only, it is begun anew.
    private mutating func rotate() throws(SystemError) {
        for number in stride(from: setup.maximumFiles - 1, to: 0, by: -1) {
            let older = number == 1 ? setup.path : "\(setup.path).\(number - 1)"
            do {
                try Files.rename(older, to: "\(setup.path).\(number)")
            } catch  where error.code == ENOENT {}
        }
        file = try LogFile.open(setup.path, truncating: true)
        size = 0
    }

    private mutating func take(_ stream: Frame.Stream) -> PartialLine {
        var line = PartialLine()
        if stream == .error { swap(&line, &error) } else { swap(&line, &output) }
        return line
    }

    private mutating func put(_ line: PartialLine, _ stream: Frame.Stream) {
        if stream == .error { error = line } else { output = line }
    }
}
