import Glibc
import Linux
import Synchronization
import TestKit
import Testing

@testable import VMM

/// Much data through real sockets at once: nothing is lost, doubled, displaced, or stuck, whoever is slow and whoever ends first.
@Suite("vsock: volume", .serialized, .blocking) struct VsockVolumeTests {
    /// Bytes of the longer direction; `BULKHEAD_VSOCK_BYTES` for more by hand.
    private static let amount = getenv("BULKHEAD_VSOCK_BYTES").flatMap { Int(String(cString: $0)) } ?? 6 << 20

    /// How fast each side reads.
    struct Pace: Sendable {
        let guest: VsockBulkGuest.Reading
        /// The host reads only once the guest may send no more.
        let hostIsSlow: Bool
    }

    /// What the guest sends, and what it is sent.
    private static let (up, down) = (BytePattern(seed: 1), BytePattern(seed: 2))

    private static let paces = [
        Pace(guest: .atOnce, hostIsSlow: false), Pace(guest: .whenFull, hostIsSlow: false),
        Pace(guest: .atOnce, hostIsSlow: true), Pace(guest: .whenFull, hostIsSlow: true),
    ]

    /// `shares`: of the amount, in quarters, from the guest and to it.
    @Test(arguments: paces, [(4, 4), (1, 4), (4, 1)])
    func muchArrivesWholeBothWaysAtOnce(pace: Pace, shares: (fromGuest: Int, toGuest: Int)) throws {
        let (fromGuest, toGuest) = (Self.amount / 4 * shares.fromGuest, Self.amount / 4 * shares.toGuest)
        // Made before the host asks for the stream: the guest has two seconds to answer.
        let (up, down) = (Self.up, Self.down)
        let host = try VsockHost()
        let guest = try VsockBulkGuest(host.device)
        let end = try VsockBulkHost(host, waits: pace.hostIsSlow)
        let writer = try Thread("volume-write") { end.write(down, toGuest) }
        let reader = try Thread("volume-read") { end.read(up, fromGuest) }
        let outcome = Result {
            try guest.run(up, down, sending: fromGuest, receiving: toGuest, reading: pace.guest) {
                end.goOn(upToTheEnd: $0)
            }
        }
        // Whatever failed, both see an end.
        if case .failure = outcome { end.abandon() }
        writer.join()
        reader.join()
        #expect(throws: Never.self) { try outcome.get() }
        #expect(end.failures == [])
        #expect(host.device.counters.bytesSent == UInt64(fromGuest))
        #expect(host.device.counters.bytesReceived == UInt64(toGuest))
        #expect(host.device.counters.connections == 0)
        #expect(host.device.counters.dropped == 0)
    }
}
