internal import Synchronization

/// A serial port (16550A) that only sends: for what a kernel prints before it has better devices.
///
/// | offset | read | write | with DLAB (bit 7 of LCR) |
/// |---|---|---|---|
/// | 0 | received byte (none: 0) | byte to send | divisor, low |
/// | 1 | interrupt enable | same | divisor, high |
/// | 2 | interrupt identification | FIFO control | |
/// | 3 | line control (LCR) | same | |
/// | 4 | modem control | same | |
/// | 5 | line status: always ready to send | – | |
/// | 6 | modem status | – | |
/// | 7 | scratch | same | |
final class SerialPort: BusDevice {
    /// The first serial port of a PC.
    static let ports: Range<UInt64> = 0x3F8..<0x400
    /// Its interrupt.
    static let line: UInt32 = 4

    private enum Register {
        static let data: UInt64 = 0
        static let interruptEnable: UInt64 = 1
        static let identification: UInt64 = 2
        static let lineControl: UInt64 = 3
        static let modemControl: UInt64 = 4
        static let lineStatus: UInt64 = 5
        static let modemStatus: UInt64 = 6
        static let scratch: UInt64 = 7
    }

    private struct State {
        var divisor: UInt16 = 12
        var interruptEnable: UInt8 = 0
        var hasFIFO = false
        var lineControl: UInt8 = 3
        var modemControl: UInt8 = 0
        var scratch: UInt8 = 0
        /// The guest has not been told yet that there is room for a byte to send.
        var emptied = false

        var selectsDivisor: Bool { lineControl & 0x80 != 0 }
        var loops: Bool { modemControl & 0x10 != 0 }
        var wantsRoom: Bool { interruptEnable & 2 != 0 }
    }

    private let state = Mutex(State())
    private let send: @Sendable (UInt8) -> Void
    private let interrupt: @Sendable () -> Void

    /// - Parameters:
    ///   - send: takes what the guest sends, byte by byte, on the processor's thread.
    ///   - interrupt: makes an edge of the port's interrupt line.
    init(send: @escaping @Sendable (UInt8) -> Void, interrupt: @escaping @Sendable () -> Void) {
        self.send = send
        self.interrupt = interrupt
    }

    func read(at offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) {
        let value = state.withLock { SerialPort.value(at: offset, &$0) }
        // unsafe because the caller's bytes are filled; the registers have one byte each
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: value)
    }

    func write(at offset: UInt64, from bytes: UnsafeRawBufferPointer) {
        // unsafe because one byte of the caller's is read, and there is one
        guard let value = unsafe bytes.first else { return }
        let (sends, interrupts) = state.withLock { SerialPort.take(value, at: offset, &$0) }
        if sends { send(value) }
        if interrupts { interrupt() }
    }

    private static func value(at offset: UInt64, _ state: inout State) -> UInt8 {
        switch offset {
        case Register.data: return state.selectsDivisor ? UInt8(truncatingIfNeeded: state.divisor) : 0
        case Register.interruptEnable:
            return state.selectsDivisor ? UInt8(truncatingIfNeeded: state.divisor >> 8) : state.interruptEnable
        case Register.identification:
            let tells = state.wantsRoom && state.emptied
            if tells { state.emptied = false }
            return (state.hasFIFO ? 0xC0 : 0) | (tells ? 2 : 1)
        case Register.lineControl: return state.lineControl
        case Register.modemControl: return state.modemControl
        case Register.lineStatus: return 0x60
        // In a loop its own outputs are its inputs: that is how a driver recognises the chip. Otherwise somebody listens.
        case Register.modemStatus:
            guard state.loops else { return 0xB0 }
            let control = state.modemControl
            return (control & 2) << 3 | (control & 1) << 5 | (control & 4) << 4 | (control & 8) << 4
        case Register.scratch: return state.scratch
        default: return 0xFF
        }
    }

    /// - Returns: whether the byte is to be sent, and whether the line has an edge.
    private static func take(_ value: UInt8, at offset: UInt64, _ state: inout State) -> (Bool, Bool) {
        switch offset {
        case Register.data where state.selectsDivisor: state.divisor = state.divisor & 0xFF00 | UInt16(value)
        case Register.data:
            state.emptied = true
            return (!state.loops, state.wantsRoom)
        case Register.interruptEnable where state.selectsDivisor:
            state.divisor = state.divisor & 0xFF | UInt16(value) << 8
        case Register.interruptEnable:
            let wantedRoom = state.wantsRoom
            state.interruptEnable = value & 0xF
            if state.wantsRoom && !wantedRoom {
                state.emptied = true
                return (false, true)
            }
        case Register.identification: state.hasFIFO = value & 1 != 0
        case Register.lineControl: state.lineControl = value
        case Register.modemControl: state.modemControl = value & 0x1F
        case Register.scratch: state.scratch = value
        default: break
        }
        return (false, false)
    }
}
