/// The guest's memory as this process has it mapped: what lies below the 32-bit hole, and what lies above 4 GiB.
///
/// ```
/// guest-physical   0 ────────── 3 GiB ······ hole: devices, APICs ······ 4 GiB ────────── …
/// host             low.base ──► low.count                               high.base ──► high.count
/// ```
///
/// A trivial value: copies cost no reference counting. It may be used for as long as the ``GuestMemoryMapping`` lives that
/// gave it, which outlives every thread of the machine. Other processors write to this memory at any time: what was
/// checked must be copied first and read from the copy.
struct GuestMemory: BitwiseCopyable, @unchecked Sendable {
    /// A range of guest-physical addresses, and where it is mapped.
    @safe struct Region: BitwiseCopyable {
        /// The first guest-physical address.
        let start: UInt64
        /// Bytes.
        let count: UInt64
        /// Where it begins in this process.
        let base: UnsafeMutableRawPointer
    }

    /// From address 0.
    let low: Region
    /// From 4 GiB; of no bytes in a small machine.
    let high: Region

    /// Where low memory ends at most: the 32-bit hole begins.
    static let hole: UInt64 = 0xC000_0000
    /// Where high memory begins.
    static let highStart: UInt64 = 0x1_0000_0000

    /// Bytes of both.
    var count: UInt64 { low.count + high.count }

    /// Where `count` bytes from a guest-physical address are in this process; nil if any of them is not memory.
    ///
    /// The range must lie in one region; an empty one is nowhere. Never traps, whatever the guest says.
    @inline(__always)
    func pointer(_ address: UInt64, count: UInt64) -> UnsafeMutableRawPointer? {
        // unsafe because the pointer stays with the caller
        unsafe GuestMemory.pointer(address, count, in: low) ?? GuestMemory.pointer(address, count, in: high)
    }

    @inline(__always)
    private static func pointer(_ address: UInt64, _ count: UInt64, in region: Region) -> UnsafeMutableRawPointer? {
        let offset = address &- region.start
        guard count > 0, offset < region.count, count <= region.count &- offset else { return nil }
        // unsafe because the regions carry addresses; the range has been checked against them without wrapping around
        return unsafe region.base + Int(truncatingIfNeeded: offset)
    }

    /// A copy of the value at an address, aligned or not; nil if it is not all memory.
    @inline(__always)
    func load<Value: BitwiseCopyable>(_ type: Value.Type, at address: UInt64) -> Value? {
        // unsafe because the pointer is good for the value's size
        guard let place = unsafe pointer(address, count: UInt64(MemoryLayout<Value>.size)) else { return nil }
        return unsafe place.loadUnaligned(as: type)
    }

    /// Writes a value to an address; false, and nothing written, if it is not all memory.
    @inline(__always)
    func store<Value: BitwiseCopyable>(_ value: Value, at address: UInt64) -> Bool {
        // unsafe because the pointer is good for the value's size
        guard let place = unsafe pointer(address, count: UInt64(MemoryLayout<Value>.size)) else { return false }
        unsafe place.storeBytes(of: value, as: Value.self)
        return true
    }
}
