/// The FADT: what hardware there is, which here is little ("hardware-reduced"). ACPI 6.5, section 5.2.9.
struct FixedDescription: Sendable {
    /// Where the DSDT is.
    let differentiated: UInt64

    private enum Flag {
        static let flushesCaches: UInt32 = 1 << 0
        /// No buttons but those that the DSDT has.
        static let powerButton: UInt32 = 1 << 4
        static let sleepButton: UInt32 = 1 << 5
        static let resets: UInt32 = 1 << 10
        static let isReduced: UInt32 = 1 << 20
    }

    private enum Missing {
        static let display: UInt16 = 1 << 2
        static let clock: UInt16 = 1 << 5
    }

    private static let count = 276
    private static let revision: UInt8 = 6
    private static let minorRevision: UInt8 = 5

    /// The table.
    var table: ACPITable {
        var all = [UInt8](repeating: 0, count: FixedDescription.count)
        // No keyboard controller is promised: Linux then looks for no keyboard, and can reset by it all the same.
        all.store(littleEndian: Missing.display | Missing.clock, at: 109)
        all.store(
            littleEndian: Flag.flushesCaches | Flag.powerButton | Flag.sleepButton | Flag.resets | Flag.isReduced,
            at: 112)
        FixedDescription.store(port: PowerRegisters.reset, at: 116, in: &all)
        all[128] = PowerRegisters.resetValue
        all[131] = FixedDescription.minorRevision
        all.store(littleEndian: differentiated, at: 140)
        FixedDescription.store(port: PowerRegisters.sleepControl, at: 244, in: &all)
        FixedDescription.store(port: PowerRegisters.sleepStatus, at: 256, in: &all)
        return ACPITable(
            signature: "FACP", revision: FixedDescription.revision, body: Array(all[ACPITable.headerCount...]))
    }

    /// A register of one byte: section 5.2.3.2.
    private static func store(port: UInt64, at position: Int, in bytes: inout [UInt8]) {
        let (inPorts, bits, byByte): (UInt8, UInt8, UInt8) = (1, 8, 1)
        bytes[position] = inPorts
        bytes[position + 1] = bits
        bytes[position + 3] = byByte
        bytes.store(littleEndian: PowerRegisters.ports.lowerBound + port, at: position + 4)
    }
}
