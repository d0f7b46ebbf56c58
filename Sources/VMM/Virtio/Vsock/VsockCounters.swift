internal import Synchronization

/// What the socket device has done since it was made; read by any thread.
final class VsockCounters: Sendable {
    /// The counters at one moment.
    struct Values: Equatable, Sendable {
        /// Packets with payload, and their bytes, that the guest has sent.
        var packetsSent: UInt64 = 0
        var bytesSent: UInt64 = 0
        /// Packets with payload, and their bytes, that the guest has been given.
        var packetsReceived: UInt64 = 0
        var bytesReceived: UInt64 = 0
        /// Packets of the guest's that were malformed, or for nobody, and buffers too small for a packet.
        var dropped: UInt64 = 0
        /// Connections now.
        var connections: UInt64 = 0
    }

    private let packetsSent = Atomic<UInt64>(0)
    private let bytesSent = Atomic<UInt64>(0)
    private let packetsReceived = Atomic<UInt64>(0)
    private let bytesReceived = Atomic<UInt64>(0)
    private let droppedPackets = Atomic<UInt64>(0)
    private let connections = Atomic<UInt64>(0)

    func sent(_ count: Int) {
        packetsSent.wrappingAdd(1, ordering: .relaxed)
        bytesSent.wrappingAdd(UInt64(count), ordering: .relaxed)
    }
    func received(_ count: Int) {
        packetsReceived.wrappingAdd(1, ordering: .relaxed)
        bytesReceived.wrappingAdd(UInt64(count), ordering: .relaxed)
    }
    func dropped() { droppedPackets.wrappingAdd(1, ordering: .relaxed) }
    func opened() { connections.wrappingAdd(1, ordering: .relaxed) }
    func closed() { connections.wrappingSubtract(1, ordering: .relaxed) }

    /// The counters now.
    var values: Values {
        Values(
            packetsSent: packetsSent.load(ordering: .relaxed), bytesSent: bytesSent.load(ordering: .relaxed),
            packetsReceived: packetsReceived.load(ordering: .relaxed),
            bytesReceived: bytesReceived.load(ordering: .relaxed), dropped: droppedPackets.load(ordering: .relaxed),
            connections: connections.load(ordering: .relaxed))
    }
}
