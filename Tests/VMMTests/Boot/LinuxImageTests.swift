import Testing

@testable import VMM

/// Kernels as bzImages.
@Suite final class LinuxImageTests {
    private let memory: GuestMemoryMapping

    init() throws { memory = try GuestMemoryMapping(count: 32 << 20) }

    private func load(_ bytes: [UInt8]) throws -> LoadedKernel {
        try LoadedKernel.load(try GuestProgram.file(bytes, name: "test kernel"), into: memory.backing)
    }

    private var image: [UInt8] {
        GuestProgram.bzImage(of: [UInt8](repeating: 0x90, count: 0x300), address: 0x100_0000)
    }

    @Test func theKernelIsWhereItPrefersToBe() throws {
        let kernel = try load(image)
        guard case .linux64(let entry, let header) = kernel.entry else {
            Issue.record("\(kernel.entry)")
            return
        }
        #expect(entry == 0x100_0200)
        #expect(header.count == 0x268 - 0x1F1)
        #expect(kernel.end == 0x110_0000)
        #expect(kernel.highestInitrd == 0x7FFF_FFFF)
        #expect(memory.memory.load(UInt32.self, at: 0x100_0000) == 0x9090_9090)
    }

    @Test func aKernelWithoutA64BitEntryIsRefused() throws {
        var old = image
        old[0x236] = 0
        #expect(throws: VMMError.self) { try load(old) }
        old = image
        old[0x206] = 0x0B
        #expect(throws: VMMError.self) { try load(old) }
    }

    @Test(arguments: [0, 0xF_F000, 31 << 20, 32 << 20, .max - 1, .max - 0xFFF] as [UInt64])
    func aPlaceOutsideOfMemoryIsRefused(address: UInt64) throws {
        #expect(throws: VMMError.self) {
            try load(GuestProgram.bzImage(of: [UInt8](repeating: 0x90, count: 0x300), address: address + 1))
        }
    }

    @Test func aDamagedFileIsLoadedOrRefusedButNothingElse() throws {
        for index in 0x1F1..<0x270 {
            for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
                var damaged = image
                damaged[index] = value
                do { _ = try load(damaged) } catch { #expect(error is VMMError) }
            }
        }
        for count in stride(from: 0, to: image.count, by: 7) {
            do { _ = try load(Array(image[..<count])) } catch { #expect(error is VMMError) }
        }
    }
}
