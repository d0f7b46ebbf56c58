/// Runs a filter as the kernel would (linux/filter.h), as far as libseccomp and we make use of it.
struct FilterProgram {
    let bytes: [UInt8]

    /// What the filter returns for a call.
    func run(_ number: UInt32, architecture: UInt32, arguments: [UInt64] = []) -> UInt32? {
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

    private func word(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) } }

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
}
