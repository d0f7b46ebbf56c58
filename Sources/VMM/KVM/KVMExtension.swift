internal import CLinux

/// Something that a KVM may be able to do (KVM_CHECK_EXTENSION), by the name that its documentation uses.
struct KVMExtension: Sendable {
    let name: String
    let number: Int32

    /// Changes of the host's mapping are seen by the guest: balloon and shared memory need it.
    static let syncMMU = KVMExtension(name: "KVM_CAP_SYNC_MMU", number: KVM_CAP_SYNC_MMU)
    /// Memory that the guest can't write to.
    static let readOnlyMemory = KVMExtension(name: "KVM_CAP_READONLY_MEM", number: KVM_CAP_READONLY_MEM)
    /// The greatest number of processors.
    static let processors = KVMExtension(name: "KVM_CAP_MAX_VCPUS", number: KVM_CAP_MAX_VCPUS)
    /// The greatest number of ranges of memory.
    static let memorySlots = KVMExtension(name: "KVM_CAP_NR_MEMSLOTS", number: KVM_CAP_NR_MEMSLOTS)
    /// The APIC's timer can be set to a value of the time stamp counter.
    static let deadlineTimer = KVMExtension(name: "KVM_CAP_TSC_DEADLINE_TIMER", number: KVM_CAP_TSC_DEADLINE_TIMER)

    /// Without these no machine can run.
    static let required = [
        KVMExtension(name: "KVM_CAP_USER_MEMORY", number: KVM_CAP_USER_MEMORY),
        KVMExtension(name: "KVM_CAP_IRQCHIP", number: KVM_CAP_IRQCHIP),
        KVMExtension(name: "KVM_CAP_PIT2", number: KVM_CAP_PIT2),
        KVMExtension(name: "KVM_CAP_IRQFD", number: KVM_CAP_IRQFD),
        KVMExtension(name: "KVM_CAP_IOEVENTFD", number: KVM_CAP_IOEVENTFD),
        KVMExtension(name: "KVM_CAP_SET_TSS_ADDR", number: KVM_CAP_SET_TSS_ADDR),
        KVMExtension(name: "KVM_CAP_SET_IDENTITY_MAP_ADDR", number: KVM_CAP_SET_IDENTITY_MAP_ADDR),
        KVMExtension(name: "KVM_CAP_EXT_CPUID", number: KVM_CAP_EXT_CPUID),
        KVMExtension(name: "KVM_CAP_MP_STATE", number: KVM_CAP_MP_STATE),
        KVMExtension(name: "KVM_CAP_IMMEDIATE_EXIT", number: KVM_CAP_IMMEDIATE_EXIT),
        syncMMU,
    ]
}
