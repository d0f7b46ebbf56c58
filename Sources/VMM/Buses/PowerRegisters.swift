/// The registers of hardware-reduced ACPI that end a machine: ACPI 6.5, section 4.8.3.7 and 4.8.3.6.
///
/// | port | register | |
/// |---|---|---|
/// | 0x600 | SLEEP_CONTROL | bits 2…4 the type of sleep, bit 5 goes to sleep |
/// | 0x601 | SLEEP_STATUS | bit 7 woken up, which never happens here |
/// | 0x602 | RESET | 1 resets |
final class PowerRegisters: BusDevice {
    static let ports: Range<UInt64> = 0x600..<0x603
    /// Where each is, from the first on.
    static let sleepControl: UInt64 = 0
    static let sleepStatus: UInt64 = 1
    static let reset: UInt64 = 2
    /// The type of sleep that is "off": the DSDT's `_S5_` says so.
    static let offType: UInt8 = 5
    /// What resets.
    static let resetValue: UInt8 = 1

    private let ended: @Sendable (GuestEnd) -> Void

    /// `ended` is called on the processor's thread that asked for it.
    init(ended: @escaping @Sendable (GuestEnd) -> Void) { self.ended = ended }

    func read(at offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) {
        // unsafe because the caller's bytes are filled
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    func write(at offset: UInt64, from bytes: UnsafeRawBufferPointer) {
        // unsafe because one byte of the caller's is read, and there is one
        guard let value = unsafe bytes.first else { return }
        switch offset {
        case PowerRegisters.sleepControl where value & 1 << 5 != 0 && value >> 2 & 7 == PowerRegisters.offType:
            ended(.poweredOff)
        case PowerRegisters.reset where value == PowerRegisters.resetValue: ended(.reset)
        default: break
        }
    }
}
