import Glibc
import Linux

@testable import VMM

/// A guest's memory without a guest, between pages that nobody may touch: what goes beyond its ends ends the test run.
///
/// Low memory from address 0, and optionally some above 4 GiB. What is allocated in it is never given back.
final class SimulatedMemory: @unchecked Sendable {
    static let page = 4096
    let memory: GuestMemory
    /// What it is made of: low memory, and directly behind it high memory.
    let file: Descriptor
    private let base: UnsafeMutableRawPointer
    private let total: Int
    /// Address 0 stays unused, as in a real guest.
    private var nextFree: UInt64 = 4096

    /// Counts are in bytes and rounded up to pages.
    init(count: Int = 4 << 20, high: Int = 0) {
        let page = SimulatedMemory.page
        let low = (count + page - 1) / page * page
        let above = (high + page - 1) / page * page
        total = low + above + 3 * page
        guard let base = mmap(nil, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), base != MAP_FAILED else {
            fatalError("no memory for the simulated guest")
        }
        self.base = base
        guard let file = try? Descriptor.memory("simulated"), ftruncate(file.rawValue, low + above) == 0 else {
            fatalError("no file for the simulated guest's memory")
        }
        let (access, flags, number) = (PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file.rawValue)
        precondition(mmap(base + page, low, access, flags, number, 0) != MAP_FAILED)
        if above > 0 { precondition(mmap(base + 2 * page + low, above, access, flags, number, low) != MAP_FAILED) }
        self.file = file
        memory = GuestMemory(
            low: .init(start: 0, count: UInt64(low), base: base + page),
            high: .init(start: GuestMemory.highStart, count: UInt64(above), base: base + 2 * page + low))
    }

    deinit { munmap(base, total) }

    /// Guest-physical room in low memory.
    func allocate(_ count: Int, alignment: UInt64 = 16) -> UInt64 {
        let address = (nextFree + alignment - 1) / alignment * alignment
        nextFree = address + UInt64(count)
        precondition(nextFree <= memory.low.count, "the simulated memory is used up")
        return address
    }

    /// Room with these bytes in it.
    func place(_ bytes: [UInt8]) -> UInt64 {
        let address = allocate(max(bytes.count, 1))
        write(bytes, at: address)
        return address
    }

    func write(_ bytes: [UInt8], at address: UInt64) {
        guard !bytes.isEmpty else { return }
        pointer(address, bytes.count).copyMemory(from: bytes, byteCount: bytes.count)
    }

    func write<Value: BitwiseCopyable>(_ value: Value, at address: UInt64) {
        precondition(memory.store(value, at: address))
    }

    func read(_ address: UInt64, _ count: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: pointer(address, count), count: count))
    }

    func read<Value: BitwiseCopyable>(_ type: Value.Type, _ address: UInt64) -> Value {
        pointer(address, MemoryLayout<Value>.size).loadUnaligned(as: type)
    }

    private func pointer(_ address: UInt64, _ count: Int) -> UnsafeMutableRawPointer {
        guard let place = memory.pointer(address, count: UInt64(count)) else {
            fatalError("the test uses \(count) bytes at \(address), which are not simulated memory")
        }
        return place
    }
}
