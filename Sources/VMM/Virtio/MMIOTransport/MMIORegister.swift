/// Offsets of the registers of virtio-mmio version 2: virtio 1.2, section 4.2.2.
enum MMIORegister {
    /// `virt`.
    static let magic: UInt64 = 0x000
    static let version: UInt64 = 0x004
    static let deviceID: UInt64 = 0x008
    static let vendorID: UInt64 = 0x00C
    static let deviceFeatures: UInt64 = 0x010
    static let deviceFeaturesSelect: UInt64 = 0x014
    static let driverFeatures: UInt64 = 0x020
    static let driverFeaturesSelect: UInt64 = 0x024
    static let queueSelect: UInt64 = 0x030
    static let queueSizeMax: UInt64 = 0x034
    static let queueSize: UInt64 = 0x038
    static let queueReady: UInt64 = 0x044
    static let queueNotify: UInt64 = 0x050
    static let interruptStatus: UInt64 = 0x060
    static let interruptAcknowledge: UInt64 = 0x064
    static let status: UInt64 = 0x070
    static let queueDescriptorsLow: UInt64 = 0x080
    static let queueDescriptorsHigh: UInt64 = 0x084
    static let queueAvailableLow: UInt64 = 0x090
    static let queueAvailableHigh: UInt64 = 0x094
    static let queueUsedLow: UInt64 = 0x0A0
    static let queueUsedHigh: UInt64 = 0x0A4
    static let sharedMemorySelect: UInt64 = 0x0AC
    static let sharedMemoryCountLow: UInt64 = 0x0B0
    static let sharedMemoryCountHigh: UInt64 = 0x0B4
    static let sharedMemoryBaseLow: UInt64 = 0x0B8
    static let sharedMemoryBaseHigh: UInt64 = 0x0BC
    static let configurationGeneration: UInt64 = 0x0FC
    /// The device's configuration space begins.
    static let configuration: UInt64 = 0x100

    /// Bytes that a device takes on the bus.
    static let count: UInt64 = 0x1000
}
