import Glibc
import Linux
import TestKit
import Testing

@testable import VMM

/// A console's ports, from the guest's driver to the host's sockets.
@Suite(.blocking) struct ConsoleDeviceTests {
    /// A driver with a console of two ports: `hvc` over a socket pair, `agent` behind a listening socket.
    final class Rig {
        let driver: SimulatedDriver
        let console: ConsoleDevice
        let host: Descriptor
        let path = "/tmp/bulkhead-console-\(getpid())-\(UInt64.random(in: 0...(.max)))"

        init(
            features: UInt64 = .max, before: @escaping @Sendable () throws(SystemError) -> Void = {}
        ) throws {
            var ends: [Int32] = [0, 0]
            #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
            host = Descriptor(adopting: ends[0])
            try host.setNonblocking(true)
            console = try ConsoleDevice(ports: 2, thread: IOThread("console", before: before))
            try console.add(.init(name: "hvc", isConsole: true, end: .stream(Descriptor(adopting: ends[1]))))
            try console.add(.init(name: "agent", end: .listener(UnixSocket.listen(path))))
            driver = SimulatedDriver(console, features: features)
            try driver.activate()
        }
        deinit { unlink(path) }

        func connect() throws -> Descriptor { try UnixSocket.connect(path) }

        /// A control message as bytes.
        static func message(_ port: UInt32, _ event: ConsoleMessage.Event, _ value: UInt16) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.append(littleEndian: port)
            bytes.append(littleEndian: event.rawValue)
            bytes.append(littleEndian: value)
            return bytes
        }

        func tell(_ port: UInt32, _ event: ConsoleMessage.Event, _ value: UInt16) {
            #expect(driver.request(3, [Self.message(port, event, value)]) != nil)
        }

        /// The next message to the guest.
        func hear() -> [UInt8]? {
            driver.request(2, [], writable: [64]).map { Array($0.data.prefix(Int($0.written))) }
        }

        /// Makes both ports known and open for the guest.
        func settle() {
            tell(0, .deviceReady, 1)
            #expect(hear() == Self.message(0, .portAdd, 1))
            #expect(hear() == Self.message(1, .portAdd, 1))
            tell(0, .portReady, 1)
            #expect(hear() == Self.message(0, .consolePort, 1))
            #expect(hear() == Self.message(0, .portName, 1) + Array("hvc".utf8))
            #expect(hear() == Self.message(0, .portOpen, 1))
            tell(1, .portReady, 1)
            #expect(hear() == Self.message(1, .portName, 1) + Array("agent".utf8))
            #expect(hear() == Self.message(1, .portOpen, 0))
            tell(0, .portOpen, 1)
            tell(1, .portOpen, 1)
        }

