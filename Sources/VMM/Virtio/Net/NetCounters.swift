internal import Synchronization

/// What a network device has done since it was made; read by any thread.
final class NetCounters: Sendable {
    /// The counters at one moment.
    struct Values: Equatable, Sendable {
        /// Packets, and their bytes, that the guest has sent.
        var packetsSent: UInt64 = 0
        var bytesSent: UInt64 = 0
        /// Packets, and their bytes, that the guest has been given.
        var packetsReceived: UInt64 = 0
        var bytesReceived: UInt64 = 0
        /// Packets of the guest's that were malformed, or that the host did not take.
        var droppedSent: UInt64 = 0
        /// Packets for the guest that its buffers were too small for.
        var droppedReceived: UInt64 = 0
    }

    private let packetsSent = Atomic<UInt64>(0)
    private let bytesSent = Atomic<UInt64>(0)
    private let packetsReceived = Atomic<UInt64>(0)
    private let bytesReceived = Atomic<UInt64>(0)
    private let droppedSentPackets = Atomic<UInt64>(0)
    private let droppedReceivedPackets = Atomic<UInt64>(0)

    func sent(_ count: Int) {
        packetsSent.wrappingAdd(1, ordering: .relaxed)
        bytesSent.wrappingAdd(UInt64(count), ordering: .relaxed)
    }
    func received(_ count: Int) {
        packetsReceived.wrappingAdd(1, ordering: .relaxed)
        bytesReceived.wrappingAdd(UInt64(count), ordering: .relaxed)
    }
    func droppedSent() { droppedSentPackets.wrappingAdd(1, ordering: .relaxed) }
    func droppedReceived() { droppedReceivedPackets.wrappingAdd(1, ordering: .relaxed) }

    /// The counters now.
    var values: Values {
        Values(
            packetsSent: packetsSent.load(ordering: .relaxed), bytesSent: bytesSent.load(ordering: .relaxed),
            packetsReceived: packetsReceived.load(ordering: .relaxed),
            bytesReceived: bytesReceived.load(ordering: .relaxed),
            droppedSent: droppedSentPackets.load(ordering: .relaxed),
            droppedReceived: droppedReceivedPackets.load(ordering: .relaxed))
    }
}
