internal import CLinux
internal import Glibc
internal import Linux

/// The memory that a virtual processor shares with its thread (`struct kvm_run`), unmapped with its owner.
@safe struct RunArea: ~Copyable {
    /// Where it is.
    let pointer: UnsafeMutablePointer<kvm_run>
    private let size: Int

    /// Maps the area of a processor's descriptor.
    init(of processor: Int32, size: Int) throws(VMMError) {
        // unsafe because the mapping is a pointer; this value owns it
        guard let pointer = unsafe bh_kvm_map_run(processor, size) else {
            throw VMMError(.system, "map a processor's shared area: \(SystemError.last("mmap").reason)")
        }
        unsafe self.pointer = unsafe pointer
        self.size = size
    }

    deinit {
        // unsafe because the mapping was made by the initialiser and has no other owner
        unsafe munmap(pointer, size)
    }
}
