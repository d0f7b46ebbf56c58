import Glibc
import Linux
import TestKit
import Testing

@Suite("Descriptors", .blocking)
struct DescriptorTests {
    @Test func pipeCarriesBytesAndEnds() throws {
        let pipe = try PipePair()
        do {
            let writing = try pipe.writing.duplicate()
            try writing.writeAll("hello")
        }
        #expect(try pipe.reading.read(upTo: 100) == .bytes(Array("hello".utf8)))
    }

    @Test func nonblockingReadSaysThatItWouldBlock() throws {
        let pipe = try PipePair()
        try pipe.reading.setNonblocking(true)
        #expect(try pipe.reading.read(upTo: 10) == .wouldBlock)
    }

    @Test func closesWithItsOwner() throws {
        let number: Int32
        do {
            let file = Descriptor(adopting: try Descriptor.duplicating(0, atLeast: 900).release())
            number = file.rawValue
            #expect(fcntl(number, F_GETFD) == FD_CLOEXEC)
        }
        #expect(fcntl(number, F_GETFD) == -1)
        let kept = try Descriptor.open("/dev/null").release()
        #expect(fcntl(kept, F_GETFD) == FD_CLOEXEC)
        close(kept)
    }

    @Test func descriptorsTravelOverSockets() throws {
        let pair = try UnixSocket.pair(.sequencedPackets)
        let pipe = try PipePair()
        try UnixSocket.send([1, 2], descriptors: [pipe.writing.rawValue], over: pair.first)
        guard var message = try UnixSocket.receive(upTo: 10, over: pair.second) else {
            Issue.record("no message has come")
            return
        }
        #expect(message.bytes == [1, 2])
        #expect(message.descriptorCount == 1)
        let received = message.takeDescriptor()
        switch received {
        case .some(let writing): try writing.writeAll("x")
        case .none: Issue.record("no descriptor has come")
        }
        #expect(try pipe.reading.read(upTo: 10) == .bytes([UInt8(ascii: "x")]))
    }

    /// The kernel reports the peer's end before what the peer has sent, where something was left unread.
    @Test func whatWasSentBeforeTheEndIsReceived() throws {
        let pair = try UnixSocket.pair(.sequencedPackets)
        let ours = pair.first
        do {
            let theirs = pair.second
            try UnixSocket.send([1], over: ours)
            try UnixSocket.send([2], over: theirs)
        }
        let last = try UnixSocket.receive(upTo: 10, over: ours)?.bytes
        #expect(last == [2])
        let end = try UnixSocket.receive(upTo: 10, over: ours)?.bytes
        #expect(end == [])
    }

    @Test func longSocketPaths() throws {
        let directory = "/tmp/bt-\(UInt32.random(in: 0...UInt32.max))-" + String(repeating: "x", count: 120)
        try Files.makeDirectories(directory)
        defer {
            unlink("\(directory)/s")
            rmdir(directory)
        }
        let listener = try UnixSocket.listen("\(directory)/s")
        let client = try UnixSocket.connect("\(directory)/s")
        try client.writeAll("hi")
        guard let server = try UnixSocket.accept(listener) else {
            Issue.record("no connection has come")
            return
        }
        #expect(try server.read(upTo: 10) == .bytes(Array("hi".utf8)))
    }

    @Test func errorsNameOperationObjectAndReason() {
        #expect {
            try Files.read("/nonexistent")
        } throws: { error in
            "\(error)" == "open /nonexistent: no such file or directory"
        }
    }

    @Test func durableWriteReplaces() throws {
        let path = "/tmp/bt-\(UInt32.random(in: 0...UInt32.max))"
        defer { unlink(path) }
        try Files.writeDurably(path, Array("one".utf8))
        try Files.writeDurably(path, Array("two".utf8))
        #expect(try Files.readText(path) == "two")
    }
}
