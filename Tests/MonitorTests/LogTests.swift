import Foundation
import TestKit
import Testing
import Wire

@testable import Monitor

@Suite(.blocking) struct LogTests {
    static let time: Int64 = 1_700_000_000_123_450_000
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "monitor-log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func text(_ name: String = "log") -> String? {
        try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    private func log(maximumSize: UInt64? = nil, maximumFiles: Int = 1) throws -> LogFile {
        try LogFile(
            LogSetup(path: folder.appending(path: "log").path, maximumSize: maximumSize, maximumFiles: maximumFiles))
    }

    @Test func linesAreWrittenAsDockerWritesThem() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var log = try log()
        try log.write(Array("hello\nwor".utf8), .output, time: LogTests.time)
        try log.write(Array("oops\n".utf8), .error, time: LogTests.time)
        try log.write(Array("ld\n".utf8), .output, time: LogTests.time + 50_000_000)
        #expect(
            text() == """
                {"log":"hello\\n","stream":"stdout","time":"2023-11-14T22:13:20.12345Z"}
                {"log":"oops\\n","stream":"stderr","time":"2023-11-14T22:13:20.12345Z"}
                {"log":"world\\n","stream":"stdout","time":"2023-11-14T22:13:20.17345Z"}

                """)
    }

    @Test func anUnfinishedLastLineHasNoNewline() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var log = try log()
        try log.write(Array("end".utf8), .output, time: LogTests.time)
        #expect(text() == "")
        try log.finish(.output, time: LogTests.time)
        #expect(text() == #"{"log":"end","stream":"stdout","time":"2023-11-14T22:13:20.12345Z"}"# + "\n")
    }

    @Test(arguments: [
        (#"a"b\c"#, #"a\"b\\c"#), ("t\tr\re\u{1B}[0m\0", #"t\u0009r\re\u001b[0m\u0000"#),
        ("<a & b>", #"\u003ca \u0026 b\u003e"#), ("é€😀", "é€😀"), ("\u{2028}\u{2029}", #"\u2028\u2029"#),
        ("\u{7F}", "\u{7F}"),
    ]) func charactersAreEscapedAsDockerEscapesThem(input: String, expected: String) {
        var bytes: [UInt8] = []
        LogLine.write(Array(input.utf8)[...], stream: "stdout", time: 0, to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"log":""# + expected + #"","stream":"stdout","time":"1970-01-01T00:00:00Z"}"# + "\n")
    }

    @Test(
        arguments: [
            ([0xFF], 1), ([0xC3], 1), ([0xE2, 0x82], 2), ([0xC0, 0x80], 2), ([0xED, 0xA0, 0x80], 3),
            ([0xF4, 0x90, 0x80, 0x80], 4), ([0xF0, 0x9F, 0x98], 3),
        ] as [([UInt8], Int)]) func bytesThatAreNoTextBecomeReplacementCharacters(input: [UInt8], count: Int)
    {
        var bytes: [UInt8] = []
        LogLine.write((input + [0x41])[...], stream: "stdout", time: 0, to: &bytes)
        let expected = String(repeating: #"\ufffd"#, count: count) + "A"
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix(#"{"log":""# + expected + #"","#))
    }

    @Test func longLinesAreSplitAt16KiBWithTheTimeOfTheirFirstPart() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var log = try log()
        let line = String(repeating: "x", count: 40_000) + "\n"
        for (index, start) in stride(from: 0, to: line.utf8.count, by: 999).enumerated() {
            let chunk = Array(Array(line.utf8)[start..<min(start + 999, line.utf8.count)])
            try log.write(chunk, .output, time: LogTests.time + Int64(index))
        }
        let entries = try (text() ?? "").split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String])
        }
        let parts = entries.map { $0["log"] ?? "" }
        let sizes = parts.map(\.utf8.count)
        #expect(sizes == [16384, 16384, 7233])
        #expect(parts.map { $0.hasSuffix("\n") } == [false, false, true])
        #expect(Set(entries.map { $0["time"] ?? "" }).count == 1)
    }

    @Test func aFullFileIsSetAsideAndTheOldestGoes() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var log = try log(maximumSize: 100, maximumFiles: 3)
        for number in 1...8 { try log.write(Array("line \(number)\n".utf8), .output, time: LogTests.time) }
        // Each entry has 77 bytes: the second one finds less than 100 and goes into the same file.
        #expect(text()?.contains("line 7") == true && text()?.contains("line 8") == true)
        #expect(text("log.1")?.contains("line 5") == true && text("log.2")?.contains("line 3") == true)
        #expect(text("log.3") == nil)
    }

    @Test func aSingleFileIsBegunAnew() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var log = try log(maximumSize: 50)
        try log.write(Array("a\nb\nc\n".utf8), .output, time: LogTests.time)
        #expect(text()?.contains(#""c\n""#) == true && text()?.contains(#""a\n""#) == false)
        #expect(text("log.1") == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400_000_000_000, "2000-02-29T00:00:00Z"),
            (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999999999Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
            (1_000_000_010, "1970-01-01T00:00:01.00000001Z"),
        ] as [(Int64, String)]) func timesAreWrittenAsGoWritesThem(nanoseconds: Int64, expected: String)
    {
        var bytes: [UInt8] = []
        Timestamp.write(nanoseconds, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }
}
