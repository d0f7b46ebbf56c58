import Glibc
import Linux
import TestKit
import Testing

@testable import VMM

/// What is said to a server of a file system, and what is made of its answers.
@Suite("file system: vhost-user", .serialized, .blocking) struct VhostUserTests {
    private func device(
        _ memory: SimulatedMemory, _ script: @escaping (VhostUserHeader, [UInt8]) -> [UInt8]?
    ) throws -> (FileSystemDevice, ScriptedServer) {
        let (server, client) = try ScriptedServer.start(script)
        let device = try FileSystemDevice(
            tag: "share", socket: Descriptor(adopting: client), memoryFile: memory.file.duplicate(),
            thread: IOThread("fs-test"), patience: 2000)
        return (device, server)
    }

    @Test func messagesAreLaidOutAsTheProtocolSays() {
        #expect(VhostUserRequest.setQueueSize(queue: 1, size: 256).payload == [1, 0, 0, 0, 0, 1, 0, 0])
        #expect(VhostUserRequest.setQueueKick(queue: 2).payload == [2, 0, 0, 0, 0, 0, 0, 0])
        let address = VhostUserRequest.setQueueAddress(queue: 1, descriptors: 2, used: 3, available: 4).payload
        #expect(address.count == 40 && address[8] == 2 && address[16] == 3 && address[24] == 4)
        let table = VhostUserRequest.setMemoryTable([
            .init(guestAddress: 1, count: 2, userAddress: 3, fileOffset: 4)
        ]).payload
        #expect(table.count == 40 && table[0] == 1 && table[8] == 1 && table[16] == 2 && table[32] == 4)
        let header = VhostUserHeader(request: 5, flags: 9, size: 40)
        #expect(VhostUserHeader(header.bytes) == header)
        #expect(VhostUserHeader([1, 2, 3]) == nil)
    }

    @Test func configurationHasTheTag() throws {
        let (device, _) = try device(SimulatedMemory(), ScriptedServer.good)
        var bytes = [UInt8](repeating: 0xFF, count: 44)
        bytes.withUnsafeMutableBytes { device.readConfiguration(at: 0, into: $0) }
        #expect(bytes == Array("share".utf8) + [UInt8](repeating: 0, count: 31) + [1, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test(arguments: ["", String(repeating: "x", count: 37), "a\0b"])
    func wrongTagIsRefused(tag: String) {
        #expect(throws: SystemError.self) { _ = try FileSystemConfiguration(tag: tag, requestQueues: 1) }
    }

    @Test func queuesAreStartedAndStopped() throws {
        let memory = SimulatedMemory()
        let (device, server) = try device(memory, ScriptedServer.good)
        let driver = SimulatedDriver(device, memory: memory)
        try driver.activate()
        driver.reset()
        let queue: [UInt32] = [8, 10, 9, 13, 14, 12, 18]
        #expect(server.requests == [1, 15, 16, 3, 17, 2, 5] + queue + queue + [11, 11])
    }

    @Test(arguments: [1, 15, 17] as [UInt32])
    func serverThatLacksSomethingIsRefused(request: UInt32) throws {
        let error = #expect(throws: VirtioError.self) {
            _ = try device(SimulatedMemory()) { header, payload in
                header.request == request ? ScriptedServer.answer(header, 0) : ScriptedServer.good(header, payload)
            }
        }
        #expect(error?.description.contains("share") == true)
    }

    @Test(
        arguments: [
            [], [1, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [1, 0, 0, 0, 5, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], [1, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4],
            [2, 0, 0, 0, 5, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]])
    func wrongAnswerIsRefused(answer: [UInt8]) throws {
        #expect(throws: VirtioError.self) {
            _ = try device(SimulatedMemory()) { header, _ in header.request == 1 && !answer.isEmpty ? answer : nil }
        }
    }

    @Test(arguments: [2, 5, 9, 12, 18] as [UInt32])
    func refusedRequestFailsTheActivationForGood(request: UInt32) throws {
        let memory = SimulatedMemory()
        let (device, server) = try device(memory) { header, payload in
            header.request == request ? ScriptedServer.answer(header, 1) : ScriptedServer.good(header, payload)
        }
        let driver = SimulatedDriver(device, memory: memory)
        #expect(throws: VirtioError.self) { try driver.activate() }
        driver.reset()
        let before = server.requests.count
        #expect(throws: VirtioError.self) { try driver.activate() }
        #expect(server.requests.count == before, "it is not asked again")
    }

    @Test func queueOutsideOfMemoryIsTheDriversFault() throws {
        let memory = SimulatedMemory()
        let (device, _) = try device(memory, ScriptedServer.good)
        let line = VirtioInterrupt(line: {})
        var activation = VirtioActivation(
            features: VirtioFeature.transport, memory: memory.memory,
            queues: [VirtQueueLayout(size: 128, descriptors: 1 << 40, available: 0, used: 0), nil],
            notifications: [0, 0], interrupt: line)
        #expect(throws: VirtioError.self) { try device.activate(activation) }
        device.reset()
        activation.queues = [nil, nil]
        try device.activate(activation)
        device.reset()
    }

    @Test func silentServerIsNotWaitedForForever() throws {
        let (server, client) = try ScriptedServer.start { _, _ in nil }
        let connection = try VhostUserConnection(Descriptor(adopting: client), server: "the server", patience: 50)
        var reason = ""
        do throws(VirtioError) { _ = try connection.ask(.getFeatures) } catch { reason = "\(error)" }
        #expect(reason.contains("no answer within 50 ms"), "\(reason)")
        #expect(server.requests.count == 1)
    }

    @Test func serverThatGoesFailsTheDevice() throws {
        let memory = SimulatedMemory()
        let (device, server) = try device(memory, ScriptedServer.good)
        let driver = SimulatedDriver(device, memory: memory)
        try driver.activate()
        server.stop()
        #expect(driver.waitForConfigurationChange() && driver.interrupt.needsReset)
        #expect(driver.failures.texts.first?.contains("gone") == true)
        driver.reset()
        #expect(throws: VirtioError.self) { try driver.activate() }
    }
}
