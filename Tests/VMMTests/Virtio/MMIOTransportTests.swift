import CLinux
import Glibc
import Synchronization
import TestKit
import Testing

@testable import VMM

/// The registers of virtio-mmio, as drivers use and misuse them.
@Suite(.blocking) struct MMIOTransportTests {
    /// A device that notes what it is told.
    final class NotedDevice: VirtioDevice {
        struct Life {
            var activations: [VirtioActivation] = []
            var resets = 0
            var refuses = false
        }
        let life = Mutex(Life())
        let written = Mutex<[UInt8]>([])
        var type: UInt32 { 42 }
        var features: UInt64 { 1 << 5 | 1 << 40 }
        var queueSizes: [UInt16] { [64, 16] }
        func sharedMemory(_ number: UInt32) -> SharedMemoryRegion? {
            number == 3 ? SharedMemoryRegion(address: 0x9_0000_0000, count: 0x1_0000_2000) : nil
        }
        func readConfiguration(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) {
            for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: offset + index) }
        }
        func writeConfiguration(at offset: Int, from bytes: UnsafeRawBufferPointer) {
            written.withLock { $0 = [UInt8(truncatingIfNeeded: offset)] + bytes }
        }
        func activate(_ activation: VirtioActivation) throws(VirtioError) {
            let refuses = life.withLock { life in
                life.activations.append(activation)
                return life.refuses
            }
            if refuses { throw VirtioError("not so") }
        }
        func reset() { life.withLock { $0.resets += 1 } }
    }

    /// A transport and a driver's accesses to it.
    final class Registers {
        let device = NotedDevice()
        let memory = SimulatedMemory(count: 65536)
        let line = SimulatedLine()
        let events = [bh_eventfd(), bh_eventfd()]
        let failures = SimulatedDriver.Failures()
        let interrupt: VirtioInterrupt
        let transport: MMIOTransport

        init() {
            let (line, failures) = (line, failures)
            interrupt = VirtioInterrupt(report: { failures.add($0) }, line: { line.pulse() })
            transport = MMIOTransport(
                device, memory: memory.memory, interrupt: interrupt, notifications: events)
        }
        deinit { for event in events { close(event) } }

        func read(_ register: UInt64) -> UInt32 {
            var value: UInt32 = 0xDEAD_BEEF
            withUnsafeMutableBytes(of: &value) { transport.read(at: register, into: $0) }
            return value
        }
        func write(_ register: UInt64, _ value: UInt32) {
            withUnsafeBytes(of: value) { transport.write(at: register, from: $0) }
        }
        var status: UInt32 { read(MMIORegister.status) }
        func write(status: UInt32) { write(MMIORegister.status, status) }
        func accept(_ features: UInt64) {
            for half: UInt32 in [0, 1] {
                write(MMIORegister.driverFeaturesSelect, half)
                write(MMIORegister.driverFeatures, UInt32(truncatingIfNeeded: features >> (32 * UInt64(half))))
            }
        }
        func negotiate(_ features: UInt64 = VirtioFeature.version1) {
            write(status: 1)
            write(status: 3)
            accept(features)
            write(status: 11)
        }
        func setQueue(_ number: UInt32, size: UInt32) {
            write(MMIORegister.queueSelect, number)
            write(MMIORegister.queueSize, size)
            write(MMIORegister.queueDescriptorsLow, 0x1000)
            write(MMIORegister.queueDescriptorsHigh, 1)
            write(MMIORegister.queueAvailableLow, 0x2000)
            write(MMIORegister.queueUsedLow, 0x3000)
            write(MMIORegister.queueUsedHigh, 0xFFFF_FFFF)
            write(MMIORegister.queueReady, 1)
        }
        func notified(_ queue: Int) -> UInt64 {
            var count: UInt64 = 0
            return Glibc.read(events[queue], &count, 8) == 8 ? count : 0
        }
    }

    @Test func identifiesItself() {
        let registers = Registers()
        #expect(registers.read(0) == 0x7472_6976)
        #expect(registers.read(4) == 2)
        #expect(registers.read(8) == 42)
        #expect(registers.read(MMIORegister.deviceFeatures) == 1 << 5 | 1 << 28 | 1 << 29)
        registers.write(MMIORegister.deviceFeaturesSelect, 1)
        #expect(registers.read(MMIORegister.deviceFeatures) == 1 << 8 | 1)
        registers.write(MMIORegister.deviceFeaturesSelect, 2)
        #expect(registers.read(MMIORegister.deviceFeatures) == 0)
        #expect(registers.read(0x104) == 0x0706_0504)
    }

    @Test func deviceGetsWhatWasAgreedOnAndWhereItsQueuesAre() throws {
        let registers = Registers()
        registers.negotiate(VirtioFeature.version1 | 1 << 40)
        #expect(registers.status == 11)
        #expect(registers.read(MMIORegister.queueSizeMax) == 64)
        registers.setQueue(0, size: 32)
        #expect(registers.read(MMIORegister.queueReady) == 1)
        registers.write(MMIORegister.queueSelect, 1)
        #expect(registers.read(MMIORegister.queueReady) == 0)
        #expect(registers.read(MMIORegister.queueSizeMax) == 16)
        registers.write(MMIORegister.queueSelect, 2)
        #expect(registers.read(MMIORegister.queueSizeMax) == 0)
        registers.write(status: 15)
        let activation = try #require(registers.device.life.withLock { $0.activations.first })
        #expect(activation.features == VirtioFeature.version1 | 1 << 40)
        #expect(
            activation.queues == [
                VirtQueueLayout(
                    size: 32, descriptors: 0x1_0000_1000, available: 0x2000, used: 0xFFFF_FFFF_0000_3000), nil,
            ])
        #expect(registers.status == 15)
        // A second DRIVER_OK is none, and what it has stays.
        registers.write(status: 15)
        registers.write(MMIORegister.queueSelect, 0)
        registers.write(MMIORegister.queueReady, 0)
        registers.accept(VirtioFeature.version1)
        #expect(registers.read(MMIORegister.queueReady) == 1)
        #expect(registers.device.life.withLock { $0.activations.count } == 1)
    }

    @Test(arguments: [0, 1 << 40, VirtioFeature.version1 | 1 << 6, .max] as [UInt64])
    func featuresThatWereNotOfferedOrWithoutVersion1AreNotAgreedOn(features: UInt64) {
        let registers = Registers()
        registers.negotiate(features)
        #expect(registers.status == 3)
        registers.write(status: 15)
        #expect(registers.status == 3)
        registers.write(status: 7)
        #expect(registers.status == 3)
        #expect(registers.device.life.withLock { $0.activations.isEmpty })
        // The driver may try again with less.
        registers.accept(VirtioFeature.version1)
        registers.write(status: 11)
        #expect(registers.status == 11)
    }

    @Test func stepsAreNeitherSkippedNorTakenBack() {
        let registers = Registers()
        for wrong: UInt32 in [2, 4, 8, 9] {
            registers.write(status: wrong)
            #expect(registers.status == 0)
        }
        registers.negotiate()
        for wrong: UInt32 in [1, 3, 10] {
            registers.write(status: wrong)
            #expect(registers.status == 11)
        }
        registers.write(status: 11 | 128)
        #expect(registers.status == 139, "the driver has given up")
    }

    @Test func resetTakesTheQueuesBackAndStartsAnew() {
        let registers = Registers()
        registers.negotiate()
        registers.setQueue(0, size: 32)
        registers.write(status: 15)
        registers.interrupt.raise(.queue)
        #expect(registers.read(MMIORegister.interruptStatus) == 1)
        registers.write(status: 0)
        #expect(registers.device.life.withLock { $0.resets } == 1)
        #expect(registers.status == 0)
        #expect(registers.read(MMIORegister.queueReady) == 0)
        #expect(registers.read(MMIORegister.interruptStatus) == 0)
        registers.write(status: 0)
        #expect(registers.device.life.withLock { $0.resets } == 1, "it had no queues")
        registers.negotiate()
        registers.write(status: 15)
        #expect(registers.device.life.withLock { $0.activations.count } == 2)
        #expect(registers.device.life.withLock { $0.activations.last?.queues } == [nil, nil])
    }

    @Test func failedDeviceNeedsAResetAndSaysSoOnce() {
        let registers = Registers()
        registers.device.life.withLock { $0.refuses = true }
        registers.negotiate()
        let generation = registers.read(MMIORegister.configurationGeneration)
        registers.write(status: 15)
        #expect(registers.status == 15 | 64)
        #expect(registers.read(MMIORegister.interruptStatus) == 2)
        #expect(registers.read(MMIORegister.configurationGeneration) != generation)
        registers.write(MMIORegister.interruptAcknowledge, 2)
        #expect(registers.read(MMIORegister.interruptStatus) == 0)
        registers.interrupt.fail(VirtioError("again"))
        #expect(registers.failures.texts == ["not so"])
        #expect(registers.line.count == 1)
        registers.write(status: 0)
        #expect(registers.status == 0)
        #expect(registers.device.life.withLock { $0.resets } == 1)
    }

    @Test func queueThatIsLargerThanOfferedIsRefused() {
        let registers = Registers()
        registers.negotiate()
        registers.setQueue(1, size: 0x1_0010)
        registers.write(status: 15)
        #expect(registers.status == 15 | 64)
        #expect(registers.failures.texts.first?.contains("65535 descriptors") == true)
        #expect(registers.device.life.withLock { $0.activations.isEmpty })
    }

    @Test func notificationReachesItsQueueOnly() {
        let registers = Registers()
        registers.write(MMIORegister.queueNotify, 1)
        registers.write(MMIORegister.queueNotify, 2)
        registers.write(MMIORegister.queueNotify, .max)
        #expect(registers.notified(0) == 0)
        #expect(registers.notified(1) == 1)
    }

    @Test func sharedMemoryIsWhereTheDeviceSaysOrNowhere() {
        let registers = Registers()
        registers.write(MMIORegister.sharedMemorySelect, 3)
        #expect(registers.read(MMIORegister.sharedMemoryCountLow) == 0x2000)
        #expect(registers.read(MMIORegister.sharedMemoryCountHigh) == 1)
        #expect(registers.read(MMIORegister.sharedMemoryBaseLow) == 0)
        #expect(registers.read(MMIORegister.sharedMemoryBaseHigh) == 9)
        registers.write(MMIORegister.sharedMemorySelect, 0)
        for register: UInt64 in [0xB0, 0xB4, 0xB8, 0xBC] { #expect(registers.read(register) == .max) }
    }

    @Test func whatIsNoRegisterReadsAsZeroAndTakesNothing() {
        let registers = Registers()
        for register: UInt64 in [0x0C0, 0x018, 0x03C, 0x054, 0x068, 0x0F8] {
            registers.write(register, .max)
            #expect(registers.read(register) == 0)
        }
        // Not 4 bytes, or not aligned.
        var narrow: [UInt8] = [9, 9]
        narrow.withUnsafeMutableBytes { registers.transport.read(at: 0, into: $0) }
        #expect(narrow == [0, 0])
        var wide = [UInt8](repeating: 9, count: 8)
        wide.withUnsafeMutableBytes { registers.transport.read(at: 0, into: $0) }
        #expect(wide == [UInt8](repeating: 0, count: 8))
        #expect(registers.read(2) == 0)
        [1, 0].withUnsafeBytes { registers.transport.write(at: MMIORegister.status, from: $0) }
        #expect(registers.status == 0)
    }
}
