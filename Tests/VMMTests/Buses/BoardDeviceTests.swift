import Synchronization
import Testing

@testable import VMM

/// The board's own devices, as drivers use them.
@Suite struct BoardDeviceTests {
    /// A serial port, and what it sends and how often it interrupts.
    private final class Line: Sendable {
        let sent = Mutex<[UInt8]>([])
        let interrupts = Atomic<Int>(0)
    }

    private func read(_ device: any BusDevice, _ offset: UInt64) -> UInt8 {
        var bytes: [UInt8] = [0x55]
        bytes.withUnsafeMutableBytes { device.read(at: offset, into: $0) }
        return bytes[0]
    }

    private func write(_ device: any BusDevice, _ offset: UInt64, _ value: UInt8) {
        [value].withUnsafeBytes { device.write(at: offset, from: $0) }
    }

    private func serialPort() -> (SerialPort, Line) {
        let line = Line()
        let port = SerialPort(
            send: { byte in line.sent.withLock { $0.append(byte) } },
            interrupt: { line.interrupts.wrappingAdd(1, ordering: .relaxed) })
        return (port, line)
    }

    @Test func aDriverRecognisesTheSerialPort() {
        let (port, line) = serialPort()
        // As Linux does: scratch register, interrupt enable register, loop, FIFO.
        write(port, 7, 0xA5)
        #expect(read(port, 7) == 0xA5)
        write(port, 1, 0xFF)
        #expect(read(port, 1) == 0x0F)
        write(port, 1, 0)
        write(port, 4, 0x1A)
        #expect(read(port, 6) & 0xF0 == 0x90)
        write(port, 0, 0x41)
        #expect(line.sent.withLock { $0 } == [])
        write(port, 4, 0)
        write(port, 2, 1)
        #expect(read(port, 2) == 0xC1)
        write(port, 3, 0x83)
        write(port, 0, 1)
        write(port, 1, 0)
        #expect(read(port, 0) == 1)
        write(port, 3, 3)
        #expect(line.sent.withLock { $0 } == [])
    }

    @Test func theSerialPortTellsThatItHasRoom() {
        let (port, line) = serialPort()
        #expect(read(port, 5) == 0x60)
        write(port, 0, 0x41)
        #expect(line.interrupts.load(ordering: .relaxed) == 0)
        write(port, 1, 2)
        #expect(line.interrupts.load(ordering: .relaxed) == 1)
        #expect(read(port, 2) & 0xF == 2)
        #expect(read(port, 2) & 0xF == 1)
        write(port, 0, 0x42)
        #expect(line.interrupts.load(ordering: .relaxed) == 2)
        #expect(read(port, 2) & 0xF == 2)
        #expect(line.sent.withLock { $0 } == [0x41, 0x42])
    }

    @Test func onlyTheTypeOfSleepThatIsOffEndsTheMachine() {
        let recorded = Recorder()
        let registers = PowerRegisters { recorded.add($0) }
        for value in [0, 1, 0x14, 0x20, 0x30, 0x24] as [UInt8] { write(registers, 0, value) }
        write(registers, 1, 0x34)
        write(registers, 2, 0)
        #expect(recorded.ends == [])
        write(registers, 0, 0x34)
        write(registers, 2, 1)
        #expect(recorded.ends == [.poweredOff, .reset])
    }

    @Test func theKeyboardControllerResetsAndIsNeverBusy() {
        let recorded = Recorder()
        let controller = KeyboardController { recorded.add(.reset) }
        #expect(read(controller, 4) & 3 == 0)
        write(controller, 0, 0xFE)
        write(controller, 4, 0xAA)
        #expect(recorded.ends == [])
        write(controller, 4, 0xFE)
        #expect(recorded.ends == [.reset])
    }

    private final class Recorder: Sendable {
        private let known = Mutex<[GuestEnd]>([])
        var ends: [GuestEnd] { known.withLock { $0 } }
        func add(_ end: GuestEnd) { known.withLock { $0.append(end) } }
    }
}
