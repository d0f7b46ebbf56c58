import Synchronization
import TestKit
import Testing

@testable import VMM

/// A guest of ours on the host's KVM: exits, interrupts, processors, and every end.
@Suite(.blocking, .enabled(if: TestGuest.obstacle == nil, "no usable KVM: \(TestGuest.obstacle ?? "")"))
struct MachineTests {
    @Test(arguments: GuestProgram.Entry.allCases)
    func aKernelOfEachFormatSeesItsCommandLine(entry: GuestProgram.Entry) async throws {
        let guest = try TestGuest("hello these words", entry: entry)
        let end = try await guest.run()
        #expect(end == .poweredOff)
        #expect(guest.output.text == "hello\nthese words\n")
    }

    @Test(
        arguments: [
            ("hello", .poweredOff), ("reset", .reset), ("acpi-reset", .reset), ("panic", .panicked),
            ("fault", .tripleFault(processor: 0)),
        ] as [(String, GuestEnd)])
    func howTheGuestEndsIsReported(word: String, end: GuestEnd) async throws {
        let guest = try TestGuest(word)
        let seen = try await guest.run()
        #expect(seen == end)
        #expect(guest.machine.guestEnd == end)
    }

    @Test func whatIsNotThereReadsAsAllOnes() async throws {
        let guest = try TestGuest("unknown")
        let end = try await guest.run()
        #expect(end == .poweredOff)
        #expect(guest.output.text == "port ffffffff\nmemory ffffffff\n")
    }

    @Test func aDeviceIsReadAndWritten() async throws {
        let line = try InterruptLine(5)
        let guest = try TestGuest("device") {
            $0.addresses = [Bus.Mapping(0xD000_0000..<0xD000_1000, TestDevice(line: line))]
        }
        let end = try await guest.run()
        #expect(end == .poweredOff)
        #expect(guest.output.text == "device 12345679\n")
        let exits = guest.machine.exitCounts
        #expect(exits.memory == 2)
        // Every character, and the power register.
        #expect(exits.ports == 17)
    }

    @Test(arguments: ["interrupt", "halt"])
    func anInterruptReachesTheGuest(word: String) async throws {
        let line = try InterruptLine(5)
        let guest = try TestGuest(word) {
            $0.addresses = [Bus.Mapping(0xD000_0000..<0xD000_1000, TestDevice(line: line))]
            $0.lines = [line]
        }
        let end = try await guest.run()
        #expect(end == .poweredOff)
        #expect(guest.output.text == (word == "halt" ? "interrupts 1\n" : "interrupts 3\n"))
    }

    @Test func aVirtioDeviceServesItsDriver() async throws {
        let device = EntropyDevice(thread: try IOThread("entropy"))
        let guest = try TestGuest("random") { $0.devices = [device] }
        let end = try await guest.run()
        #expect(end == .poweredOff)
        #expect(
            guest.output.text
                == "magic 74726976\ntype 4\nused 1\nwritten 40\ncause 1\ncause 0\nrandom\n")
        #expect(device.counters.snapshot.requests == 1)
    }

    @Test func moreDevicesThanThereAreLinesAreRefused() throws {
        let thread = try IOThread("entropy")
        #expect(throws: VMMError.self) {
            try TestGuest("random") { $0.devices = (0..<20).map { _ in EntropyDevice(thread: thread) } }
        }
    }

    @Test func theSerialPortSends() async throws {
        let (stream, sent) = AsyncStream.makeStream(of: UInt8.self)
        let guest = try TestGuest("serial over the wire") { $0.serial = { sent.yield($0) } }
        let end = try await guest.run()
        #expect(end == .poweredOff)
        sent.finish()
        var bytes: [UInt8] = []
        for await byte in stream { bytes.append(byte) }
        #expect(String(decoding: bytes, as: UTF8.self) == "over the wire")
    }

    @Test func theFirstProcessorStartsTheSecond() async throws {
        let guest = try TestGuest("processors", processors: 2)
        let end = try await guest.run()
        #expect(end == .poweredOff)
        #expect(guest.output.text == "processors 2\n")
    }

    @Test func aSpinningGuestIsPausedAndResumed() async throws {
        let guest = try TestGuest("count")
        try guest.machine.start()
        await guest.output.wait { $0.writes > 10 }
        guest.machine.pause()
        let (writes, time) = (guest.output.writes, guest.machine.processorNanoseconds)
        #expect(time > 0)
        // What a processor in the guest would do at once is not done while other things are.
        for _ in 0..<1000 { await Task.yield() }
        #expect(guest.output.writes == writes)
        guest.machine.resume()
        await guest.output.wait { $0.writes > writes + 10 }
        guest.machine.stop()
        #expect(guest.machine.guestEnd == nil)
    }

    @Test(arguments: [1, 2] as [UInt32])
    func aGuestThatNeverLeavesIsStopped(processors: UInt32) async throws {
        let guest = try TestGuest("spin", processors: processors)
        try guest.machine.start()
        await guest.output.wait { $0.text == "spinning\n" }
        guest.machine.pause()
        guest.machine.resume()
        guest.machine.stop()
        #expect(guest.machine.guestEnd == nil)
        #expect(guest.machine.exitCounts.interruptions > 0)
    }

    @Test func eachThreadIsPreparedBeforeTheGuestBegins() async throws {
        let prepared = Atomic<Int>(0)
        let guest = try TestGuest("processors", processors: 2)
        try guest.machine.start { prepared.wrappingAdd(1, ordering: .relaxed) }
        #expect(prepared.load(ordering: .relaxed) == 2)
        #expect(try await guest.end() == .poweredOff)
    }

    @Test func aThreadThatCanNotBePreparedKeepsTheGuestFromBeginning() async throws {
        let guest = try TestGuest("hello")
        try guest.machine.start { () throws(VMMError) in throw VMMError(.system, "no filter") }
        #expect(try await guest.end() == .failed("no filter"))
        #expect(guest.output.text == "")
    }

    @Test func memoryAboveTheHoleIsThere() async throws {
        let guest = try TestGuest("hello", memory: 5 << 30)
        #expect(guest.machine.memory.high.count == 2 << 30)
        let end = try await guest.run()
        #expect(end == .poweredOff)
    }

    @Test(arguments: [0, 33] as [UInt32])
    func aNumberOfProcessorsThatCanNotBeIsRefused(processors: UInt32) {
        #expect(throws: VMMError.self) { try TestGuest("hello", processors: processors) }
    }
}
