internal import Linux

/// The image as memory that the guest reads: machines of one image share its pages in the host's page cache.
final class ImageMemory: Sendable {
    private let mapping: PmemMapping
    private let address: UInt64

    /// Maps it, for a guest that is to find it behind its own memory.
    init(_ file: consuming Descriptor, behind memory: GuestMemory) throws(SystemError) {
        mapping = try PmemMapping(file, readOnly: true)
        address = memory.firstFreeAddress
    }

    /// Where the machine is to have it; good for as long as this object lives.
    var region: MappedRegion {
        // unsafe because this object has the mapping
        unsafe MappedRegion(address: address, count: mapping.count, base: mapping.base, isReadOnly: true)
    }

    /// Bytes of it.
    var count: UInt64 { mapping.count }

    /// The device that tells the guest of it.
    func device(thread: IOThread) throws(SystemError) -> PmemDevice {
        try PmemDevice(mapping, address: address, thread: thread)
    }
}
