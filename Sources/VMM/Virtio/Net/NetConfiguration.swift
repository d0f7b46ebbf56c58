internal import Linux

/// The configuration space of a network device: virtio 1.2, section 5.1.4.
///
/// ```
/// 0 hardware address  6 status  8 pairs of queues  10 MTU  12
/// ```
struct NetConfiguration: Equatable, Sendable {
    /// The guest's address on the link.
    var hardwareAddress: HardwareAddress
    /// Whether the link is up.
    var isUp = true
    /// Pairs of queues that the device has.
    var pairs: UInt16
    /// Bytes of the largest packet without Ethernet's header; nil if the guest is not told.
    var mtu: UInt16?

    /// The bytes of it.
    var bytes: [UInt8] {
        var bytes = hardwareAddress.bytes
        bytes.append(littleEndian: isUp ? 1 as UInt16 : 0)
        bytes.append(littleEndian: pairs)
        bytes.append(littleEndian: mtu ?? 0)
        return bytes
    }
}
