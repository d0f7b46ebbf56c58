/// A bzImage: the kernel as distributions ship it, with the uncompressed kernel packed inside.
///
/// ```
///  0x1F1            0x202          0x248           0x24C
/// +------+---------+------+-------+--------------+--------------+
/// | setup sectors  | HdrS … version | payload_offset | payload_length |     Documentation/x86/boot.rst
/// +----------------+--------------+--------------+--------------+
/// ```
/// The payload begins `payload_offset` bytes behind the setup sectors. Its last four bytes are the uncompressed size
/// (gzip's own end, and an addition of the kernel's build to all others).
enum CompressedKernel {
    /// Number 18 of the notes of "Xen" is the entry for PVH, the way in which our hypervisors enter kernels.
    private static let entryNote: UInt32 = 18

    /// The kernel within, an ELF file with a PVH entry.
    static func extract(_ bytes: [UInt8], name: String) throws(MachineError) -> [UInt8] {
        guard bytes.count > 0x260, bytes[0x202..<0x206].elementsEqual(Array("HdrS".utf8)) else {
            throw MachineError(.unusable, "kernel \(name): not a bzImage")
        }
        let sectors = bytes[0x1F1] == 0 ? 4 : Int(bytes[0x1F1])
        let start = (sectors + 1) * 512 + number(bytes, 0x248)
        let length = number(bytes, 0x24C)
        guard length > 8, start <= bytes.count, length <= bytes.count - start else {
            throw MachineError(.unusable, "kernel \(name): its payload is outside of the file")
        }
        let payload = bytes[start..<start + length]
        let isGzip = payload.starts(with: [0x1F, 0x8B])
        let kernel = try Decompression.bytes(of: Array(isGzip ? payload : payload.dropLast(4)), name: name)
        guard let image = ELFImage(kernel) else {
            throw MachineError(.unusable, "kernel \(name): its payload is no ELF file")
        }
        guard image.hasNote(owner: "Xen", type: entryNote) else {
            throw MachineError(.unusable, "kernel \(name): no PVH entry (CONFIG_PVH); use Debian's cloud kernel")
        }
        return kernel
    }

    private static func number(_ bytes: [UInt8], _ position: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
    }
}
