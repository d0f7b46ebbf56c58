import Glibc
import Linux
import TestKit
import Testing

@testable import VMM

private let virtiofsd: String? = {
    let places: [String] = ["/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd"]
    return places.first { access($0, X_OK) == 0 }
}()

/// A simulated driver that speaks FUSE to the real virtiofsd.
@Suite(
    "file system: virtiofsd", .serialized, .blocking,
    .enabled(if: virtiofsd != nil && geteuid() == 0, "needs virtiofsd (qemu-system-common) and root"))
struct VirtiofsdTests {
    /// The server of a folder with one file.
    private final class Server {
        let directory: String
        let process: Int32
        let device: FileSystemDevice

        init(memory: SimulatedMemory) throws {
            directory = "/tmp/bulkhead-virtiofs-\(getpid())-\(UInt32.random(in: 0 ... .max))"
            try Files.makeDirectories("\(directory)/share")
            try Files.write("\(directory)/share/hello.txt", Array("hello, guest".utf8))
            let listener = try UnixSocket.listen("\(directory)/socket")
            process = try Spawn.process(
                path: virtiofsd ?? "",
                arguments: [
                    "--fd=3", "--rlimit-nofile=0", "-o", "source=\(directory)/share", "-o", "sandbox=chroot", "-o",
                    "log_level=err",
                ],
                descriptors: [(child: 3, parent: listener.rawValue), (child: 2, parent: 2)])
            device = try FileSystemDevice(
                tag: "share", socket: UnixSocket.connect("\(directory)/socket"), memoryFile: memory.file.duplicate(),
                thread: IOThread("fs-test"))
        }

        deinit {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
            try? Files.removeTree(directory)
        }
    }

    private enum Operation {
        static let lookup: UInt32 = 1
        static let open: UInt32 = 14
        static let read: UInt32 = 15
        static let initialize: UInt32 = 26
    }

    /// Makes a request of FUSE; gives what follows the answer's header.
    private func ask(
        _ driver: SimulatedDriver, _ operation: UInt32, node: UInt64 = 1, _ arguments: [UInt8], room: Int
    ) throws -> [UInt8] {
        var header: [UInt8] = []
        header.append(littleEndian: UInt32(40 + arguments.count))
        header.append(littleEndian: operation)
        header.append(littleEndian: UInt64(operation))
        header.append(littleEndian: node)
        header += [UInt8](repeating: 0, count: 16)
        let reply = try #require(driver.request(1, [header, arguments], writable: [16, room], indirect: true))
        let error = try #require(UInt32(littleEndianBytes: reply.data, at: 4))
        #expect(error == 0 && UInt64(littleEndianBytes: reply.data, at: 8) == UInt64(operation))
        return Array(reply.data[16..<Int(reply.written)])
    }

    private func initialize(_ driver: SimulatedDriver) throws -> [UInt8] {
        var arguments: [UInt8] = []
        for word in [7, 31, 1 << 17, 0] as [UInt32] { arguments.append(littleEndian: word) }
        return try ask(driver, Operation.initialize, arguments, room: 64)
    }

    @Test func driverReadsAFile() throws {
        let memory = SimulatedMemory()
        let server = try Server(memory: memory)
        let driver = SimulatedDriver(server.device, memory: memory, queueSize: 64)
        try driver.activate()
        #expect(UInt32(littleEndianBytes: try initialize(driver), at: 0) == 7)
        let entry = try ask(driver, Operation.lookup, Array("hello.txt\0".utf8), room: 128)
        let node = try #require(UInt64(littleEndianBytes: entry, at: 0))
        let opened = try ask(driver, Operation.open, node: node, [UInt8](repeating: 0, count: 8), room: 16)
        var arguments = Array(opened[..<8]) + [UInt8](repeating: 0, count: 8)
        arguments.append(littleEndian: 4096 as UInt32)
        arguments += [UInt8](repeating: 0, count: 20)
        let content = try ask(driver, Operation.read, node: node, arguments, room: 4096)
        #expect(String(decoding: content, as: UTF8.self) == "hello, guest")
        driver.reset()
    }

    /// Memory above 4 GiB is the second region: its place in the file is behind the first.
    @Test func requestsMayLieInHighMemory() throws {
        let memory = SimulatedMemory(high: 1 << 20)
        let server = try Server(memory: memory)
        let driver = SimulatedDriver(server.device, memory: memory)
        try driver.activate()
        let place = GuestMemory.highStart + 4096
        var request: [UInt8] = []
        // The server ends itself if a request has no number.
        for word in [56, Operation.initialize, 1, 0] { request.append(littleEndian: word) }
        request += [UInt8](repeating: 0, count: 24)
        for word in [7, 31, 0, 0] as [UInt32] { request.append(littleEndian: word) }
        memory.write(request, at: place)
        driver.queues[1].add([
            .init(address: place, count: 56), .init(address: place + 4096, count: 80, writable: true),
        ])
        driver.notify(1)
        #expect(driver.used(1).count == 1)
        #expect(memory.read(UInt32.self, place + 4096 + 16) == 7)
    }

    @Test func serverThatIsKilledFailsTheDevice() throws {
        let memory = SimulatedMemory()
        let server = try Server(memory: memory)
        let driver = SimulatedDriver(server.device, memory: memory)
        try driver.activate()
        kill(server.process, SIGKILL)
        #expect(driver.waitForConfigurationChange() && driver.interrupt.needsReset)
        driver.reset()
    }
}
