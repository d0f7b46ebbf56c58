/// The device `pvpanic`: a port on which a kernel whose driver is loaded says that it has panicked.
///
/// The port reads as the events that it takes: bit 0, a panic; bit 1, a panic after which a crash kernel runs.
final class PanicPort: BusDevice {
    static let ports: Range<UInt64> = 0x505..<0x506
    private static let panicked: UInt8 = 1

    private let panicked: @Sendable () -> Void

    /// `panicked` is called on the processor's thread that told it.
    init(panicked: @escaping @Sendable () -> Void) { self.panicked = panicked }

    func read(at offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) {
        // unsafe because the caller's bytes are filled
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: PanicPort.panicked)
    }

    func write(at offset: UInt64, from bytes: UnsafeRawBufferPointer) {
        // unsafe because one byte of the caller's is read, and there is one
        if let value = unsafe bytes.first, value & PanicPort.panicked != 0 { panicked() }
    }
}
