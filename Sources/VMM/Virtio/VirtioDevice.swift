/// What a virtio device does, whatever transport carries it (virtio-mmio now; PCI with MSI-X may follow).
///
/// Virtio 1.2, section 5. The transport has the registers, the negotiation and the queues' addresses; the device has the
/// configuration space and, between `activate` and `reset`, the queues.
///
/// The transport calls these on virtual processors' threads, one call at a time. What the device does with its queues
/// happens on I/O threads, which never wait for a call of the transport: so `reset` may wait for them.
protocol VirtioDevice: AnyObject, Sendable {
    /// Its type: virtio 1.2, section 5 (`2` is a block device).
    var type: UInt32 { get }
    /// What it offers, without what the transport and the queues offer themselves (`VirtioFeature.transport`).
    var features: UInt64 { get }
    /// The greatest size of each of its queues.
    var queueSizes: [UInt16] { get }
    /// Where its memory that the driver may map is, by number (virtio 1.2, section 2.10); nil where there is none.
    func sharedMemory(_ number: UInt32) -> SharedMemoryRegion?
    /// Fills `bytes` with what stands at an offset in its configuration space; zeros beyond the space's end.
    func readConfiguration(at offset: Int, into bytes: UnsafeMutableRawBufferPointer)
    /// Takes what the driver writes to its configuration space; what may not be written is left as it is.
    func writeConfiguration(at offset: Int, from bytes: UnsafeRawBufferPointer)
    /// The driver is ready: queues may be used from now on.
    ///
    /// - Throws: ``VirtioError`` if the device can't work so; the transport then sets DEVICE_NEEDS_RESET.
    func activate(_ activation: VirtioActivation) throws(VirtioError)
    /// Lets go of the queues, also after an `activate` that failed: when this returns, no thread touches them or the guest's memory on their behalf any more.
    func reset()
}

extension VirtioDevice {
    /// Most devices have none.
    func sharedMemory(_ number: UInt32) -> SharedMemoryRegion? { nil }
}

/// Memory of a device at guest-physical addresses.
struct SharedMemoryRegion: Sendable, Equatable {
    /// Guest-physical.
    var address: UInt64
    /// Bytes.
    var count: UInt64
}

/// What a device gets when its driver is ready.
struct VirtioActivation: Sendable {
    /// What device, transport and driver have agreed on.
    var features: UInt64
    /// The guest's memory.
    var memory: GuestMemory
    /// Where each queue is, in the device's order; nil for one that the driver has not enabled.
    var queues: [VirtQueueLayout?]
    /// For each queue, an eventfd that counts the driver's notifications; the transport closes it after `reset`.
    var notifications: [Int32]
    /// How the device makes itself heard, and says that it can't go on.
    var interrupt: VirtioInterrupt
}

/// Where the driver has put a split virtqueue: virtio 1.2, section 2.7. Not checked yet.
struct VirtQueueLayout: Sendable, Equatable {
    /// Descriptors: a power of two.
    var size: UInt16
    /// The guest-physical address of the descriptor table.
    var descriptors: UInt64
    /// Of the available ring ("driver area").
    var available: UInt64
    /// Of the used ring ("device area").
    var used: UInt64
}

/// Why a device can't go on: its driver broke virtio's rules, or the host failed it.
struct VirtioError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, with the values that are.
    let description: String
    /// With these words.
    init(_ description: String) { self.description = description }
}

/// Feature bits that belong to no device type: virtio 1.2, section 6.
enum VirtioFeature {
    /// VIRTIO_F_INDIRECT_DESC.
    static let indirectDescriptors: UInt64 = 1 << 28
    /// VIRTIO_F_EVENT_IDX.
    static let eventIndex: UInt64 = 1 << 29
    /// VIRTIO_F_VERSION_1.
    static let version1: UInt64 = 1 << 32
    /// What every device has by the transport and the queues.
    static let transport = indirectDescriptors | eventIndex | version1
}
