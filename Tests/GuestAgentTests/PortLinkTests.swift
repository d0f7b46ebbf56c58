import Glibc
import Linux
import TestKit
import Testing
import Wire

@testable import GuestAgent

/// The agent's end of the port, with the host's end played by the test.
@Suite(.blocking) struct PortLinkTests {
    /// What a program that ends at once has put out comes, even if the host says something to it afterwards.
    @Test func whatWasSentBeforeTheEndComes() throws {
        // As the agent does: a write that comes too late is an error, not the end.
        signal(SIGPIPE, SIG_IGN)
        let loop = try EventLoop()
        let port = try UnixSocket.pair()
        try port.first.setNonblocking(true)
        let link = try PortLink(port: port.second, in: loop) { socket in
            do { try socket.writeAll("output") } catch { Issue.record(error) }
        } whenLost: {
            Issue.record("lost: \($0)")
        }
        var host = Multiplexer(side: .host)
        let opened = host.open()
        let number = try #require(opened)
        var received: [UInt8] = []
        var isOver = false
        var sent = 0
        for _ in 0..<20 where !isOver {
            try loop.turn(waitingAtMost: 100)
            if case .bytes(let bytes) = try port.first.read(upTo: 65536) {
                for event in try host.receive(bytes) {
                    switch event {
                    case .ready: sent = host.send(Array("too late".utf8), on: number)
                    case .data(number, let bytes): received += bytes
                    case .finished(number), .closed(number): isOver = true
                    default: break
                    }
                }
            }
            let bytes = host.takeOutput()
            if !bytes.isEmpty { #expect(try port.first.write(bytes) == bytes.count) }
        }
        #expect(String(decoding: received, as: UTF8.self) == "output")
        #expect(isOver && sent == 8)
        withExtendedLifetime(link) {}
    }
}
