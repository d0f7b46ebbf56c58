/// The MADT: the processors' local APICs and the I/O APIC. ACPI 6.5, section 5.2.12.
struct InterruptDescription: Sendable {
    let processors: UInt32

    /// The table.
    var table: ACPITable {
        var body: [UInt8] = []
        body.append(littleEndian: UInt32(truncatingIfNeeded: BootLayout.localAPIC))
        body.append(littleEndian: UInt32(0))
        for number in 0..<processors {
            let number = UInt8(truncatingIfNeeded: number)
            body += [0, 8, number, number]
            body.append(littleEndian: UInt32(1))  // enabled
        }
        body += [1, 12, 0, 0]
        body.append(littleEndian: UInt32(truncatingIfNeeded: BootLayout.ioAPIC))
        body.append(littleEndian: UInt32(0))  // its first line
        return ACPITable(signature: "APIC", revision: 5, body: body)
    }
}
