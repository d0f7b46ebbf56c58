import Glibc
import Linux
import Synchronization
import TestKit
import Testing

@testable import VMM

/// Connections between a simulated guest and real Unix sockets.
@Suite("vsock: device", .serialized, .blocking) struct VsockDeviceTests {
    private func configuration(_ device: any VirtioDevice, _ offset: Int, _ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xFF, count: count)
        bytes.withUnsafeMutableBytes { device.readConfiguration(at: offset, into: $0) }
        return bytes
    }

    @Test func configurationHasTheContext() throws {
        let device = try VsockHost().device
        #expect(configuration(device, 0, 10) == [3, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(configuration(device, 4, 4) == [0, 0, 0, 0])
        #expect(configuration(device, .max, 2) == [0, 0])
        #expect(configuration(device, -1, 2) == [0, 3])
    }

    @Test(arguments: [0, 1, 2, 0xFFFF_FFFF, 1 << 32] as [UInt64])
    func reservedContextIsRefused(context: UInt64) throws {
        let thread = try IOThread("vsock-test")
        #expect(throws: SystemError.self) {
            _ = try VsockDevice(guestContext: context, path: nil, listener: nil, thread: thread)
        }
    }

    @Test func hostConnectsToTheGuest() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device)
        let client = try HostEnd(host, guest)
        let ports = client.ports
        #expect(ports.guest == 52 && VsockTable.hostPorts.contains(ports.host))
        try client.writeAll(Array("hello".utf8))
        #expect(try guest.expect(.data).payload == Array("hello".utf8))
        guest.send(.data, ports, Array("world".utf8))
        #expect(try client.read(exactly: 5) == Array("world".utf8))
        #expect(host.device.counters.bytesSent == 5 && host.device.counters.bytesReceived == 5)
        #expect(host.device.counters.connections == 1)

        // The guest closes.
        guest.send(.shutdown, ports, flags: .both)
        _ = try guest.expect(.reset)
        #expect(try client.read(exactly: 1) == [])
        #expect(host.device.counters.connections == 0)
    }

    @Test func bytesBehindTheLineBelongToTheStream() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device)
        let client = try UnixSocket.connect(host.path)
        try client.writeAll("CONN")
        try client.writeAll("ECT 7\nfirst")
        let request = try guest.expect(.request)
        guest.send(.response, request.ports)
        #expect(try guest.expect(.data).payload == Array("first".utf8))
        try client.writeAll("second")
        #expect(try guest.expect(.data).payload == Array("second".utf8))
    }

    @Test(arguments: ["CONNECT x\n", "hello there\n", "CONNECT 99999999999\n"])
    func clientThatSaysSomethingElseIsClosed(text: String) throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device)
        let client = try UnixSocket.connect(host.path)
        client.limitWaiting(seconds: 20)
        try client.writeAll(text)
        // What it said after the mistake was not read: then its end is a reset.
        do { #expect(try client.readLine() == "") } catch let error as SystemError { #expect(error.code == ECONNRESET) }
        #expect(guest.hasNothing(from: host))
    }

    @Test func clientsBeforeTheDriverWaitForIt() throws {
        let host = try VsockHost()
        let client = try host.connect(to: 9)
        let guest = try VsockGuest(host.device)
        let request = try guest.expect(.request)
        #expect(request.ports.guest == 9)
        guest.send(.response, request.ports)
        #expect(try client.readLine().hasPrefix("OK "))
    }

    @Test func guestRefusesTheHost() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device)
        let client = try host.connect(to: 53)
        client.limitWaiting(seconds: 20)
        guest.send(.reset, try guest.expect(.request).ports)
        #expect(try client.readLine() == "")
    }

    @Test func guestThatDoesNotAnswerLosesItsClient() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device)
        let client = try host.connect(to: 53)
        client.limitWaiting(seconds: 20)
        let request = try guest.expect(.request)
        #expect(try client.readLine() == "")
        #expect(try guest.expect(.reset).ports == request.ports)
    }

    @Test func guestConnectsToTheHost() throws {
        let host = try VsockHost()
        let listener = try host.listen(at: 1024)
        let guest = try VsockGuest(host.device)
        let ports = VsockPorts(guest: 4000, host: 1024)
        guest.send(.request, ports)
        let response = try guest.expect(.response)
        #expect(response.ports == ports && response.header.allocated == VsockWorker.room)
        guard let server = try UnixSocket.accept(listener) else {
            Issue.record("nobody connected")
            return
        }
        server.limitWaiting(seconds: 20)
        guest.send(.data, ports, [1, 2, 3])
        #expect(try server.read(exactly: 3) == [1, 2, 3])
        // The host closes.
        try server.writeAll("bye")
        _ = consume server
        #expect(try guest.expect(.data).payload == Array("bye".utf8))
        // That it sends no more may be seen before it is seen that it reads no more.
        var halves: UInt32 = 0
        while halves != VsockHalves.both.rawValue { halves |= try guest.expect(.shutdown).header.flags }
        guest.send(.reset, ports)
        #expect(host.device.counters.connections == 0)
    }

    @Test func guestIsRefusedWhereNobodyListens() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device)
        guest.send(.request, VsockPorts(guest: 4000, host: 1025))
        #expect(try guest.expect(.reset).ports == VsockPorts(guest: 4000, host: 1025))
    }

    @Test func vmmConnectsWithoutAPath() throws {
        let host = try VsockHost()
        let pair = try UnixSocket.pair()
        let mine = pair.first
        mine.limitWaiting(seconds: 20)
        host.device.connect(pair.second, to: 1)
        try mine.writeAll("request")
        let guest = try VsockGuest(host.device)
        let request = try guest.expect(.request)
        #expect(request.ports.guest == 1)
        guest.send(.response, request.ports)
        #expect(try guest.expect(.data).payload == Array("request".utf8))
        guest.send(.data, request.ports, Array("answer".utf8))
        #expect(try mine.read(exactly: 6) == Array("answer".utf8), "and no line before it")
        guest.send(.reset, request.ports)
        #expect(try mine.read(exactly: 1) == [])
    }

    @Test func eachHalfEndsByItself() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device)
        let client = try HostEnd(host, guest)
        let ports = client.ports
        try client.writeAll(Array("last".utf8))
        try UnixSocket.shutdownWriting(client.socket)
        #expect(try guest.expect(.data).payload == Array("last".utf8))
        #expect(try guest.expect(.shutdown).header.flags == VsockHalves.sending.rawValue)
        guest.send(.data, ports, Array("still".utf8))
        #expect(try client.read(exactly: 5) == Array("still".utf8))
        guest.send(.shutdown, ports, flags: .sending)
        #expect(try client.read(exactly: 1) == [])
        #expect(host.device.counters.connections == 1)
        guest.send(.shutdown, ports, flags: .both)
        // That the host's socket is of no use any more may be told first.
        var last = guest.next()
        while last?.operation == .shutdown { last = guest.next() }
        #expect(last?.operation == .reset)
        #expect(host.device.counters.connections == 0)
    }

    /// The host does not read: the device holds what it has promised room for, and the guest is told when there is more.
    @Test func streamOfTheGuestArrivesWholeAtASlowHost() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device)
        let client = try HostEnd(host, guest)
        let ports = client.ports
        let data = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 11) }
        var (sent, told): (Int, UInt32) = (0, 0)
        var got: [UInt8] = []
        while got.count < data.count {
            let room = Int(VsockWorker.room) - (sent - Int(told))
            let count = min(room, 65536, data.count - sent)
            if count > 0 {
                guest.send(.data, ports, Array(data[sent..<sent + count]))
                sent += count
                continue
            }
            // As long as there is room in the host's socket, it is told at once.
            if sent < data.count {
                guest.send(.creditRequest, ports)
                // The answer is the last: it may have told of its own accord before.
                repeat { told = try guest.expect(.creditUpdate).header.forwarded } while !guest.hasNothing(from: host)
                if sent - Int(told) < Int(VsockWorker.room) { continue }
            }
            got += try client.read(exactly: min(100_000, data.count - got.count))
        }
        #expect(got == data)
    }

    @Test func streamOfTheHostArrivesWholeAndKeepsToTheGuestsRoom() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device)
        guest.room = 10_000
        let client = try HostEnd(host, guest)
        let ports = client.ports
        let data = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 9) }
        let writer = ConcurrentWriter(data, to: client.socket.rawValue)
        defer { writer.wait() }
        var (got, reported): ([UInt8], UInt32) = ([], 0)
        while got.count < data.count {
            let packet = try #require(guest.next())
            if packet.operation == .creditRequest {
                reported = UInt32(got.count)
                guest.send(.creditUpdate, ports)
                continue
            }
            #expect(packet.operation == .data)
            got += packet.payload
            #expect(got.count - Int(reported) <= 10_000, "more than the guest had room for")
        }
        #expect(got == data)
    }

    /// One receive buffer at a time: every stream that has something gets its turn.
    @Test func scarceBuffersAreSharedFairly() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device, buffers: 1, bufferSize: 100 + VsockHeader.size)
        var clients: [HostEnd] = []
        for _ in 0..<4 { clients.append(try HostEnd(host, guest)) }
        for client in clients { try client.writeAll([UInt8](repeating: 1, count: 5000)) }
        var turns: [VsockPorts] = []
        for _ in 0..<80 { turns.append(try guest.expect(.data).ports) }
        for start in stride(from: 20, to: 80, by: 4) {
            #expect(Set(turns[start..<start + 4]).count == 4, "\(start)")
        }
    }

    /// Several buffers are filled by one read; one that holds no more than a header is given back empty, wherever it stands.
    @Test func aBufferThatIsTooSmallAmongOthersLosesNothing() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device, bufferSize: 100 + VsockHeader.size)
        let client = try HostEnd(host, guest)
        let small = guest.driver.memory.allocate(VsockHeader.size)
        guest.driver.queues[0].add([.init(address: small, count: VsockHeader.size, writable: true)])
        let sent = (0..<5050).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try client.writeAll(sent)
        var received: [UInt8] = []
        while received.count < sent.count { received += try guest.expect(.data).payload }
        #expect(received == sent)
        #expect(host.device.counters.dropped == 1)
    }

    @Test func malformedPacketsAreIgnoredOrRefused() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device)
        let ports = VsockPorts(guest: 5, host: 6)
        // Not even a header.
        guest.driver.queues[1].add([.init(address: guest.driver.memory.place([1, 2, 3]), count: 3)])
        guest.driver.notify(1)
        _ = guest.driver.used(1)
        var header = guest.header(.request, ports)
        header.sourceContext = 4
        guest.send(header)
        header = guest.header(.request, ports)
        header.destinationContext = 1
        guest.send(header)
        guest.send(.reset, ports)
        #expect(guest.hasNothing(from: host) && host.device.counters.dropped == 4)

        header = guest.header(.request, ports)
        header.type = 2
        guest.send(header)
        #expect(try guest.expect(.reset).header.type == 2)
        header = guest.header(.data, ports, length: 1 << 20)
        guest.send(header, [1])
        _ = try guest.expect(.reset)
        header = guest.header(.data, ports)
        header.operation = 99
        guest.send(header)
        _ = try guest.expect(.reset)
        #expect(!guest.driver.interrupt.needsReset)

        // A malformed packet of a stream ends it.
        let client = try HostEnd(host, guest)
        let open = client.ports
        guest.send(guest.header(.data, open, length: 5000), [1])
        #expect(try guest.expect(.reset).ports == open)
        #expect(try client.read(exactly: 1) == [])
    }

    @Test func brokenQueueEndsTheDeviceUntilItIsReset() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device)
        let client = try HostEnd(host, guest)
        guest.driver.queues[1].offer(1000)
        guest.driver.kick(1)
        #expect(guest.driver.waitForConfigurationChange())
        #expect(guest.driver.interrupt.needsReset && guest.driver.failures.texts.count == 1)
        #expect(try client.read(exactly: 1) == [], "its connections end")
        guest.driver.reset()
        let next = try VsockGuest(host.device)
        _ = try HostEnd(host, next)
    }

    @Test func resetEndsConnectionsAndLeavesTheListener() throws {
        let host = try VsockHost()
        let guest = try VsockGuest(host.device)
        let client = try HostEnd(host, guest)
        guest.driver.reset()
        #expect(try client.read(exactly: 1) == [])
        #expect(host.device.counters.connections == 0)
        let next = try VsockGuest(host.device)
        let ports = try HostEnd(host, next).ports
        #expect(ports.guest == 52)
    }

    @Test func thereAreNoMoreThan1023Connections() throws {
        let host = try VsockHost()
        let listener = try host.listen(at: 1)
        let guest = try VsockGuest(host.device, buffers: 32)
        var answers: [VsockOperation?: Int] = [:]
        for port in 0..<1030 as Range<UInt32> {
            guest.send(.request, VsockPorts(guest: port, host: 1))
            answers[guest.next()?.operation, default: 0] += 1
        }
        #expect(answers == [.response: 1023, .reset: 7])
        guest.send(.shutdown, VsockPorts(guest: 0, host: 1), flags: .both)
        _ = try guest.expect(.reset)
        guest.send(.request, VsockPorts(guest: 2000, host: 1))
        _ = try guest.expect(.response)
        _ = consume listener
    }
}
