import Linux
import Testing

@testable import Machines

/// Kernels and their modules: what is read from files is never trusted.
struct KernelStoreTests {
    @Test func newerVersionsWinByNumber() {
        #expect(KernelStore.isOlder("vmlinuz-6.1.0-9-cloud-amd64", "vmlinuz-6.1.0-56-cloud-amd64"))
        #expect(!KernelStore.isOlder("vmlinuz-6.1.0-56-cloud-amd64", "vmlinuz-6.1.0-9-cloud-amd64"))
        #expect(KernelStore.isOlder("vmlinuz-6.1", "vmlinuz-6.1.1"))
    }

    @Test func missingKernelSaysHowToGetOne() throws {
        let store = KernelStore(directory: "/nonexistent/kernel", agent: "/bin/true")
        let error = #expect(throws: MachineError.self) { try store.prepare() }
        #expect(error?.kind == .missing)
        #expect(error?.message.contains("scripts/fetch-kernel /nonexistent/kernel") == true)
    }

    @Test func whatIsNoKernelIsRefused() {
        #expect(throws: MachineError.self) { try CompressedKernel.extract([], name: "empty") }
        var bytes = [UInt8](repeating: 0xFF, count: 4096)
        #expect(throws: MachineError.self) { try CompressedKernel.extract(bytes, name: "noise") }
        for (index, byte) in "HdrS".utf8.enumerated() { bytes[0x202 + index] = byte }
        #expect(throws: MachineError.self) { try CompressedKernel.extract(bytes, name: "offsets outside") }
    }

    @Test func programsSurviveBeingCut() throws {
        let file = try Files.read("/bin/true")
        var image = try #require(ELFImage(file))
        #expect(!image.sections.isEmpty)
        image.cutToSegments()
        #expect(image.bytes.count < file.count)
        #expect(image.sections.isEmpty)
        #expect(image.segments.count == ELFImage(file)?.segments.count)
    }

    @Test func anyByteChangedNeverTraps() throws {
        let file = Array(try Files.read("/bin/true").prefix(1024))
        for index in 0..<file.count {
            var bytes = file
            bytes[index] = 0xFF
            guard var image = ELFImage(bytes) else { continue }
            _ = image.hasNote(owner: "Xen", type: 18)
            for section in image.sections { image.hide(section) }
            image.cutToSegments()
            _ = KernelModule(bytes)
        }
    }

    @Test func moduleNamesAreTheKernels() {
        #expect(KernelModule.name("virtio-rng") == "virtio_rng")
    }
}
