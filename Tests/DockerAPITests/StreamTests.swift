import NIOCore
import Testing
import Wire

@testable import DockerAPI

@Suite struct StreamTests {
    @Test func detachKeysAreFoundAcrossReads() throws {
        var sequence = try DetachSequence(parsing: "")
        #expect(sequence.take([0x61, 0x10]) == .init(forwarded: [0x61], detached: false))
        #expect(sequence.take([0x62]) == .init(forwarded: [0x10, 0x62], detached: false))
        #expect(sequence.take([0x10, 0x10, 0x11]) == .init(forwarded: [0x10], detached: true))
    }

    @Test func detachKeysAreNamed() throws {
        #expect(try DetachSequence(parsing: "ctrl-a,x").keys == [1, UInt8(ascii: "x")])
        #expect(try DetachSequence(parsing: "ctrl-@,ctrl-[").keys == [0, 27])
        #expect(throws: APIError.self) { try DetachSequence(parsing: "ctrl-5") }
        #expect(throws: APIError.self) { try DetachSequence(parsing: "a,,b") }
    }

    @Test func framesAreCutWhereverTheyBreak() {
        var all = DataFrames.header(.output, length: 3)
        all.writeString("abc")
        var end = DataFrames.header(.error, length: 0)
        all.writeBuffer(&end)
        var more = DataFrames.header(.error, length: 2)
        all.writeBuffer(&more)
        all.writeString("de")
        for cut in 0...all.readableBytes {
            var frames = DataFrames()
            var found: [DataFrames.Piece] = []
            var rest = all
            for length in [cut, all.readableBytes - cut] {
                guard let part = rest.readSlice(length: length) else { continue }
                frames.append(part)
                while let piece = frames.next() { found.append(piece) }
            }
            #expect(
                found == [.data(.output, ByteBuffer(string: "abc")), .other, .data(.error, ByteBuffer(string: "de"))])
        }
    }

    @Test func whatIsNoFrameIsRefused() {
        var frames = DataFrames()
        frames.append(ByteBuffer(bytes: [9, 0, 0, 0, 1, 0, 0, 0, 1]))
        #expect(frames.next() == nil)
        #expect(frames.isBroken)
    }

    @Test func contentTypeDependsOnVersionAndTerminal() {
        let old = APIVersion(major: 1, minor: 41)
        #expect(StreamFormat.multiplexed.contentType(.newest) == "application/vnd.docker.multiplexed-stream")
        #expect(StreamFormat.multiplexed.contentType(old) == "application/vnd.docker.raw-stream")
        #expect(StreamFormat.raw.contentType(.newest) == "application/vnd.docker.raw-stream")
        #expect(StreamFormat.header(stream: 2, length: 0x1_0203) == [2, 0, 0, 0, 0, 1, 2, 3])
    }

    @Test(
        arguments: [
            (1, "1970-01-01T00:00:00.000000001Z"), (1_700_000_000_500_000_000, "2023-11-14T22:13:20.5Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00Z"), (0, "0001-01-01T00:00:00Z"),
        ] as [(Int64, String)])
    func timesAreWrittenAndRead(time: Int64, text: String) {
        #expect(RFC3339.text(time) == text)
        if time != 0 { #expect(RFC3339.nanoseconds(text) == time) }
    }

    @Test func timesWithOffsetsAreRead() {
        #expect(RFC3339.nanoseconds("2023-11-15T00:13:20+02:00") == 1_700_000_000_000_000_000)
        #expect(RFC3339.nanoseconds("yesterday") == nil)
        #expect(RFC3339.text(1, fixed: true) == "1970-01-01T00:00:00.000000001Z")
        #expect(RFC3339.text(1_700_000_000_000_000_000, fixed: true) == "2023-11-14T22:13:20.000000000Z")
    }

    @Test(
        arguments: [
            (0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"), (180, "3 minutes"),
            (3600, "About an hour"), (86400, "24 hours"), (86400 * 3, "3 days"), (86400 * 20, "2 weeks"),
        ] as [(Int64, String)])
    func spansAreInDockersWords(seconds: Int64, text: String) {
        #expect(HumanDuration.text(nanoseconds: seconds * 1_000_000_000) == text)
    }
}
