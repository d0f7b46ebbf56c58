/// A model-specific register and its value.
struct ModelSpecificRegister: Sendable, Equatable {
    /// ECX of RDMSR and WRMSR.
    let number: UInt32
    let value: UInt64

    init(_ number: UInt32, _ value: UInt64) {
        self.number = number
        self.value = value
    }

    /// What the first processor has when a kernel begins: system calls are not set up, time begins at 0, string
    /// instructions are fast, and memory is write-back without any range that is not.
    static let atStart = [
        ModelSpecificRegister(0x174, 0),  // IA32_SYSENTER_CS
        ModelSpecificRegister(0x175, 0),  // IA32_SYSENTER_ESP
        ModelSpecificRegister(0x176, 0),  // IA32_SYSENTER_EIP
        ModelSpecificRegister(0xC000_0081, 0),  // STAR
        ModelSpecificRegister(0xC000_0082, 0),  // LSTAR
        ModelSpecificRegister(0xC000_0083, 0),  // CSTAR
        ModelSpecificRegister(0xC000_0084, 0),  // SFMASK
        ModelSpecificRegister(0xC000_0102, 0),  // KERNEL_GS_BASE
        ModelSpecificRegister(0x10, 0),  // IA32_TIME_STAMP_COUNTER
        ModelSpecificRegister(0x1A0, 1),  // IA32_MISC_ENABLE: fast strings
        // IA32_MTRR_DEF_TYPE: enabled, write-back. Without it memory is uncached, which is slow beyond measure.
        ModelSpecificRegister(0x2FF, 1 << 11 | 6),
    ]
}
