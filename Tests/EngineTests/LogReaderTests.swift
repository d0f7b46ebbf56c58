import Foundation
import Testing

@testable import Engine

@Suite struct LogReaderTests {
    private let folder = FileManager.default.temporaryDirectory.appending(
        path: "eng-log-\(Identifier.random().prefix(8))")
    private var path: String { folder.appending(path: "c-json.log").path }

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    private func line(_ number: Int, stream: String = "stdout") -> String {
        #"{"log":"line \#(number)\n","stream":"\#(stream)","time":"2026-01-02T03:04:\#(number < 10 ? "0" : "")\#(number).5Z"}"#
            + "\n"
    }

    private func write(_ numbers: ClosedRange<Int>, to name: String? = nil) throws {
        let text = numbers.map { line($0, stream: $0 % 2 == 0 ? "stdout" : "stderr") }.joined()
        try Data(text.utf8).write(to: URL(filePath: name ?? path))
    }

    private func read(_ options: LogOptions, follow: LogFollow? = nil) async throws -> [String] {
        let reader = LogReader(path: path, options: options, follow: follow)
        var lines: [String] = []
        while let entry = try await reader.next() {
            lines.append(String(decoding: entry.bytes, as: UTF8.self).trimmed)
        }
        return lines
    }

    @Test func readsAcrossRotatedFiles() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(1...3, to: path + ".2")
        try write(4...6, to: path + ".1")
        try write(7...9)
        var options = LogOptions()
        #expect(try await read(options) == (1...9).map { "line \($0)" })
        options.tail = 4
        #expect(try await read(options) == (6...9).map { "line \($0)" })
        options.tail = 0
        #expect(try await read(options).isEmpty)
        options.tail = 100
        #expect(try await read(options).count == 9)
    }

    @Test func filtersByStreamAndTime() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(1...9)
        var options = LogOptions()
        options.output = false
        #expect(try await read(options) == ["line 1", "line 3", "line 5", "line 7", "line 9"])
        options.output = true
        options.since = LogLine.parseTime("2026-01-02T03:04:03Z")
        options.until = LogLine.parseTime("2026-01-02T03:04:05.5Z")
        #expect(try await read(options) == ["line 3", "line 4", "line 5"])
    }

    @Test func followsThroughARotationUntilTheEnd() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(1...2)
        let end = ExitWaiter(.notRunning)
        let follow = try LogFollow(directory: folder.path, end: end, until: nil)
        var options = LogOptions()
        options.follow = true
        let wanted = options
        async let lines = read(wanted, follow: follow)
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data(line(3).utf8))
        try file.close()
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        try write(4...5)
        end.resolve(Conclusion(exitCode: 0))
        #expect(try await lines == (1...5).map { "line \($0)" })
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00.000000001Z", 951_825_600_000_000_001),
        ("2026-01-02T03:04:05.5Z", 1_767_323_045_500_000_000),
    ]) func readsTimes(text: String, expected: Int64) {
        #expect(LogLine.parseTime(text) == expected)
    }

    @Test func halfALineIsNoEntry() {
        #expect(LogLine.parse(Array(#"{"log":"x"#.utf8)[...]) == nil)
        #expect(LogLine.parseTime("yesterday") == nil)
    }
}
