import Glibc
import Linux
import TestKit
import Testing

@testable import VMM

/// What limits do, and what hostile guests can do.
@Suite("net: steady state", .serialized, .blocking, .enabled(if: geteuid() == 0, "a tap needs root"))
struct NetSteadyStateTests {
    private static let address = HardwareAddress(for: IPv4Address(value: 0x0A4D_0002))

    private static func setting(_ name: String, _ usual: UInt64) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? usual
    }

    static func datagram(_ network: TestNetwork, _ payload: [UInt8]) -> [UInt8] {
        Frame.ethernet(
            to: network.hardwareAddress, from: Frame.guestAddress, type: 0x0800,
            Frame.ipv4(
                17, from: TestNetwork.guest, to: TestNetwork.host,
                Frame.udp(
                    from: TestNetwork.guest, to: TestNetwork.host, port: TestNetwork.port, payload,
                    completeChecksum: true)))
    }

    /// Twelve packets where five are allowed at once and one more every 40 ms: none is lost, and all take 280 ms.
    @Test func limitedPacketsWaitAndAreNotLost() throws {
        let network = try TestNetwork()
        let limit = RateLimiter.Limits(operations: TokenBucket.Limit(size: 5, refillMilliseconds: 200))
        let device = try NetDevice(
            taps: network.taps, hardwareAddress: Self.address, limits: NetLimits(sending: limit, receiving: limit),
            threads: [IOThread("net-test")])
        let guest = try NetGuest(device)
        // The host learns the guest's address, which costs both limits a packet.
        try network.sendDatagram([1])
        _ = try #require(guest.next())
        var start = Clock.monotonicMilliseconds
        for number in 0..<12 as Range<UInt8> { try network.sendDatagram([number]) }
        for number in 0..<12 as Range<UInt8> {
            #expect(try #require(guest.next()).frame.dropFirst(42).first == number)
        }
        #expect(Clock.monotonicMilliseconds - start >= 240)
        start = Clock.monotonicMilliseconds
        for number in 0..<12 as Range<UInt8> { guest.send(NetHeader(), Self.datagram(network, [number])) }
        for number in 0..<12 as Range<UInt8> { #expect(network.nextDatagram() == [number]) }
        #expect(Clock.monotonicMilliseconds - start >= 240)
        device.setLimits(NetLimits())
        for number in 0..<100 as Range<UInt8> { guest.send(NetHeader(), Self.datagram(network, [number])) }
        for number in 0..<100 as Range<UInt8> { #expect(network.nextDatagram() == [number]) }
    }

    /// `BULKHEAD_FUZZ_SECONDS` (2) is how long it goes on, `BULKHEAD_FUZZ_SEED` (1) where it begins.
    @Test func hostileGuestOnlyHarmsItself() throws {
        let network = try TestNetwork(queues: 2)
        let ioThread = try IOThread("net-test")
        let device = try NetDevice(taps: network.taps, hardwareAddress: Self.address, threads: [ioThread])
        let deadline = Clock.monotonicMilliseconds + Int64(Self.setting("BULKHEAD_FUZZ_SECONDS", 2)) * 1000
        var seed = Self.setting("BULKHEAD_FUZZ_SEED", 1)
        var rounds = 0
        while Clock.monotonicMilliseconds < deadline {
            defer { seed += 1 }
            var random = SeededRandom(seed: seed)
            let features = random.next() % 3 == 0 ? ~NetFeature.mergeableBuffers : .max
            let guest = try NetGuest(
                device, features: features, buffers: Int(random.next() % 8), bufferSize: Int(random.next() % 3000) + 1,
                queueSize: 64)
            for _ in 0..<60 {
                attack(guest, network, &random)
                if random.next() % 10 == 0 { try network.sendDatagram([UInt8](repeating: 1, count: 100)) }
            }
            for queue in 0..<5 { guest.driver.kick(queue) }
            ioThread.run { _ in }
            guest.driver.reset()
            rounds += 1
        }
        #expect(rounds > 5)
        let guest = try NetGuest(device)
        let answer = guest.driver.request(4, [[4, 0, 1, 0]], writable: [1])
        #expect(answer?.data == [0])
        guest.send(NetHeader(), Self.datagram(network, [7]))
        var last: [UInt8]?
        while let next = network.nextDatagram() {
            last = next
            if next == [7] { break }
        }
        #expect(last == [7])
    }

    private func attack(_ guest: NetGuest, _ network: TestNetwork, _ random: inout SeededRandom) {
        let queue = Int(random.next() % 5)
        let simulated = guest.driver.queues[queue]
        switch random.next() % 8 {
        case 0:
            simulated.write(
                VirtDescriptor(
                    address: random.next() % 3 == 0 ? random.next() : random.next() % (50 << 20),
                    count: UInt32(truncatingIfNeeded: random.next() >> (random.next() % 32 + 32)),
                    flags: UInt16(random.next() % 8), next: UInt16(random.next() % 70)),
                number: UInt16(random.next() % 64))
            simulated.offer(UInt16(random.next() % 66))
        case 1: if random.next() % 4 == 0 { simulated.setAvailableIndex(UInt16(truncatingIfNeeded: random.next())) }
        case 2, 3:
            simulated.add(
                (0..<random.next() % 6 + 1).map { _ in
                    .init(
                        address: 4096 + random.next() % (40 << 20), count: Int(random.next() % 900) + 1,
                        writable: queue % 2 == 0 && queue < 4)
                })
        case 4:
            guest.driver.queues[4].add([
                .init(address: guest.driver.memory.place([4, 0, UInt8(random.next() % 4), 0]), count: 4),
                .init(address: guest.driver.memory.allocate(1), count: 1, writable: true),
            ])
        default:
            var header = NetHeader()
            header.flags = UInt8(random.next() % 4)
            header.segmentation = UInt8(random.next() % 6)
            header.headerLength = UInt16(truncatingIfNeeded: random.next())
            header.segmentSize = UInt16(random.next() % 2000)
            header.checksumStart = random.next() % 2 == 0 ? 34 : UInt16(truncatingIfNeeded: random.next())
            header.checksumOffset = random.next() % 2 == 0 ? 6 : UInt16(truncatingIfNeeded: random.next())
            var frame = Self.datagram(network, [UInt8](repeating: 3, count: Int(random.next() % 3000)))
            for _ in 0..<random.next() % 4 {
                frame[Int(random.next() % UInt64(frame.count))] = UInt8(random.next() % 256)
            }
            guest.post(header, frame, pair: Int(random.next() % 2))
        }
        if random.next() % 3 == 0 { guest.driver.kick(queue) }
    }
}
