import Glibc
import Linux
import Synchronization

@testable import VMM

/// A machine with the tests' guest in it: what the guest tells at port 0x700, and how it ends.
final class TestGuest: Sendable {
    /// Why no guest runs here; nil where one does.
    static let obstacle: String? = {
        do {
            _ = try KVMSystem()
            return nil
        } catch {
            return "\(error)"
        }
    }()

    let machine: Machine
    let output: TestOutput
    private let ends: AsyncStream<GuestEnd>

    /// Makes a machine whose guest does what `line` says (`Guest/guest.c`).
    init(
        _ line: String, entry: GuestProgram.Entry = .pvh, memory: UInt64 = 64 << 20, processors: UInt32 = 1,
        _ change: (inout MachineConfiguration) throws -> Void = { _ in }
    ) throws {
        let output = TestOutput()
        var configuration = MachineConfiguration(processors: processors, commandLine: line)
        configuration.ports = [Bus.Mapping(0x700..<0x702, output)]
        try change(&configuration)
        let (stream, continuation) = AsyncStream.makeStream(of: GuestEnd.self)
        machine = try Machine(
            configuration, memory: try GuestMemoryMapping(count: memory), system: try KVMSystem(),
            kernel: try GuestProgram.file(entry), initrd: nil
        ) { continuation.yield($0) }
        ends = stream
        self.output = output
    }

    /// Runs it to its end.
    func run(within seconds: Int = 60) async throws -> GuestEnd {
        try machine.start()
        let end = try await end(within: seconds)
        machine.stop()
        return end
    }

    /// How it ends; an error if it does not in time.
    func end(within seconds: Int = 60) async throws -> GuestEnd {
        let ends = ends
        return try await withThrowingTaskGroup(of: GuestEnd?.self) { group in
            group.addTask {
                for await end in ends { return end }
                return nil
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            guard let end = try await group.next() ?? nil else {
                throw GuestError("the guest has not ended within \(seconds) s; it said: \(output.text)")
            }
            return end
        }
    }
}

/// A port that collects what a guest tells (offset 0), and counts its writes to another one (offset 1).
final class TestOutput: BusDevice {
    private let bytes = Mutex<[UInt8]>([])
    private let count = Atomic<UInt64>(0)
    private let changes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
    var writes: UInt64 { count.load(ordering: .relaxed) }

    func read(at offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) {}

    func write(at offset: UInt64, from bytes: UnsafeRawBufferPointer) {
        if offset == 0 {
            self.bytes.withLock { $0 += Array(bytes) }
        } else {
            count.wrappingAdd(1, ordering: .relaxed)
        }
        changes.continuation.yield()
    }

    /// Waits for the guest to write until what is asked for is the case.
    func wait(until condition: (TestOutput) -> Bool) async {
        if condition(self) { return }
        for await _ in changes.stream where condition(self) { return }
    }
}

/// A device of the tests' guest: it remembers a number, and raises its interrupt line when it is asked to.
final class TestDevice: BusDevice {
    let line: InterruptLine
    private let value = Atomic<UInt32>(0)

    init(line: InterruptLine) { self.line = line }

    func read(at offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) {
        withUnsafeBytes(of: value.load(ordering: .relaxed)) { bytes.copyBytes(from: $0.prefix(bytes.count)) }
    }

    func write(at offset: UInt64, from bytes: UnsafeRawBufferPointer) {
        guard offset == 0 else { return value.store(bytes.loadUnaligned(as: UInt32.self) &+ 1, ordering: .relaxed) }
        line.raise()
    }
}
