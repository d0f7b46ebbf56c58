/// Where a processor of a PC begins, and where Linux jumps to when all other ways to reset are none: in real mode, to
/// FFFF:0000.
///
/// With hardware-reduced ACPI Linux (6.1) expects EFI to reset the machine. Without EFI it then asks "the BIOS": it would
/// wander through empty memory for ever, had the machine nothing there.
///
/// ```
/// FFFF0  B0 FE   mov al, 0xFE
/// FFFF2  E6 64   out 0x64, al      the keyboard controller's line that resets
/// FFFF4  F4      hlt
/// FFFF5  EB FD   jmp FFFF4
/// ```
enum ResetVector {
    /// Guest-physical.
    static let address: UInt64 = 0xF_FFF0
    /// The code.
    static let bytes: [UInt8] = [0xB0, 0xFE, 0xE6, 0x64, 0xF4, 0xEB, 0xFD]
}
