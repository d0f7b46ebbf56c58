import Foundation
import Linux
import TestKit
import Testing

@testable import BulkheadCommands

@Suite(.blocking) struct StreamTests {
    @Test func standardDetachKeys() throws {
        #expect(try DetachKeys("ctrl-p,ctrl-q") == .standard)
        #expect(try DetachKeys("a,ctrl-@,ctrl-\\").sequence == [0x61, 0, 28])
        #expect(throws: CommandError.self) { try DetachKeys("ctrl-p,") }
        #expect(throws: CommandError.self) { try DetachKeys("ctrl-") }
        #expect(throws: CommandError.self) { try DetachKeys("alt-x") }
    }

    @Test func keysThatOnlyBeginTheSequenceArePassedOn() {
        var scanner = DetachKeyScanner(.standard)
        #expect(scanner.scan([0x61, 0x10]) == ([0x61], false))
        #expect(scanner.scan([0x62]) == ([0x10, 0x62], false))
        #expect(scanner.scan([0x10, 0x10]) == ([0x10], false))
        let last = scanner.scan([0x11, 0x63])
        #expect(last.pass == [] && last.detach)
    }

    @Test(arguments: [1, 3, 8, 9, 100])
    func framesArriveInAnyPieces(size: Int) throws {
        let bytes: [UInt8] =
            [1, 0, 0, 0, 0, 0, 0, 3] + Array("out".utf8) + [2, 0, 0, 0, 0, 0, 0, 0] + [2, 0, 0, 0, 0, 0, 0, 4]
            + Array("errs".utf8)
        var demultiplexer = StreamDemultiplexer()
        var output: [UInt8] = []
        var errors: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            for piece in try demultiplexer.feed(Array(bytes[start..<min(start + size, bytes.count)])) {
                if piece.output == .standardError { errors += piece.bytes } else { output += piece.bytes }
            }
        }
        #expect(String(decoding: output, as: UTF8.self) == "out")
        #expect(String(decoding: errors, as: UTF8.self) == "errs")
    }

    @Test func aFrameOfAnUnknownStreamIsAnError() {
        var demultiplexer = StreamDemultiplexer()
        #expect(throws: CommandError.self) { try demultiplexer.feed([72, 84, 84, 80, 47, 49, 46, 49]) }
    }

    @Test func endpoints() throws {
        #expect(try Endpoint("unix:///a/b") == .unix(path: "/a/b"))
        #expect(try Endpoint("tcp://[::1]:2375") == .tcp(host: "::1", port: 2375))
        #expect(try Endpoint("tcp://host:2375/") == .tcp(host: "host", port: 2375))
        #expect(throws: CommandError.self) { try Endpoint("ssh://host") }
        #expect(throws: CommandError.self) { try Endpoint("unix://relative") }
        let environment = ["DOCKER_HOST": "unix:///docker", "BULKHEAD_HOST": "unix:///bulkhead"]
        #expect(try Endpoint.choose(option: nil, environment: { environment[$0] }) == .unix(path: "/bulkhead"))
        #expect(try Endpoint.choose(option: "/own", environment: { environment[$0] }) == .unix(path: "/own"))
        #expect(try Endpoint.choose(option: nil, environment: { _ in nil }) == .standard)
    }

    @Test func pathsAndParametersAreEscaped() {
        let request = Request(.get, "/images/\("host:5000/a b")/json", query: [("filters", "{\"a\"}"), ("none", nil)])
        #expect(request.target == "/v1.51/images/host:5000/a%20b/json?filters=%7B%22a%22%7D")
    }

    /// A server that reads one request and sends one answer.
    private static func serve(_ answer: String, _ body: (Endpoint) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "cli-\(UUID().uuidString).sock").path
        let listener = try UnixSocket.listen(path)
        defer { unlink(path) }
        let number = try listener.duplicate().release()
        Thread.detachNewThread {
            let listener = Descriptor(adopting: number)
            // The client's expectations fail where the server does.
            guard let connection = try? UnixSocket.accept(listener) else { return }
            var request: [UInt8] = []
            while !request.contains(where: { $0 == 10 })
                || !String(decoding: request, as: UTF8.self).contains("\r\n\r\n")
            {
                guard case .bytes(let bytes)? = try? connection.read(upTo: 4096) else { return }
                request += bytes
            }
            try? connection.writeAll(answer)
        }
        try body(.unix(path: path))
    }

    @Test func bytesBehindTheUpgradeAreKept() throws {
        let head = "HTTP/1.1 101 UPGRADED\r\nContent-Type: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        try StreamTests.serve(head + "first output") { endpoint in
            let stream = try DaemonClient(endpoint: endpoint).hijack(Request(.post, "/containers/\("x")/attach"))
            let received = stream.received
            #expect(String(decoding: received, as: UTF8.self) == "first output")
        }
    }

    @Test func theDaemonsReasonIsReported() throws {
        let body = #"{"message":"No such container: x"}"#
        let answer =
            "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        try StreamTests.serve(answer + body) { endpoint in
            #expect(throws: CommandError.refused(status: 404, message: "No such container: x")) {
                try DaemonClient(endpoint: endpoint).perform(Request(.get, "/containers/\("x")/json"))
            }
        }
    }

    @Test func linesOfAStream() throws {
        let answer =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"a\":1}\n\r\n3\r\n{\"b\r\n6\r\n\":2}\r\n\r\n0\r\n\r\n"
        try StreamTests.serve(answer) { endpoint in
            let stream = try DaemonClient(endpoint: endpoint).stream(Request(.get, "/events"))
            #expect(try stream.document()?["a"].number == 1)
            #expect(try stream.document()?["b"].number == 2)
            #expect(try stream.document() == nil)
        }
    }

    @Test func aConnectionThatBreaksIsAnError() throws {
        try StreamTests.serve("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort") { endpoint in
            #expect(throws: CommandError.self) {
                try DaemonClient(endpoint: endpoint).perform(Request(.get, "/version"))
            }
        }
    }

    @Test func nobodyListens() {
        #expect(
            throws: CommandError.unreachable(endpoint: "unix:///nowhere.sock", reason: "no such file or directory")
        ) { try DaemonClient(endpoint: .unix(path: "/nowhere.sock")).perform(Request(.get, "/version")) }
    }

    @Test func exitCodesOfStarts() {
        func code(_ message: String) -> Int32 { CommandError.refused(status: 400, message: message).startExitCode }
        #expect(code("exec: \"x\": executable file not found in $PATH") == 127)
        #expect(code("stat /x: no such file or directory") == 127)
        #expect(code("exec /x: permission denied") == 126)
        #expect(code("No such image: x") == 125)
    }
}
