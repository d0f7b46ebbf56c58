import Glibc
import Linux

/// System calls that a program finds missing, as on an older kernel or below a filter that does not know them.
public struct DeniedCalls: Sendable, CustomStringConvertible {
    /// What is missing.
    public enum Call: String, Sendable, CaseIterable {
        // Calls that there are not, by their number.
        case pidfdSendSignal, pidfdOpen, openTree, moveMount, fsopen, fsconfig, fsmount
        case clone3, closeRange, openat2, pidfdGetfd, faccessat2, epollPwait2, setMountAttributes, execveat, statx
        /// clone(2): what shares memory or begins at another place is made by it.
        case clone
        /// setns(2) with a pidfd (Linux 5.8): with more than one kind of namespace at once.
        case joiningByProcess
        /// unshare(2) with CLONE_NEWTIME (Linux 5.6).
        case timeNamespaces
        /// seccomp(2) with SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (Linux 5.19).
        case waitingKillable
    }

    /// Which.
    public let calls: [Call]
    /// What the calls answer that have a number of their own.
    public let answer: Int32

    /// Denies these, by default as calls that there are not.
    public init(_ calls: [Call], answer: Int32? = nil) {
        self.calls = calls
        self.answer = answer ?? ENOSYS
    }

    /// All that Linux 5.4, the oldest kernel that will do, does not have; and clone3, which it has without control groups, and
    /// statx, which does not tell it the number of a mount.
    public static let all = DeniedCalls([
        .clone3, .closeRange, .openat2, .pidfdGetfd, .faccessat2, .epollPwait2, .setMountAttributes, .joiningByProcess,
        .timeNamespaces, .waitingKillable, .statx,
    ])

    /// For the name of a test.
    public var description: String {
        let names = calls.count == 1 ? calls[0].rawValue : "\(calls.count) calls"
        return "\(names): \(answer == ENOSYS ? "ENOSYS" : answer == EPERM ? "EPERM" : "error \(answer)")"
    }

    /// What to start in place of a program: it takes on the filter, and becomes the program. `file` is made for it.
    ///
    /// A filter holds for ever and for all that comes after. This process can't take it on, not even in a thread of its
    /// own: glibc starts programs by clone3, and where a filter answers anything but ENOSYS it has no other way.
    func start(_ path: String, _ arguments: [String], file: String) throws -> (path: String, arguments: [String]) {
        try Files.write(file, program)
        // PR_SET_SECCOMP with SECCOMP_MODE_FILTER and struct sock_fprog.
        let text = """
            open(F, '<:raw', shift) or die; local $/; $p = <F>; close(F);
            syscall(\(DeniedCalls.prctl), 22, 2, pack('S x6 P', length($p) / 8, $p)) == 0 or die "filter: $!";
            exec {$ARGV[0]} @ARGV or die "$ARGV[0]: $!";
            """
        return ("/usr/bin/perl", ["-e", text, file, path] + arguments)
    }

    #if arch(x86_64)
    private static let (setns, unshare): (UInt32, UInt32) = (308, 272)
    private static let (execveat, seccomp): (UInt32, UInt32) = (322, 317)
    private static let (clone, statx): (UInt32, UInt32) = (56, 332)
    private static let prctl = 157
    #else
    private static let (setns, unshare): (UInt32, UInt32) = (268, 97)
    private static let (execveat, seccomp): (UInt32, UInt32) = (281, 277)
    private static let (clone, statx): (UInt32, UInt32) = (220, 291)
    private static let prctl = 167
    #endif

    private func number(of call: Call) -> UInt32? {
        switch call {
        case .pidfdSendSignal: 424
        case .openTree: 428
        case .moveMount: 429
        case .fsopen: 430
        case .fsconfig: 431
        case .fsmount: 432
        case .pidfdOpen: 434
        case .clone: DeniedCalls.clone
        case .clone3: 435
        case .closeRange: 436
        case .openat2: 437
        case .pidfdGetfd: 438
        case .faccessat2: 439
        case .epollPwait2: 441
        case .setMountAttributes: 442
        case .execveat: DeniedCalls.execveat
        case .statx: DeniedCalls.statx
        case .joiningByProcess, .timeNamespaces, .waitingKillable: nil
        }
    }

    /// Classic BPF over struct seccomp_data: the call's number at 0, its arguments in 8 bytes each from 16 on.
    private var program: [UInt8] {
        var program = FilterWords()
        for call in calls {
            program.add(0x20, 0)  // A = number
            if let number = number(of: call) {
                program.add(0x15, number, skipUnless: 1)
                program.add(0x06, 0x5_0000 | UInt32(answer))  // SECCOMP_RET_ERRNO
            } else if call == .joiningByProcess {
                program.add(0x15, DeniedCalls.setns, skipUnless: 6)
                program.add(0x20, 24)  // A = the second argument
                program.add(0x07, 0)  // X = A
                program.add(0x14, 1)  // A -= 1
                program.add(0x5C, 0)  // A &= X: 0 for a single bit
                program.add(0x15, 0, skipIf: 1)
                program.add(0x06, 0x5_0000 | UInt32(EINVAL))
            } else {
                let isUnshare = call == .timeNamespaces
                program.add(0x15, isUnshare ? DeniedCalls.unshare : DeniedCalls.seccomp, skipUnless: 3)
                program.add(0x20, isUnshare ? 16 : 24)  // A = the flags
                program.add(0x45, isUnshare ? 0x80 : 0x20, skipUnless: 1)
                program.add(0x06, 0x5_0000 | UInt32(EINVAL))
            }
        }
        program.add(0x06, 0x7FFF_0000)  // SECCOMP_RET_ALLOW
        return program.bytes
    }
}

/// Instructions of classic BPF: 16 bits of code, two jumps of 8 bits, 32 bits of value.
private struct FilterWords {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ code: UInt16, _ value: UInt32, skipIf: UInt8 = 0, skipUnless: UInt8 = 0) {
        withUnsafeBytes(of: code.littleEndian) { bytes += $0 }
        bytes += [skipIf, skipUnless]
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
}
