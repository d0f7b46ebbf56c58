internal import CLinux

/// A program for seccomp(2), run as the kernel would (linux/filter.h), as far as libseccomp and we make use of it.
public struct FilterProgram: Sendable {
    private let bytes: [UInt8]

    /// From its instructions of 8 bytes.
    public init(bytes: [UInt8]) { self.bytes = bytes }

    /// What the filter returns for a call; nil where it has an instruction that is not known here.
    public func run(_ number: UInt32, architecture: UInt32, arguments: [UInt64] = []) -> UInt32? {
        var accumulator: UInt32 = 0
        var next = 0
        while (next + 1) * 8 <= bytes.count {
            let at = next * 8
            let value = word(at + 4)
            let (yes, no) = (Int(bytes[at + 2]), Int(bytes[at + 3]))
            next += 1
            switch UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 {
            case 0x20: accumulator = load(value, number, architecture, arguments)
            case 0x54: accumulator &= value
            case 0x05: next += Int(value)
            case 0x15: next += accumulator == value ? yes : no
            case 0x25: next += accumulator > value ? yes : no
            case 0x35: next += accumulator >= value ? yes : no
            case 0x45: next += accumulator & value != 0 ? yes : no
            case 0x06: return value
            default: return nil
            }
        }
        return nil
    }

    private func word(_ at: Int) -> UInt32 {
        UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
    }

    /// `struct seccomp_data`: number, architecture, instruction pointer, six arguments.
    private func load(_ offset: UInt32, _ number: UInt32, _ architecture: UInt32, _ arguments: [UInt64]) -> UInt32 {
        switch offset {
        case 0: return number
        case 4: return architecture
        default:
            let index = (Int(offset) - 16) / 8
            guard arguments.indices.contains(index) else { return 0 }
            return UInt32(truncatingIfNeeded: offset % 8 == 0 ? arguments[index] : arguments[index] >> 32)
        }
    }

    /// Whether a process may still do under it what `Clone.sibling` and whoever executes a program then take.
    public var allowsEntering: Bool {
        var calls: [(UInt32, [UInt64])] = [
            (BH_CALL_SETSID, []), (BH_CALL_RECVMSG, []), (BH_CALL_SENDMSG, []), (BH_CALL_EXECVE, []),
            (BH_CALL_EXIT_GROUP, []), (BH_CALL_BRK, []), (BH_CALL_MMAP, []), (BH_CALL_MUNMAP, []),
            (BH_CALL_MADVISE, []), (BH_CALL_MPROTECT, []), (BH_CALL_FUTEX, []),
        ].map { (UInt32($0.0.rawValue), $0.1) }
        calls.append((UInt32(BH_CALL_CLONE.rawValue), [Clone.siblingFlags]))
        calls.append((UInt32(BH_CALL_IOCTL.rawValue), [0, Terminal.controlRequest]))
        return calls.allSatisfy { call in
            switch run(call.0, architecture: bh_audit_architecture(), arguments: call.1) {
            // SECCOMP_RET_ALLOW, SECCOMP_RET_LOG.
            case 0x7FFF_0000, 0x7FFC_0000: true
            default: false
            }
        }
    }
}
