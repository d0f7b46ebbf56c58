/// How much each side of a stream may still send: virtio 1.2, section 5.10.6.3.
///
/// ```
/// guest to host   received ─► held by us ─► forwarded into the host's socket ─► reported to the guest
/// host to guest   sent ─► in flight ─► peerForwarded, as far as the guest has told
/// ```
/// All counters are 32 bits wide and wrap around: only differences mean anything.
struct VsockCredit: BitwiseCopyable, Equatable, Sendable {
    /// Bytes that we can hold for the host.
    let allocated: UInt32
    private var received: UInt32 = 0
    private var forwarded: UInt32 = 0
    private var reported: UInt32 = 0
    private var sent: UInt32 = 0
    private var peerAllocated: UInt32 = 0
    private var peerForwarded: UInt32 = 0

    /// Of a new stream; nothing may be sent before the guest has told its room.
    init(allocated: UInt32) { self.allocated = allocated }

    /// Bytes of the guest's that the host has not taken yet.
    var held: UInt32 { received &- forwarded }

    /// Bytes that may be sent to the guest.
    ///
    /// A guest that says it has passed on more than was sent, or has less room than is in flight, gets nothing.
    var sendable: UInt32 {
        let inFlight = sent &- peerForwarded
        return inFlight < peerAllocated ? peerAllocated &- inFlight : 0
    }

    /// Whether the guest, as far as it knows, has at most half of the room left and would learn of more.
    var needsReport: Bool {
        forwarded != reported && allocated &- (received &- reported) <= allocated / 2
    }

    /// Takes what every packet of the guest's tells.
    mutating func hear(_ header: VsockHeader) {
        peerAllocated = header.allocated
        peerForwarded = header.forwarded
    }

    /// Writes what every packet to the guest tells.
    mutating func tell(in header: inout VsockHeader) {
        header.allocated = allocated
        header.forwarded = forwarded
        reported = forwarded
    }

    /// Counts payload of the guest's; false, and nothing counted, if it is more than there is room for.
    mutating func receive(_ count: UInt32) -> Bool {
        guard count <= allocated &- held else { return false }
        received &+= count
        return true
    }

    /// The host has taken bytes (never more than are held).
    mutating func forward(_ count: UInt32) { forwarded &+= min(count, held) }

    /// Bytes go to the guest (never more than `sendable`).
    mutating func send(_ count: UInt32) { sent &+= count }
}
