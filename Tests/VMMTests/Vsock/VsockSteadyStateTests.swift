import Glibc
import Linux
import TestKit
import Testing

@testable import VMM

/// What hostile guests can do.
@Suite("vsock: steady state", .serialized, .blocking) struct VsockSteadyStateTests {
    private static func setting(_ name: String, _ usual: UInt64) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? usual
    }

    /// `BULKHEAD_FUZZ_SECONDS` (2) is how long it goes on, `BULKHEAD_FUZZ_SEED` (1) where it begins.
    @Test func hostileGuestOnlyHarmsItself() throws {
        let host = try VsockHost()
        let listener = try host.listen(at: 1)
        let deadline = Clock.monotonicMilliseconds + Int64(Self.setting("BULKHEAD_FUZZ_SECONDS", 2)) * 1000
        var seed = Self.setting("BULKHEAD_FUZZ_SEED", 1)
        var rounds = 0
        while Clock.monotonicMilliseconds < deadline {
            defer { seed += 1 }
            var random = SeededRandom(seed: seed)
            let guest = try VsockGuest(host.device, buffers: Int(random.next() % 12))
            let client = try UnixSocket.connect(host.path)
            // The guest may have refused this stream, or the next word, by the time that it is said.
            try? client.writeAll("CONNECT \(random.next() % 4)\n")
            for _ in 0..<40 { attack(guest, &random) }
            host.thread.run { _ in }
            // Programs of the host's come and go.
            if random.next() % 2 == 0 { try? client.writeAll(Array("data".utf8)) }
            for queue in 0..<3 { guest.driver.kick(queue) }
            host.thread.run { _ in }
            _ = consume client
            #expect(host.device.counters.connections <= 1023, "seed \(seed)")
            guest.driver.reset()
            #expect(host.device.counters.connections == lingering(host), "seed \(seed)")
            rounds += 1
        }
        #expect(rounds > 5)
        // It still works.
        let guest = try VsockGuest(host.device)
        let client = try HostEnd(host, guest)
        let ports = client.ports
        guest.send(.data, ports, [1, 2, 3])
        #expect(try client.read(exactly: 3) == [1, 2, 3])
        _ = consume listener
    }

    /// Connections that the guest has ended and whose last bytes the host has not taken.
    private func lingering(_ host: VsockHost) -> UInt64 {
        host.thread.run { [worker = host.device.worker] _ in UInt64(worker.table.count) }
    }

    private func attack(_ guest: VsockGuest, _ random: inout SeededRandom) {
        let queue = Int(random.next() % 3)
        let simulated = guest.driver.queues[queue]
        switch random.next() % 10 {
        case 0:
            // A descriptor of any kind.
            let descriptor = VirtDescriptor(
                address: random.next() % 3 == 0 ? random.next() : random.next() % (20 << 20),
                count: UInt32(truncatingIfNeeded: random.next() >> (random.next() % 32 + 32)),
                flags: UInt16(random.next() % 8), next: UInt16(random.next() % 80))
            simulated.write(descriptor, number: UInt16(random.next() % 64))
            simulated.offer(UInt16(random.next() % 70))
        case 1: simulated.setAvailableIndex(UInt16(truncatingIfNeeded: random.next()))
        case 2:
            simulated.add(
                (0..<random.next() % 5 + 1).map { _ in
                    .init(
                        address: 4096 + random.next() % (8 << 20), count: Int(random.next() % 200),
                        writable: random.next() % 2 == 0)
                })
        default:
            // A packet that is more or less one.
            let ports = VsockPorts(
                guest: UInt32(random.next() % 4),
                host: random.next() % 2 == 0 ? 1 : VsockTable.hostPorts.lowerBound + UInt32(random.next() % 64))
            var header = guest.header(.data, ports)
            header.operation = UInt16(random.next() % 9)
            header.length =
                random.next() % 8 == 0 ? UInt32(truncatingIfNeeded: random.next()) : UInt32(random.next() % 100)
            header.flags = UInt32(random.next() % 5)
            header.allocated = random.next() % 4 == 0 ? UInt32(truncatingIfNeeded: random.next()) : 1 << 16
            header.forwarded = random.next() % 4 == 0 ? UInt32(truncatingIfNeeded: random.next()) : 0
            if random.next() % 20 == 0 { header.type = UInt16(random.next() % 4) }
            let payload = [UInt8](repeating: 7, count: Int(random.next() % 120))
            guest.post(header, payload)
        }
        if random.next() % 3 == 0 { guest.driver.kick(queue) }
    }
}
