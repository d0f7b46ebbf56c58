internal import CLinux
internal import Linux

/// A list of the system calls that a thread may make: any other ends the process (SIGSYS). A pure value.
///
/// ```
///  architecture ≠ ours ─► kill
///  number = first call ─► conditions ─► allow, or kill
///  number = second …
///  kill
/// ```
/// Calls that are made most stand first: the kernel remembers the answer for those without conditions (Linux 5.11), and
/// walks through the list for the others.
struct CallFilter {
    /// What an argument must be; the kernel looks at its low 32 bits, or at more than these arguments ever have.
    enum Condition {
        /// One of these numbers.
        case oneOf(argument: Int, [UInt32])
        /// A number without any of these bits.
        case without(argument: Int, bits: UInt32)
    }

    /// SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS.
    private static let (allow, kill): (UInt32, UInt32) = (0x7FFF_0000, 0x8000_0000)
    /// BPF: load a word of the call's description; jump if equal, or if any bit is set; return.
    private enum Code {
        static let load: UInt16 = 0x20
        static let jumpIfEqual: UInt16 = 0x15
        static let jumpIfAnyBit: UInt16 = 0x45
        static let answer: UInt16 = 0x06
    }

    private var instructions: [[UInt8]] = []

    /// Allows nothing yet.
    init() {
        // struct seccomp_data: number at 0, architecture at 4, arguments in 8 bytes each from 16 on.
        instructions.append(CallFilter.instruction(Code.load, 4))
        instructions.append(CallFilter.instruction(Code.jumpIfEqual, bh_audit_architecture(), ifSo: 1))
        instructions.append(CallFilter.instruction(Code.answer, CallFilter.kill))
        instructions.append(CallFilter.instruction(Code.load, 0))
    }

    /// Allows a call whose arguments meet all conditions.
    mutating func allow(_ call: bh_call, where conditions: Condition...) {
        var body = conditions.flatMap(CallFilter.check)
        body.append(CallFilter.instruction(Code.answer, CallFilter.allow))
        let number = UInt32(call.rawValue)
        instructions.append(
            CallFilter.instruction(Code.jumpIfEqual, number, ifNot: UInt8(truncatingIfNeeded: body.count)))
        instructions += body
    }

    /// Allows calls with any arguments.
    mutating func allow(_ calls: [bh_call]) { for call in calls { allow(call) } }

    /// The program for seccomp(2).
    var program: [UInt8] { instructions.flatMap { $0 } + CallFilter.instruction(Code.answer, CallFilter.kill) }

    /// Takes it on for the calling thread, for ever.
    func install() throws(SystemError) { try Privilege.installFilter(program) }

    private static func check(_ condition: Condition) -> [[UInt8]] {
        switch condition {
        case .oneOf(let argument, let values):
            // Each value jumps behind the refusal.
            let comparisons = values.enumerated().map { index, value in
                instruction(Code.jumpIfEqual, value, ifSo: UInt8(truncatingIfNeeded: values.count - index))
            }
            return [load(argument)] + comparisons + [instruction(Code.answer, kill)]
        case .without(let argument, let bits):
            return [load(argument), instruction(Code.jumpIfAnyBit, bits, ifNot: 1), instruction(Code.answer, kill)]
        }
    }

    private static func load(_ argument: Int) -> [UInt8] {
        instruction(Code.load, UInt32(truncatingIfNeeded: 16 + 8 * argument))
    }

    private static func instruction(_ code: UInt16, _ value: UInt32, ifSo: UInt8 = 0, ifNot: UInt8 = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: code)
        bytes += [ifSo, ifNot]
        bytes.append(littleEndian: value)
        return bytes
    }
}
