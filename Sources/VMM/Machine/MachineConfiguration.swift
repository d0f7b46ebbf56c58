/// What a machine is made of.
struct MachineConfiguration: Sendable {
    /// How many processors it has: 1 to 32.
    var processors: UInt32 = 1
    /// The kernel's command line.
    var commandLine = ""
    /// Takes what the guest sends on its serial port, byte by byte; nil where there is no such port.
    var serial: (@Sendable (UInt8) -> Void)?
    /// Its virtio devices, in the order in which the guest finds them.
    var devices: [any VirtioDevice] = []
    /// Hears that a virtio device can't go on: its number, and why. Called on any thread.
    var deviceFailed: @Sendable (Int, VirtioError) -> Void = { number, error in
        Console.print("virtio device \(number): \(error)")
    }
    /// Further devices at ports.
    var ports: [Bus.Mapping] = []
    /// Further devices at guest-physical addresses.
    var addresses: [Bus.Mapping] = []
    /// Further interrupt lines.
    var lines: [InterruptLine] = []
    /// Further memory of this process that the guest sees: persistent memory, a window of a shared folder.
    var regions: [MappedRegion] = []

    static let mostProcessors: UInt32 = 32
}

/// Memory of this process at guest-physical addresses that are not the machine's own memory. Whoever has mapped it keeps
/// it until the machine is gone.
@safe struct MappedRegion: @unchecked Sendable {
    /// Guest-physical, of a page; from ``GuestMemory/firstFreeAddress`` on.
    let address: UInt64
    /// Bytes, in whole pages.
    let count: UInt64
    /// Where it is mapped.
    let base: UnsafeMutableRawPointer
    /// What the guest writes is ignored.
    let isReadOnly: Bool
}

extension GuestMemory {
    private static let largePage: UInt64 = 2 << 20

    /// The first address from 4 GiB on that is behind all memory: a multiple of 2 MiB, as large pages want it.
    var firstFreeAddress: UInt64 {
        let end = GuestMemory.highStart &+ high.count
        return (end &+ (GuestMemory.largePage - 1)) & ~(GuestMemory.largePage - 1)
    }
}
