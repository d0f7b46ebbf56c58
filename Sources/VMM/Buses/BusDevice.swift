/// A device that answers reads and writes of a range of guest-physical addresses or of ports.
///
/// Called on the threads of the virtual processors, several at once: a device guards its own state. Never traps, whatever
/// the guest asks for; what is not there reads as all ones, and writes to it change nothing.
protocol BusDevice: AnyObject, Sendable {
    /// Fills `bytes` (1, 2, 4 or 8; any number by a hostile guest) with what stands `offset` bytes into the range.
    func read(at offset: UInt64, into bytes: UnsafeMutableRawBufferPointer)
    /// Takes what the guest writes `offset` bytes into the range.
    func write(at offset: UInt64, from bytes: UnsafeRawBufferPointer)
}
