/// The keyboard controller (i8042), as far as a PC without a keyboard needs one: it resets the machine.
///
/// Ports 0x60 (data) to 0x64 (status and commands). Linux's `reboot=k` writes 0xFE to the latter, after it has seen there
/// that the controller is not busy.
final class KeyboardController: BusDevice {
    static let ports: Range<UInt64> = 0x60..<0x65
    private static let command: UInt64 = 4
    private static let pulseReset: UInt8 = 0xFE

    private let reset: @Sendable () -> Void

    /// `reset` is called on the processor's thread that asked for it.
    init(reset: @escaping @Sendable () -> Void) { self.reset = reset }

    /// Neither busy nor with anything to tell. Port 0x61, between its two, is the timer's, which KVM has.
    func read(at offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) {
        // unsafe because the caller's bytes are filled
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    func write(at offset: UInt64, from bytes: UnsafeRawBufferPointer) {
        // unsafe because one byte of the caller's is read, and there is one
        guard offset == KeyboardController.command, let value = unsafe bytes.first else { return }
        if value == KeyboardController.pulseReset { reset() }
    }
}
