internal import CSeccomp
internal import OCI

/// What a filter says to calls that are newer than itself.
///
/// Programs try a new call and fall back to an older one where it returns ENOSYS; with the default action of an older
/// profile, EPERM, they would fail. So, as in runc since 1.0.0-rc93, calls above the highest that the filter names
/// return ENOSYS, unless the default lets everything pass. In front of libseccomp's program, for each architecture:
///
/// ```
///   load architecture
///   is it this one?  ------------------- no: the next architecture
///   load number
///   x32? (x86_64 only) ----------------- yes: libseccomp's program
///   above the highest? ----------------- no: libseccomp's program
///   return ENOSYS
/// ```
enum NewerCalls {
    static func prologue(of filter: RuntimeSeccomp) throws(SeccompError) -> [UInt8] {
        switch filter.defaultAction {
        // A tracer can say what it likes.
        case "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE": return []
        case "SCMP_ACT_ERRNO" where filter.defaultErrno == noSuchCall: return []
        default: break
        }
        var blocks: [[Instruction]] = []
        for architecture in try architectures(of: filter) {
            guard let highest = highest(in: filter, architecture) else { continue }
            blocks.append(block(architecture, highest))
        }
        guard !blocks.isEmpty else { return [] }
        var program = [Instruction(code: loadWord, value: 4)]
        let total = 1 + blocks.reduce(0) { $0 + $1.count }
        for block in blocks {
            program += block
            // Its last instruction jumps over all other blocks.
            program[program.count - 1].value = UInt32(total - program.count)
        }
        return program.flatMap { $0.bytes }
    }

    private static let noSuchCall: UInt32 = 38
    // libseccomp's own names for these are macros that Swift can't read.
    private static let x8664: UInt32 = 0xC000_003E
    private static let x32: UInt32 = 0x4000_003E
    private static let x32Bit: UInt32 = 0x4000_0000
    private static let loadWord: UInt16 = 0x20
    private static let jump: UInt16 = 0x05
    private static let jumpIfEqual: UInt16 = 0x15
    private static let jumpIfGreater: UInt16 = 0x25
    private static let jumpIfNotLess: UInt16 = 0x35
    private static let giveBack: UInt16 = 0x06

    private static func block(_ architecture: UInt32, _ highest: UInt32) -> [Instruction] {
        let hasX32 = architecture == x8664
        var body = [Instruction(code: loadWord, value: 0)]
        if hasX32 { body.append(Instruction(code: jumpIfNotLess, yes: 2, value: x32Bit)) }
        body.append(Instruction(code: jumpIfGreater, no: 1, value: highest))
        body.append(Instruction(code: giveBack, value: 0x0005_0000 | noSuchCall))
        body.append(Instruction(code: jump, value: 0))
        let skip = UInt8(truncatingIfNeeded: body.count)
        return [Instruction(code: jumpIfEqual, no: skip, value: architecture)] + body
    }

    /// The kernel's AUDIT_ARCH_*, which libseccomp's numbers are. x32 is none of its own.
    private static func architectures(of filter: RuntimeSeccomp) throws(SeccompError) -> [UInt32] {
        var tokens = [seccomp_arch_native()]
        for name in filter.architectures {
            let token = try SeccompCompiler.architecture(name)
            if token != x32 && !tokens.contains(token) { tokens.append(token) }
        }
        return tokens
    }

    private static func highest(in filter: RuntimeSeccomp, _ architecture: UInt32) -> UInt32? {
        var highest: Int32 = -1
        for rule in filter.calls {
            for name in rule.names {
                highest = max(highest, seccomp_syscall_resolve_name_arch(architecture, name))
            }
        }
        return UInt32(exactly: highest)
    }

    /// `struct sock_filter`: code, how many instructions to skip on yes and on no, value.
    private struct Instruction {
        let code: UInt16
        var yes: UInt8 = 0
        var no: UInt8 = 0
        var value: UInt32

        var bytes: [UInt8] {
            let number = value.littleEndian
            return [UInt8(truncatingIfNeeded: code), UInt8(truncatingIfNeeded: code >> 8), yes, no]
                + (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
        }
    }
}
