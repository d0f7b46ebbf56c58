/// Page tables that map the first 4 GiB to themselves, in pages of 2 MiB.
enum IdentityMap {
    private static let entries = 512
    private static let presentWritable: UInt64 = 3
    private static let large: UInt64 = 1 << 7

    /// PML4, PDPT and four page directories, one after the other from `address` on.
    static func bytes(at address: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(6 * 4096)
        table(&bytes) { $0 == 0 ? (address + 0x1000) | presentWritable : 0 }
        table(&bytes) { $0 < 4 ? (address + 0x2000 + UInt64($0) * 0x1000) | presentWritable : 0 }
        for directory in 0..<4 {
            table(&bytes) { UInt64(directory * entries + $0) << 21 | presentWritable | large }
        }
        return bytes
    }

    private static func table(_ bytes: inout [UInt8], _ entry: (Int) -> UInt64) {
        for index in 0..<entries { bytes.append(littleEndian: entry(index)) }
    }
}
