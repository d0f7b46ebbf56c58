/// All of ACPI's tables of a machine, one after the other, the RSDP first.
///
/// ```
/// RSDP ─► XSDT ─► FADT ─► DSDT
///            └──► MADT
/// ```
struct ACPITables: Sendable {
    let processors: UInt32
    let board: Board

    private static let alignment = 64

    /// The bytes, for a guest-physical address.
    func bytes(at address: UInt64) throws(VMMError) -> [UInt8] {
        var all = [UInt8](repeating: 0, count: ACPITables.alignment)
        func add(_ table: ACPITable) -> UInt64 {
            let place = address + UInt64(all.count)
            all += table.bytes
            all += [UInt8](
                repeating: 0, count: (ACPITables.alignment - all.count % ACPITables.alignment) % ACPITables.alignment)
            return place
        }
        let differentiated = add(board.table)
        let tables = [
            add(FixedDescription(differentiated: differentiated).table),
            add(InterruptDescription(processors: processors).table),
        ]
        var body: [UInt8] = []
        for table in tables { body.append(littleEndian: table) }
        let root = ACPITables.root(extended: add(ACPITable(signature: "XSDT", revision: 1, body: body)))
        all.replaceSubrange(0..<root.count, with: root)
        guard all.count <= Int(BootLayout.tablesRoom) else {
            throw VMMError(.configuration, "\(board.slots.count) devices are more than ACPI's tables have room for")
        }
        return all
    }

    /// The RSDP, which leads to the XSDT: section 5.2.5.3.
    private static func root(extended: UInt64) -> [UInt8] {
        var bytes = Array("RSD PTR ".utf8) + [0] + Array(ACPITable.maker.utf8) + [2]
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: UInt32(36))
        bytes.append(littleEndian: extended)
        bytes += [0, 0, 0, 0]
        bytes[8] = ACPITable.checksum(Array(bytes[..<20]))
        bytes[32] = ACPITable.checksum(bytes)
        return bytes
    }
}
