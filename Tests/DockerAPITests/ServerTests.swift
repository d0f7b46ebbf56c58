import Foundation
import Glibc
import NIOHTTP1
import Synchronization
import Testing
import Wire

@testable import DockerAPI

/// The server over a real socket, with answers of the test's own.
@Suite struct ServerTests {
    private func serve(
        _ respond: @escaping @Sendable (Exchange) async -> Void, _ test: @escaping @Sendable (String) throws -> Void
    ) async throws {
        let path = "/tmp/api.test.\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let server = APIServer(respond: respond)
        try await server.listen(on: .unix(path: path))
        let result: Result<Void, any Error> = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Result { try test(path) }) }
        }
        await server.shutdown()
        #expect(access(path, F_OK) != 0)
        try result.get()
    }

    @Test func connectionStaysForTheNextRequest() async throws {
        try await serve({ $0.reply(.ok, ["X-Path": $0.head.uri], Array("hello".utf8)) }) { path in
            let client = try RawClient(path: path)
            client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(client.read(until: "hello").contains("X-Path: /a"))
            // Two at once: each is answered in turn.
            client.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\nHEAD /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let both = client.read(until: "")
            #expect(both.contains("X-Path: /b") && both.contains("X-Path: /c"))
            #expect(both.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func chunkedBodyIsRead() async throws {
        try await serve({ exchange in
            let body = (try? await exchange.body.collect(upTo: 1 << 20)) ?? []
            exchange.reply(.ok, [:], body)
        }) { path in
            let client = try RawClient(path: path)
            client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            client.send("4\r\ndefg\r\n0\r\n\r\n")
            #expect(client.read(until: "abcdefg").hasSuffix("abcdefg"))
        }
    }

    @Test func headGoesOutBeforeTheBody() async throws {
        let (go, continuation) = AsyncStream.makeStream(of: Void.self)
        try await serve({ exchange in
            exchange.begin(.ok, [:])
            for await _ in go { break }
            try? await exchange.write(Array("late".utf8))
            exchange.finish()
        }) { path in
            let client = try RawClient(path: path)
            client.send("POST /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            let head = client.read(until: "\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.contains("chunked"))
            continuation.finish()
            #expect(client.read(until: "0\r\n\r\n") == "4\r\nlate\r\n0\r\n\r\n")
        }
    }

    @Test func leavingClientEndsWhatIsOnlyForIt() async throws {
        let cancelled = Mutex(false)
        let (done, continuation) = AsyncStream.makeStream(of: Void.self)
        try await serve({ exchange in
            exchange.begin(.ok, [:])
            exchange.endWithClient()
            do { try await Task.sleep(for: .seconds(30)) } catch { cancelled.withLock { $0 = true } }
            continuation.finish()
        }) { path in
            let client = try RawClient(path: path)
            client.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = client.read(until: "\r\n\r\n")
        }
        for await _ in done {}
        #expect(cancelled.withLock { $0 })
    }

    @Test(arguments: [StreamFormat.multiplexed, .raw])
    func hijackedConnectionCarriesBothDirections(format: StreamFormat) async throws {
        let pair = try Self.pair()
        let monitor = RawClient(adopting: pair.0)
        try await serve({ exchange in
            _ = try? await exchange.body.collect(upTo: 1000)
            guard let connection = try? await exchange.hijack(contentType: format.contentType(.newest)) else { return }
            try? await connection.join(descriptor: pair.1, format: format, detach: nil)
        }) { path in
            let client = try RawClient(path: path)
            client.send(
                "POST /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{}early"
            )
            let head = client.read(until: "\r\n\r\n")
            #expect(
                head == "HTTP/1.1 101 UPGRADED\r\nContent-Type: \(format.contentType(.newest))\r\n"
                    + "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
            #expect(monitor.read(until: "early") == "\u{2}\0\0\0\u{5}\0\0\0early")
            monitor.send("\u{2}\u{2}\0\0\u{3}\0\0\0err")
            #expect(
                client.read(until: "err") == (format == .raw ? "err" : "\u{2}\0\0\0\0\0\0\u{3}err"))
            // The end of input is no end of output.
            client.endInput()
            #expect(monitor.read() == [2, 0, 0, 0, 0, 0, 0, 0])
            monitor.send("\u{2}\u{1}\0\0\u{4}\0\0\0last")
            monitor.endInput()
            #expect(client.read(until: "").hasSuffix("last"))
        }
    }

    @Test func muchOutputArrivesWhole() async throws {
        let pair = try Self.pair()
        let monitor = RawClient(adopting: pair.0)
        try await serve({ exchange in
            guard let connection = try? await exchange.hijack(contentType: "x") else { return }
            try? await connection.join(descriptor: pair.1, format: .raw, detach: nil)
        }) { path in
            let client = try RawClient(path: path)
            client.send("POST /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
            _ = client.read(until: "\r\n\r\n")
            Thread.detachNewThread {
                let block = [UInt8]([2, 1, 0, 0, 0, 0, 1, 0]) + [UInt8](repeating: 7, count: 65536)
                for _ in 0..<256 { monitor.send(block) }
                monitor.endInput()
            }
            var count = 0
            while let some = client.read(), !some.isEmpty { count += some.count }
            #expect(count == 256 * 65536)
        }
    }

    @Test func clientThatLeavesClosesTheStreams() async throws {
        let pair = try Self.pair()
        let monitor = RawClient(adopting: pair.0)
        try await serve({ exchange in
            guard let connection = try? await exchange.hijack(contentType: "x") else { return }
            try? await connection.join(descriptor: pair.1, format: .raw, detach: DetachSequence(keys: [16, 17]))
        }) { path in
            let client = try RawClient(path: path)
            client.send("POST /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
            _ = client.read(until: "\r\n\r\n")
            client.send("ab\u{10}\u{11}")
            #expect(monitor.read(until: "").hasSuffix("ab"))
            #expect(client.read() == [])
        }
    }

    @Test func liveSocketIsNotTakenAway() async throws {
        try await serve({ $0.reply(.ok, [:], []) }) { path in
            let error = #expect(throws: ServerError.self) { try UnixSocketFile.clear(path) }
            #expect(error?.description == "another daemon listens on \(path)")
            #expect(access(path, F_OK) == 0)
        }
    }

    private static func pair() throws -> (Int32, Int32) {
        var pair: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0 else {
            throw ServerError("socketpair: \(errno)")
        }
        return (pair[0], pair[1])
    }
}
