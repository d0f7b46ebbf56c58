internal import CLinux
internal import Linux

extension KVMProcessor {
    /// What a processor is doing: KVM_GET_MP_STATE.
    enum Activity: UInt32, Sendable {
        case runnable = 0
        /// Reset, waiting for INIT.
        case uninitialized = 1
        /// Waiting for the start-up interrupt.
        case initialized = 2
        case halted = 3
        case starting = 4
    }

    /// Says what the processor has. Before the first run, and before its model-specific registers are set.
    func setFeatures(_ features: [CPUIDEntry]) throws(VMMError) {
        let entries = features.map { kvm_cpuid_entry2($0) }
        // unsafe because the entries are read through a pointer that lives for the call
        let result = unsafe bh_kvm_set_cpuid(rawValue, entries, UInt32(truncatingIfNeeded: entries.count))
        try VMMError.check(result, "set the CPUID of processor \(number)")
    }

    /// Sets model-specific registers, in their order.
    func setModelSpecificRegisters(_ registers: [ModelSpecificRegister]) throws(VMMError) {
        let entries = registers.map { kvm_msr_entry(index: $0.number, reserved: 0, data: $0.value) }
        // unsafe because the entries are read through a pointer that lives for the call
        let result = unsafe bh_kvm_set_msrs(rawValue, entries, UInt32(truncatingIfNeeded: entries.count))
        let taken = Int(try VMMError.check(result, "set model-specific registers of processor \(number)"))
        guard taken < registers.count else { return }
        let name = "0x\(String(registers[taken].number, radix: 16))"
        throw VMMError(.unsupportedHost, "KVM refuses to set model-specific register \(name) of processor \(number)")
    }

    /// The values of model-specific registers.
    func modelSpecificRegisters(_ numbers: [UInt32]) throws(VMMError) -> [ModelSpecificRegister] {
        var entries = numbers.map { kvm_msr_entry(index: $0, reserved: 0, data: 0) }
        // unsafe because the entries are filled through a pointer that lives for the call
        let result = unsafe bh_kvm_get_msrs(rawValue, &entries, UInt32(truncatingIfNeeded: entries.count))
        let taken = Int(try VMMError.check(result, "get model-specific registers of processor \(number)"))
        guard taken == numbers.count else {
            let name = "0x\(String(numbers[taken], radix: 16))"
            throw VMMError(.unsupportedHost, "KVM does not give model-specific register \(name)")
        }
        return entries.map { ModelSpecificRegister($0.index, $0.data) }
    }

    /// General registers.
    func registers() throws(VMMError) -> kvm_regs {
        var registers = kvm_regs()
        // unsafe because the registers come back through a pointer to a local structure
        let result = unsafe bh_kvm_get_registers(rawValue, &registers)
        try VMMError.check(result, "get the registers of processor \(number)")
        return registers
    }

    /// Sets the general registers.
    func setRegisters(_ registers: kvm_regs) throws(VMMError) {
        // unsafe because the registers are read through a pointer to a local structure
        let result = unsafe withUnsafePointer(to: registers) { unsafe bh_kvm_set_registers(rawValue, $0) }
        try VMMError.check(result, "set the registers of processor \(number)")
    }

    /// Segments, control registers, tables.
    func systemRegisters() throws(VMMError) -> kvm_sregs {
        var registers = kvm_sregs()
        // unsafe because the registers come back through a pointer to a local structure
        let result = unsafe bh_kvm_get_system_registers(rawValue, &registers)
        try VMMError.check(result, "get the system registers of processor \(number)")
        return registers
    }

    /// Sets segments, control registers and tables.
    func setSystemRegisters(_ registers: kvm_sregs) throws(VMMError) {
        // unsafe because the registers are read through a pointer to a local structure
        let result = unsafe withUnsafePointer(to: registers) { unsafe bh_kvm_set_system_registers(rawValue, $0) }
        try VMMError.check(result, "set the system registers of processor \(number)")
    }

    /// Sets the floating point unit as after FNINIT: every exception masked.
    func resetFloatingPoint() throws(VMMError) {
        try VMMError.check(
            bh_kvm_set_fpu(rawValue, 0x37F, 0x1F80), "set the floating point unit of processor \(number)")
    }

    /// Changes registers of the local APIC: its first KiB, in words of 32 bits, each at the start of 16 bytes.
    func changeInterruptController(_ body: (UnsafeMutableRawPointer) -> Void) throws(VMMError) {
        var state = kvm_lapic_state()
        // unsafe because the state comes back through a pointer to a local structure
        try VMMError.check(unsafe bh_kvm_get_lapic(rawValue, &state), "get the local APIC of processor \(number)")
        // unsafe because the body gets a pointer to the local structure, for the call only
        unsafe withUnsafeMutablePointer(to: &state) { unsafe body(UnsafeMutableRawPointer($0)) }
        let result = unsafe bh_kvm_set_lapic(rawValue, &state)
        try VMMError.check(result, "set the local APIC of processor \(number)")
    }

    /// What it is doing.
    func activity() throws(VMMError) -> Activity {
        let state = try VMMError.check(bh_kvm_get_mp_state(rawValue), "ask what processor \(number) is doing")
        guard let activity = Activity(rawValue: UInt32(state)) else {
            throw VMMError(.unsupportedHost, "processor \(number) is in a state that is not known: \(state)")
        }
        return activity
    }

    /// Has it do something else.
    func setActivity(_ activity: Activity) throws(VMMError) {
        try VMMError.check(
            bh_kvm_set_mp_state(rawValue, activity.rawValue), "say what processor \(number) is doing")
    }

    /// Where it is, for messages; nil where KVM does not say.
    var instructionPointer: UInt64? {
        // Only a message would have had it.
        (try? registers())?.rip
    }

    /// Tells the guest's clock that the machine was paused, so that its watchdogs do not bark.
    func clockWasPaused() {
        // EINVAL: the guest does not use this clock. Nothing else can be told.
        _ = bh_kvm_clock_paused(rawValue)
    }
}
