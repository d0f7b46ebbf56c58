/// What stands before every packet: virtio 1.2, section 5.1.6.
///
/// ```
/// 0 flags  1 gso_type  2 hdr_len  4 gso_size  6 csum_start  8 csum_offset  10 num_buffers     12 bytes, little-endian
/// ```
/// The fields have their places by the order in which they are declared: a value is copied from and to memory as it is.
struct NetHeader: BitwiseCopyable, Equatable, Sendable {
    /// Of ``Flag``.
    var flags: UInt8 = 0
    /// A ``Segmentation``, or anything by a hostile guest.
    var segmentation: UInt8 = Segmentation.none
    /// Bytes of the packet's headers: a hint.
    var headerLength: UInt16 = 0
    /// Bytes of payload that a segment has at most.
    var segmentSize: UInt16 = 0
    /// Where the checksum begins in the packet.
    var checksumStart: UInt16 = 0
    /// How far behind that it is put.
    var checksumOffset: UInt16 = 0
    /// Buffers over which a received packet is spread.
    var buffers: UInt16 = 0

    /// Bytes of a header.
    static let size = 12
    /// Where `buffers` stands.
    static let buffersOffset = 10
    /// Bytes of an Ethernet header.
    static let ethernet = 14
    /// Bytes that a packet has at most, without this header: Ethernet's, one VLAN tag's, an IPv6 header's and 65535.
    static let largestPacket = ethernet + 4 + 40 + 65535

    /// What `flags` may have.
    enum Flag {
        /// The checksum is to be completed.
        static let needsChecksum: UInt8 = 1
    }

    /// What `segmentation` may be.
    enum Segmentation {
        static let none: UInt8 = 0
        static let tcp4: UInt8 = 1
        static let tcp6: UInt8 = 4
    }

    /// What the kernel is given of a header of the guest's, for a packet of so many bytes; nil where the packet is not to
    /// be sent: it asks for what was not agreed on, or is no packet.
    func checked(features: UInt64, packetBytes count: Int) -> NetHeader? {
        guard count >= NetHeader.ethernet, count <= NetHeader.largestPacket else { return nil }
        var checked = NetHeader()
        if flags & Flag.needsChecksum != 0 {
            guard features & NetFeature.checksum != 0, Int(checksumStart) + Int(checksumOffset) + 2 <= count else {
                return nil
            }
            checked.flags = Flag.needsChecksum
            (checked.checksumStart, checked.checksumOffset) = (checksumStart, checksumOffset)
        }
        switch segmentation {
        case Segmentation.none: return checked
        case Segmentation.tcp4: guard features & NetFeature.hostTSO4 != 0 else { return nil }
        case Segmentation.tcp6: guard features & NetFeature.hostTSO6 != 0 else { return nil }
        default: return nil
        }
        // Section 5.1.6.2.1: a packet that is to be cut has an incomplete checksum, and the size of the parts.
        guard checked.flags & Flag.needsChecksum != 0, segmentSize > 0 else { return nil }
        checked.segmentation = segmentation
        checked.segmentSize = segmentSize
        checked.headerLength = UInt16(clamping: min(Int(headerLength), count))
        return checked
    }
}
