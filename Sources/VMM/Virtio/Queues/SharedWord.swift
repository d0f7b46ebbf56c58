internal import Synchronization

/// Words that guest and device share: each is read or written exactly once, whole, in the order that is asked for.
///
/// A plain load may be made twice by the compiler; what it brought the second time would be unchecked. An address must
/// be aligned to its word.
enum SharedWord {
    @inline(__always)
    static func load(_ place: UnsafeMutableRawPointer) -> UInt16 {
        // unsafe because the caller vouches for the place
        unsafe place.assumingMemoryBound(to: Atomic<UInt16>.self).pointee.load(ordering: .relaxed)
    }

    /// What was written before this word is seen after this call.
    @inline(__always)
    static func loadAcquiring(_ place: UnsafeMutableRawPointer) -> UInt16 {
        // unsafe because the caller vouches for the place
        unsafe place.assumingMemoryBound(to: Atomic<UInt16>.self).pointee.load(ordering: .acquiring)
    }

    @inline(__always)
    static func store(_ value: UInt16, _ place: UnsafeMutableRawPointer) {
        // unsafe because the caller vouches for the place
        unsafe place.assumingMemoryBound(to: Atomic<UInt16>.self).pointee.store(value, ordering: .relaxed)
    }

    /// Whoever sees this word sees what was written before it.
    @inline(__always)
    static func storeReleasing(_ value: UInt16, _ place: UnsafeMutableRawPointer) {
        // unsafe because the caller vouches for the place
        unsafe place.assumingMemoryBound(to: Atomic<UInt16>.self).pointee.store(value, ordering: .releasing)
    }

    @inline(__always)
    static func store(_ value: UInt64, _ place: UnsafeMutableRawPointer) {
        // unsafe because the caller vouches for the place
        unsafe place.assumingMemoryBound(to: UInt32.self).pointee = UInt32(truncatingIfNeeded: value)
        // unsafe because the caller vouches for the place
        unsafe (place + 4).assumingMemoryBound(to: UInt32.self).pointee = UInt32(truncatingIfNeeded: value >> 32)
    }

    /// A copy of 8 bytes; where they are not aligned, which only an indirect table may be, it may be torn.
    @inline(__always)
    static func load(_ place: UnsafeMutableRawPointer) -> UInt64 {
        guard UInt(bitPattern: place) & 7 == 0 else {
            // unsafe because the caller vouches for the place
            return unsafe place.loadUnaligned(as: UInt64.self)
        }
        // unsafe because the caller vouches for the place
        return unsafe place.assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(ordering: .relaxed)
    }

    /// Nothing after it is done before everything in front of it is seen (a store before a load, too).
    @inline(__always)
    static func fence() { atomicMemoryFence(ordering: .sequentiallyConsistent) }
}
