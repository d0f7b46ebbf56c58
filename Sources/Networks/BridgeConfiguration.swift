public import Linux

/// How a daemon's default network is set up.
public struct BridgeConfiguration: Sendable, Equatable {
    /// The bridge's interface, at most 15 bytes.
    public var name: String
    /// The packet filter's table.
    public var table: String
    /// The bridge's address with the length of the network's prefix; nil: the first free of Docker's default pools.
    public var address: IPv4Prefix?
    /// The largest packet, in bytes.
    public var mtu: UInt32 = 1500
    /// The network namespace, as a path, in which all of it is made; nil: the daemon's own.
    public var namespace: String?

    /// Names that no other daemon on the host has, because no other has the same root.
    public init(root: String) {
        let digits = BridgeConfiguration.hash(of: root)
        name = root == "/var/lib/bulkhead" ? "bulkhead0" : "bh-\(digits)"
        table = "bulkhead-\(digits)"
    }

    /// Eight hexadecimal digits that stand for a path (FNV-1a): the same ones in every daemon that gets this root.
    public static func hash(of path: String) -> String {
        var hash: UInt32 = 0x811c_9dc5
        for byte in path.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// Throws where the kernel would not take the names.
    func check() throws(NetworkError) {
        let letters = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || byte == 0x2d || byte == 0x5f
        }
        guard (1...15).contains(name.utf8.count), name.utf8.allSatisfy(letters) else {
            throw NetworkError(.invalid, "bridge name \(name): up to 15 letters, digits, - and _")
        }
        guard !table.isEmpty, table.utf8.allSatisfy(letters) else {
            throw NetworkError(.invalid, "table name \(table): letters, digits, - and _")
        }
        if let address, address.length > 30 || address.length < 8 {
            throw NetworkError(.invalid, "bridge address \(address): a prefix of 8 to 30 bits")
        }
    }
}
