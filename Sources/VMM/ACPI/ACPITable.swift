/// A table of ACPI: a header of 36 bytes, with a checksum over all, and what it is about. ACPI 6.5, section 5.2.6.
struct ACPITable: Sendable {
    /// Four characters: `APIC`.
    let signature: String
    let revision: UInt8
    let body: [UInt8]

    /// Whose tables these are: six characters.
    static let maker = "BULKHD"
    static let headerCount = 36

    /// The table as the guest reads it.
    var bytes: [UInt8] {
        var bytes = Array(signature.utf8)
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: ACPITable.headerCount + body.count))
        bytes += [revision, 0]
        bytes += Array("\(ACPITable.maker)BULKHEAD".utf8)
        bytes.append(littleEndian: UInt32(1))
        bytes += Array("BULK".utf8)
        bytes.append(littleEndian: UInt32(1))
        bytes += body
        bytes[9] = ACPITable.checksum(bytes)
        return bytes
    }

    /// The byte with which all add up to 0.
    static func checksum(_ bytes: [UInt8]) -> UInt8 { 0 &- bytes.reduce(0, &+) }
}
