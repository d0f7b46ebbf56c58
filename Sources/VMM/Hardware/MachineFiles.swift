internal import Linux
internal import Wire

/// What a machine on KVM has open: all that it needs from outside, before it gives its privileges up.
struct MachineFiles: ~Copyable {
    let system: KVMSystem
    let kernel: BootFile
    let initrd: BootFile?
    /// The read-only image.
    var image: Descriptor?
    /// The writable one.
    let disk: BlockFile?
    /// The network's.
    var tap: Descriptor?

    /// Opens everything that the setup names; the tap is this value's from now on.
    init(_ setup: MachineSetup) throws(VMMError) {
        let tap = setup.tap.map { Descriptor(adopting: $0) }
        let system = try KVMSystem()
        let kernel = try BootFile(path: setup.kernel)
        let initrd = try BootFile(path: setup.initrd)
        let image = try setup.image.map { path throws(VMMError) in try MachineFiles.open(path, .readOnly) }
        let disk = try setup.disk.map { path throws(VMMError) in
            let file = try MachineFiles.open(path, .readWrite)
            do { return try BlockFile(file, readOnly: false) } catch { throw VMMError(.system, "\(path): \(error)") }
        }
        self.image = consume image
        self.disk = disk
        self.tap = consume tap
        self.system = consume system
        self.kernel = consume kernel
        self.initrd = consume initrd
    }

    private static func open(_ path: String, _ flags: OpenFlags) throws(VMMError) -> Descriptor {
        do { return try Descriptor.open(path, flags) } catch { throw VMMError(error) }
    }
}
