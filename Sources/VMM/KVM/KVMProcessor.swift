internal import CLinux
internal import Glibc
internal import Linux

/// A virtual processor of KVM. One thread runs it; others may only kick it, and, while it does not run, ask and set what it
/// has. `Documentation/virt/kvm/api.rst`, "vcpu ioctl".
struct KVMProcessor: ~Copyable, @unchecked Sendable {
    /// Why it left the guest. A trivial value: this is the hot path.
    enum Exit {
        /// The guest used a port or memory that is none: answer it, then run on.
        case port(Access)
        case memory(Access)
        /// A signal, or an immediate exit that was asked for.
        case interrupted
        /// A triple fault, or KVM's word for an end that only this can be.
        case shutdown
        /// The guest halted and KVM has no interrupt controller that could wake it.
        case halted
        /// KVM could not go on: the call failed with this number, or (0) left with a reason that nothing can be done
        /// about. ``KVMProcessor/description(ofFailure:)`` says more.
        case failed(Int32)
    }

    /// What the guest reads or writes.
    @safe struct Access: BitwiseCopyable {
        let isWrite: Bool
        /// The memory's address, or the port.
        let address: UInt64
        /// Bytes of one access.
        let size: Int
        /// How many of them follow each other, all at the same port.
        let count: Int
        /// The first one's bytes: what the guest wrote, or where the answer goes. Good until the processor runs on.
        let data: UnsafeMutablePointer<UInt8>
    }

    /// Its number, which is its local APIC's too.
    let number: UInt32
    private let descriptor: Descriptor
    let area: RunArea

    init(adopting descriptor: consuming Descriptor, number: UInt32, runSize: Int) throws(VMMError) {
        area = try RunArea(of: descriptor.rawValue, size: runSize)
        self.descriptor = descriptor
        self.number = number
    }

    /// Its descriptor's number, for as long as this value lives.
    var rawValue: Int32 { descriptor.rawValue }

    /// Runs the guest until there is something to do.
    @inline(__always)
    func run() -> Exit {
        if bh_kvm_run(rawValue) < 0 {
            // EAGAIN: it waited to be started, and was interrupted.
            let code = errno
            return code == EINTR || code == EAGAIN ? .interrupted : .failed(code)
        }
        // unsafe because the area is shared memory; only this thread runs the processor
        let exit = unsafe bh_kvm_last_exit(area.pointer)
        switch unsafe Int32(bitPattern: exit.reason) {
        case KVM_EXIT_IO: return .port(unsafe Access(exit))
        case KVM_EXIT_MMIO: return .memory(unsafe Access(exit))
        case KVM_EXIT_INTR: return .interrupted
        case KVM_EXIT_SHUTDOWN: return .shutdown
        case KVM_EXIT_HLT: return .halted
        default: return .failed(0)
        }
    }

    /// Makes ``run()`` return as soon as what the guest waits for is answered, until it is turned off again. Any thread
    /// may ask for it; together with a signal to the processor's own thread that is certain to take it out of the guest.
    func exitImmediately(_ on: Bool) {
        // unsafe because the area is shared memory; the flag is stored atomically
        unsafe bh_kvm_set_immediate_exit(area.pointer, on ? 1 : 0)
    }
}

extension KVMProcessor.Access {
    @inline(__always)
    fileprivate init(_ exit: bh_kvm_exit) {
        // unsafe because it points into the processor's shared area, which lives as long as the processor
        unsafe self.init(
            isWrite: exit.is_write != 0, address: exit.address, size: Int(exit.size), count: Int(exit.count),
            data: exit.data)
    }
}
