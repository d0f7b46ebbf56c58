internal import CLinux

extension KVMProcessor {
    /// Makes a new processor what it is when a machine begins. All but the first then wait to be started by it.
    ///
    /// - Parameter start: for the first processor; nil for others.
    func prepare(features: [CPUIDEntry], start: ProcessorStart?) throws(VMMError) {
        // Features first: KVM takes only those registers that the processor has.
        try setFeatures(features)
        try setModelSpecificRegisters(ModelSpecificRegister.atStart)
        try resetFloatingPoint()
        if let start { try begin(at: start) }
        try connectLegacyInterrupts()
    }

    private func begin(at start: ProcessorStart) throws(VMMError) {
        var registers = kvm_regs()
        registers.rip = start.instruction
        registers.rbx = start.rbx
        registers.rsi = start.rsi
        registers.rsp = start.stack
        registers.rbp = start.stack
        registers.rflags = 1 << 1  // always set
        try setRegisters(registers)
        // What is not said here (the APIC's base) stays as KVM has it.
        var system = try systemRegisters()
        system.cs = kvm_segment(start.code)
        let data = kvm_segment(start.data)
        (system.ds, system.es, system.fs, system.gs, system.ss) = (data, data, data, data, data)
        system.tr = kvm_segment(start.task)
        system.cr0 = start.cr0
        system.cr3 = start.cr3
        system.cr4 = start.cr4
        system.efer = start.efer
        if start.descriptorTable != 0 {
            system.gdt.base = start.descriptorTable
            system.gdt.limit = UInt16(truncatingIfNeeded: start.descriptors.count * 8 - 1)
            system.idt.base = 0
            system.idt.limit = 0
        }
        try setSystemRegisters(system)
    }

    /// LINT0 takes the PIC's interrupt, LINT1 is the non-maskable one: as firmware leaves a local APIC.
    private func connectLegacyInterrupts() throws(VMMError) {
        let (external, nonMaskable): (UInt32, UInt32) = (7 << 8, 4 << 8)
        // unsafe because the registers are written through the pointer that is given, within the first KiB
        try unsafe changeInterruptController { registers in
            let (first, second) = unsafe (registers + 0x350, registers + 0x360)
            let keep: UInt32 = ~0x700 & ~(1 << 16)
            unsafe first.storeBytes(of: first.load(as: UInt32.self) & keep | external, as: UInt32.self)
            unsafe second.storeBytes(of: second.load(as: UInt32.self) & keep | nonMaskable, as: UInt32.self)
        }
    }
}

extension kvm_segment {
    /// As KVM takes it.
    init(_ segment: ProcessorStart.Segment) {
        self.init()
        limit = segment.limit
        selector = segment.selector
        type = segment.type
        present = 1
        s = segment.isCodeOrData ? 1 : 0
        db = segment.is32Bit ? 1 : 0
        l = segment.is64Bit ? 1 : 0
        g = segment.countsPages ? 1 : 0
    }
}
