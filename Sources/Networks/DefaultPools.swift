internal import Linux

/// The networks that a bridge without a configured address is given, in Docker's order.
enum DefaultPools {
    /// 172.17 to 172.31 cut in /16, then 192.168 cut in /20.
    static let networks: [IPv4Prefix] =
        (17...31).compactMap { IPv4Prefix(IPv4Address(value: 172 << 24 | UInt32($0) << 16), length: 16) }
        + (0..<16).compactMap { IPv4Prefix(IPv4Address(value: 192 << 24 | 168 << 16 | UInt32($0) << 12), length: 20) }

    /// The gateway's address in the first network that has no address in common with what the host uses; nil if all do.
    static func firstFree(besides taken: [IPv4Prefix]) -> IPv4Prefix? {
        for network in networks where !taken.contains(where: { $0.length > 0 && $0.overlaps(network) }) {
            return IPv4Prefix(IPv4Address(value: network.address.value + 1), length: Int(network.length))
        }
        return nil
    }
}
