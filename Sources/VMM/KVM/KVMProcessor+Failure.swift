internal import CLinux
internal import Linux

extension KVMProcessor {
    /// What KVM and the registers say of a run that has just failed.
    func description(ofFailure code: Int32) -> String {
        let place = instructionPointer.map { ", at instruction 0x\(String($0, radix: 16))" } ?? ""
        if code != 0 { return "KVM_RUN on processor \(number): \(SystemError.reason(of: code))\(place)" }
        return "processor \(number): \(reason)\(place)"
    }

    private var reason: String {
        // unsafe because the area is shared memory, which KVM has filled for this exit; its union is read as its reason says
        let run = unsafe area.pointer
        switch unsafe Int32(bitPattern: run.pointee.exit_reason) {
        case KVM_EXIT_FAIL_ENTRY:
            let reason = unsafe run.pointee.fail_entry.hardware_entry_failure_reason
            return "the hardware refused to enter the guest, reason 0x\(String(reason, radix: 16))"
        case KVM_EXIT_INTERNAL_ERROR:
            return internalError
        case KVM_EXIT_SYSTEM_EVENT:
            return unsafe "KVM's system event \(run.pointee.system_event.type)"
        case let reason:
            return "an exit that is not known, reason \(reason)"
        }
    }

    private var internalError: String {
        // unsafe because the area is shared memory, which KVM has filled for this exit
        let error = unsafe area.pointer.pointee.internal
        switch Int32(bitPattern: error.suberror) {
        case KVM_INTERNAL_ERROR_EMULATION:
            return "KVM can't emulate an instruction\(instruction)"
        case KVM_INTERNAL_ERROR_SIMUL_EX: return "KVM saw exceptions while it delivered an exception"
        case KVM_INTERNAL_ERROR_DELIVERY_EV: return "KVM could not deliver an event to the guest"
        case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON:
            return "the hardware left the guest for a reason that KVM does not know"
        case let other: return "KVM's internal error \(other)"
        }
    }

    /// The bytes of the instruction that could not be emulated, where KVM gives them.
    private var instruction: String {
        // unsafe because the area is shared memory, which KVM has filled for this exit
        let failure = unsafe area.pointer.pointee.emulation_failure
        guard failure.ndata >= 3, failure.flags & 1 != 0 else { return "" }
        // unsafe because the bytes are a tuple of their own, read within it
        let bytes = unsafe withUnsafeBytes(of: failure.insn_bytes) { unsafe Array($0) }
        let text = bytes.prefix(Int(failure.insn_size)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return " (\(text.joined(separator: " ")))"
    }
}
