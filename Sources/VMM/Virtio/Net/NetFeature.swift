/// Feature bits of a network device: virtio 1.2, section 5.1.3.
enum NetFeature {
    /// The device completes checksums.
    static let checksum: UInt64 = 1 << 0
    /// The driver takes packets whose checksum is not complete.
    static let guestChecksum: UInt64 = 1 << 1
    /// The configuration has the MTU.
    static let mtu: UInt64 = 1 << 3
    /// The configuration has the hardware address.
    static let hardwareAddress: UInt64 = 1 << 5
    /// The driver takes TCP over IPv4 that is not cut into segments.
    static let guestTSO4: UInt64 = 1 << 7
    /// The driver takes TCP over IPv6 that is not cut into segments.
    static let guestTSO6: UInt64 = 1 << 8
    /// The device cuts TCP over IPv4 into segments.
    static let hostTSO4: UInt64 = 1 << 11
    /// The device cuts TCP over IPv6 into segments.
    static let hostTSO6: UInt64 = 1 << 12
    /// A received packet may be spread over several buffers.
    static let mergeableBuffers: UInt64 = 1 << 15
    /// The configuration has the link's state.
    static let status: UInt64 = 1 << 16
    /// There is a control queue.
    static let controlQueue: UInt64 = 1 << 17
    /// There are several pairs of queues.
    static let multiqueue: UInt64 = 1 << 22

    /// Of a device with so many pairs, and with an MTU or not.
    static func offered(pairs: Int, mtu: Bool) -> UInt64 {
        var all =
            checksum | guestChecksum | hardwareAddress | guestTSO4 | guestTSO6 | hostTSO4 | hostTSO6
            | mergeableBuffers | status
        if mtu { all |= NetFeature.mtu }
        if pairs > 1 { all |= controlQueue | multiqueue }
        return all
    }
}