        /// Reads until so many bytes have come.
        static func read(_ descriptor: borrowing Descriptor, _ count: Int) throws -> [UInt8] {
            var bytes: [UInt8] = []
            var watch = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            while bytes.count < count, poll(&watch, 1, 10_000) == 1 {
                guard case .bytes(let more) = try descriptor.read(upTo: count - bytes.count) else { break }
                bytes += more
            }
            return bytes
        }
    }

    @Test func portsAreToldByNameAndCarryBytesBothWays() throws {
        let rig = try Rig()
        rig.settle()
        #expect(rig.driver.request(1, [Array("hel".utf8), Array("lo".utf8)])?.written == 0)
        #expect(try Rig.read(rig.host, 5) == Array("hello".utf8))
        try rig.host.writeAll("world")
        let reply = rig.driver.request(0, [], writable: [2, 100])
        #expect(reply?.written == 5)
        #expect(reply?.data.starts(with: Array("world".utf8)) == true)
        #expect(rig.console.counters.snapshot == .init(requests: 2, bytesIn: 5, bytesOut: 5))
    }

    @Test func clientsOfASocketComeAndGoOneAfterAnother() throws {
        let rig = try Rig()
        rig.settle()
        for round in 0..<2 {
            let client = try rig.connect()
            #expect(rig.hear() == Rig.message(1, .portOpen, 1))
            #expect(rig.driver.request(5, [[1, 2, UInt8(round)]]) != nil)
            #expect(try Rig.read(client, 3) == [1, 2, UInt8(round)])
            try client.writeAll([9, 8])
            #expect(rig.driver.request(4, [], writable: [10])?.data.prefix(2) == [9, 8])
            _ = consume client
            // Its end is seen where the guest would read.
            rig.driver.queues[4].add([.init(address: rig.driver.memory.allocate(1), count: 1, writable: true)])
            rig.driver.notify(4)
            #expect(rig.hear() == Rig.message(1, .portOpen, 0))
            #expect(rig.driver.request(5, [[7]]) != nil, "what nobody hears goes nowhere")
            if round == 0 {
                // The room that was given is used by the next one.
                let next = try rig.connect()
                #expect(rig.hear() == Rig.message(1, .portOpen, 1))
                try next.writeAll([5])
                #expect(rig.driver.used(4).first?.written == 1)
                _ = consume next
                rig.driver.queues[4].add([.init(address: rig.driver.memory.allocate(1), count: 1, writable: true)])
                rig.driver.notify(4)
                #expect(rig.hear() == Rig.message(1, .portOpen, 0))
                rig.driver.reset()
                try rig.driver.activate()
                rig.settle()
            }
        }
    }

    @Test func clientThatCanNotBeAcceptedWaitsAndTheGuestIsNotTold() throws {
        let rig = try Rig { () throws(SystemError) in
            // On this thread only: accept4 (288) fails as if there were too many descriptors (24).
            try Privilege.setNoNewPrivileges()
            try Privilege.installFilter(
                [0x20, 0, 0, 0, 0, 0, 0, 0, 0x15, 0, 0, 1, 0x20, 1, 0, 0, 6, 0, 0, 0, 24, 0, 5, 0]
                    + [6, 0, 0, 0, 0, 0, 0xFF, 0x7F])
        }
        rig.settle()
        let client = try rig.connect()
        // Rounds of the thread in which it has heard of the client.
        for value in 0..<100 { #expect(rig.driver.request(1, [[UInt8(value)]]) != nil) }
        rig.driver.queues[2].add([.init(address: rig.driver.memory.allocate(64), count: 64, writable: true)])
        rig.driver.kick(2)
        #expect(rig.driver.used(2, atLeast: 1, seconds: 1).isEmpty)
        _ = consume client
    }

    @Test func guestWaitsForASlowHostAndLosesNothing() throws {
        let rig = try Rig()
        rig.settle()
        let chunk = (0..<65536).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
        let place = rig.driver.memory.place(chunk)
        // More than any socket's buffer: the queue stands until the host reads.
        for _ in 0..<12 { rig.driver.queues[1].add([.init(address: place, count: chunk.count)]) }
        rig.driver.notify(1)
        #expect(rig.driver.used(1, atLeast: 12, seconds: 1).count < 12)
        let bytes = try Rig.read(rig.host, 12 * chunk.count)
        #expect(bytes.count == 12 * chunk.count)
        for index in 0..<12 where !bytes[index * chunk.count..<(index + 1) * chunk.count].elementsEqual(chunk) {
            Issue.record("chunk \(index) is not what was sent")
        }
    }

    @Test func hostWaitsUntilTheGuestHasOpenedThePortAndGivenRoom() throws {
        let rig = try Rig()
        rig.settle()
        rig.tell(0, .portOpen, 0)
        rig.driver.queues[0].add([.init(address: rig.driver.memory.allocate(16), count: 16, writable: true)])
        rig.driver.notify(0)
        try rig.host.writeAll([UInt8](repeating: 3, count: 40))
        // A round of the thread, after which it would have come.
        rig.tell(1, .portOpen, 1)
        #expect(rig.driver.queues[0].takeUsed().isEmpty)
        rig.tell(0, .portOpen, 1)
        #expect(rig.driver.used(0).map(\.written) == [16])
        #expect(rig.driver.request(0, [], writable: [16])?.written == 16)
        #expect(rig.driver.request(0, [], writable: [16])?.written == 8)
    }

    @Test func withoutSeveralPortsTheFirstIsJustThere() throws {
        let rig = try Rig(features: ~ConsoleDevice.Feature.multiport)
        #expect(rig.driver.request(1, [Array("early".utf8)]) != nil)
        #expect(try Rig.read(rig.host, 5) == Array("early".utf8))
        try rig.host.writeAll([1])
        #expect(rig.driver.request(0, [], writable: [4])?.data.first == 1)
    }

    @Test func senselessControlMessagesChangeNothing() throws {
        let rig = try Rig()
        for message in [
            [], [1], Rig.message(99, .portReady, 1), Rig.message(.max, .portOpen, 1),
            Rig.message(0, .portAdd, 1), [0, 0, 0, 0, 200, 200, 0, 0],
        ] as [[UInt8]] where !message.isEmpty {
            #expect(rig.driver.request(3, [message]) != nil)
        }
        for _ in 0..<1000 { rig.tell(0, .portReady, 1) }
        rig.tell(0, .portReady, 0)
        rig.tell(0, .deviceReady, 0)
        rig.tell(0, .deviceReady, 1)
        #expect(rig.hear() == Rig.message(0, .portAdd, 1))
        #expect(!rig.driver.interrupt.needsReset)
    }

    @Test func outputGoesToALogWithoutBeingRead() throws {
        let pipe = try PipePair()
        let console = try ConsoleDevice(ports: 1, thread: IOThread("console"))
        try console.add(.init(name: "log", end: .output(pipe.writing.duplicate())))
        let driver = SimulatedDriver(console, features: ~ConsoleDevice.Feature.multiport)
        try driver.activate()
        #expect(driver.request(1, [Array("boot".utf8)]) != nil)
        #expect(try Rig.read(pipe.reading, 4) == Array("boot".utf8))
    }

    @Test func impossibleNumberOfPortsIsRefused() throws {
        #expect(throws: SystemError.self) { _ = try ConsoleDevice(ports: 0, thread: IOThread("console")) }
        #expect(throws: SystemError.self) { _ = try ConsoleDevice(ports: 31, thread: IOThread("console")) }
    }
}
