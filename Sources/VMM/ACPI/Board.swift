/// What the DSDT tells of the board: the devices that no bus would find, the power button, and how it is switched off.
struct Board: Sendable {
    /// A virtio device behind registers in memory.
    struct Slot: Sendable, Equatable {
        /// A page of guest-physical addresses.
        let address: UInt64
        /// Its interrupt line.
        let line: UInt32
    }

    /// In the order in which the guest finds them.
    let slots: [Slot]
    let hasSerialPort: Bool

    /// The interrupt line on which events of the board come: the power button.
    static let eventLine: UInt32 = 3

    /// The table.
    var table: ACPITable {
        var devices = slots.enumerated().map { index, slot in device(slot, index) }
        if hasSerialPort { devices.append(serialPort) }
        devices += [panicPort, powerButton, events]
        let terms: [AML] = [
            .scope("\\_SB", devices),
            .name("\\_S5", .package([.integer(UInt64(PowerRegisters.offType)), .integer(0)])),
        ]
        return ACPITable(signature: "DSDT", revision: 2, body: terms.flatMap(\.bytes))
    }

    /// `LNRO0005` is virtio-mmio, for Linux.
    private func device(_ slot: Slot, _ index: Int) -> AML {
        let digits = String(index)
        let name = "V" + String(repeating: "0", count: max(3 - digits.count, 0)) + digits
        return .device(
            name,
            [
                .name("_HID", .string("LNRO0005")), .name("_UID", .integer(UInt64(index))),
                .name("_CCA", .integer(1)),
                .name(
                    "_CRS",
                    .resources([.memory(slot.address, count: BootLayout.deviceSize), .interrupt(slot.line)])),
            ])
    }

    private var serialPort: AML {
        .device(
            "COM1",
            [
                .name("_HID", .identification("PNP0501")), .name("_UID", .integer(0)),
                .name("_CRS", .resources([.ports(SerialPort.ports), .interrupt(SerialPort.line)])),
            ])
    }

    /// `QEMU0001` is pvpanic.
    private var panicPort: AML {
        .device(
            "PEVT",
            [.name("_HID", .string("QEMU0001")), .name("_CRS", .resources([.ports(PanicPort.ports)]))])
    }

    /// Without fixed hardware a button is a device, and what happens to it an event of the next one.
    private var powerButton: AML { .device("PWRB", [.name("_HID", .identification("PNP0C0C"))]) }

    /// `ACPI0013` is a generic event device: its interrupt runs `_EVT`.
    private var events: AML {
        .device(
            "GED",
            [
                .name("_HID", .string("ACPI0013")), .name("_UID", .integer(0)),
                .name("_CRS", .resources([.interrupt(Board.eventLine)])),
                .method("_EVT", arguments: 1, [.notify("\\_SB.PWRB", 0x80)]),
            ])
    }
}
