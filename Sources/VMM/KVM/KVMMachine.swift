internal import CLinux
internal import Linux

/// A virtual machine of KVM: address space, interrupt controllers and timer. `Documentation/virt/kvm/api.rst`, "vm ioctl".
struct KVMMachine: ~Copyable {
    private let descriptor: Descriptor
    private let runSize: Int
    private var nextSlot: UInt32 = 0

    init(adopting descriptor: consuming Descriptor, runSize: Int) {
        self.descriptor = descriptor
        self.runSize = runSize
    }

    /// Its descriptor's number, for as long as this value lives.
    var rawValue: Int32 { descriptor.rawValue }

    /// Creates both PICs, the I/O APIC, a local APIC for each processor to come, and the PIT.
    ///
    /// - Parameter hidden: the guest-physical address of four pages that belong to nothing else, which some of Intel's
    ///   processors need: one of page tables, three for a task segment.
    func createInterruptControllers(hidden: UInt64) throws(VMMError) {
        try VMMError.check(bh_kvm_set_identity_map(rawValue, hidden), "place KVM's page table")
        let segment = UInt32(truncatingIfNeeded: hidden &+ 0x1000)
        try VMMError.check(bh_kvm_set_tss_address(rawValue, segment), "place KVM's task segment")
        try VMMError.check(bh_kvm_create_irqchip(rawValue), "create the interrupt controllers")
        try VMMError.check(bh_kvm_create_pit(rawValue), "create the timer")
    }

    /// Shows the guest memory of this process.
    ///
    /// - Parameters:
    ///   - address: guest-physical, of a page.
    ///   - count: bytes, whole pages.
    ///   - host: where it is mapped in this process, for as long as the machine lives.
    ///   - readOnly: what the guest writes there comes as an access of a device.
    mutating func addMemory(
        at address: UInt64, count: UInt64, host: UnsafeMutableRawPointer, readOnly: Bool = false
    ) throws(VMMError) {
        let flags: UInt32 = readOnly ? 1 << 1 : 0  // KVM_MEM_READONLY
        // unsafe because KVM keeps the address; the caller vouches for what is there
        let result = unsafe bh_kvm_set_memory(rawValue, nextSlot, flags, address, count, host)
        try VMMError.check(result, "give the machine \(count) bytes of memory at 0x\(String(address, radix: 16))")
        nextSlot += 1
    }

    /// From now on each count of an eventfd is an edge of an interrupt line.
    func connect(event: Int32, toLine line: UInt32) throws(VMMError) {
        try VMMError.check(bh_kvm_irqfd(rawValue, event, line, 1), "connect an event to interrupt line \(line)")
    }

    /// Undoes ``connect(event:toLine:)``.
    func disconnect(event: Int32, fromLine line: UInt32) throws(VMMError) {
        try VMMError.check(bh_kvm_irqfd(rawValue, event, line, 0), "disconnect an event from interrupt line \(line)")
    }

    /// From now on, writing the 32-bit value `match` to guest-physical `address` counts an eventfd up, without an exit.
    func notify(event: Int32, ofWritesAt address: UInt64, match: UInt32) throws(VMMError) {
        try VMMError.check(
            bh_kvm_ioeventfd(rawValue, event, address, match, 1),
            "watch writes of \(match) at 0x\(String(address, radix: 16))")
    }

    /// Undoes ``notify(event:ofWritesAt:match:)``.
    func stopNotifying(event: Int32, ofWritesAt address: UInt64, match: UInt32) throws(VMMError) {
        try VMMError.check(
            bh_kvm_ioeventfd(rawValue, event, address, match, 0),
            "forget writes of \(match) at 0x\(String(address, radix: 16))")
    }

    /// A processor, reset and waiting for the start-up interrupt unless it is number 0.
    func makeProcessor(_ number: UInt32) throws(VMMError) -> KVMProcessor {
        let raw = try VMMError.check(
            bh_kvm_create_processor(rawValue, number), "create virtual processor \(number)")
        return try KVMProcessor(adopting: Descriptor(adopting: raw), number: number, runSize: runSize)
    }
}
