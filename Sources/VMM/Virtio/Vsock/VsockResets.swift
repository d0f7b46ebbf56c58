/// RST packets that wait for room in the guest's receive queue: at most 128, then no more packets are taken from the
/// guest, which so can't make them grow (virtio 1.2, section 5.10.6.1.2).
struct VsockResets {
    private var waiting: [VsockHeader?]
    private var start = 0
    private(set) var count = 0

    /// None.
    init() { waiting = Array(repeating: nil, count: 128) }

    /// Whether another has room.
    var hasRoom: Bool { count < waiting.count }

    /// Adds one; false where there is no room.
    mutating func append(_ header: VsockHeader) -> Bool {
        guard hasRoom else { return false }
        waiting[(start + count) % waiting.count] = header
        count += 1
        return true
    }

    /// The oldest.
    mutating func popFirst() -> VsockHeader? {
        guard count > 0, let header = waiting[start] else { return nil }
        start = (start + 1) % waiting.count
        count -= 1
        return header
    }
}

extension VsockHeader {
    /// RST to the guest in answer to a packet of its own; nil to RST, which is never answered.
    func refusal(guestContext: UInt64) -> VsockHeader? {
        guard operation != VsockOperation.reset.rawValue else { return nil }
        return VsockHeader.reset(
            VsockPorts(guest: sourcePort, host: destinationPort), type: type, guestContext: guestContext)
    }

    /// RST to the guest.
    static func reset(
        _ ports: VsockPorts, type: UInt16 = VsockHeader.stream, guestContext: UInt64
    ) -> VsockHeader {
        VsockHeader(
            sourceContext: hostContext, destinationContext: guestContext, sourcePort: ports.host,
            destinationPort: ports.guest, type: type, operation: VsockOperation.reset.rawValue)
    }
}
