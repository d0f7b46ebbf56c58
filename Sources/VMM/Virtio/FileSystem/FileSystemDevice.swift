internal import Linux
internal import Synchronization

/// A folder of the host's that the guest mounts: a file system device (virtio 1.2, section 5.11) whose requests a
/// vhost-user server answers, virtiofsd for one.
///
/// ```
///  driver ── notification ───────────────────────────► server: has the guest's memory, and serves the queues itself
///  driver ◄── interrupt ── I/O thread ◄── call eventfd ──┘
/// ```
/// Only set-up and reset go through this process. A server that does not answer in time, or has gone, is not asked again:
/// the device is of no use then, until the machine is started again.
final class FileSystemDevice: VirtioDevice {
    private struct State: ~Copyable {
        /// Nil once the server has failed.
        var connection: VhostUserConnection?
        /// Queues that the server has.
        var started: [UInt32] = []
    }

    let type: UInt32 = 26
    let features: UInt64 = 0
    /// Of high priority; of requests. A request of Linux has at most 256 pages (1 MiB) and four more descriptors.
    let queueSizes: [UInt16] = [128, 512]
    private let configuration: FileSystemConfiguration
    private let memoryFile: Descriptor
    private let thread: IOThread
    private let call: FileSystemCall
    private let server: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - tag: what the guest mounts by: 1 to 36 bytes.
    ///   - socket: connected to the server.
    ///   - memoryFile: the file of the guest's memory: low memory at its beginning, high memory directly behind it.
    ///   - thread: where interrupts are passed on.
    ///   - patience: milliseconds that the server has for an answer. Its first one waits for its start, which takes long on
    ///     a host that has much to do; a server that ends is heard at once.
    /// - Throws: ``VirtioError`` for a wrong tag, too few descriptors, or a server that lacks something.
    init(
        tag: String, socket: consuming Descriptor, memoryFile: consuming Descriptor, thread: IOThread,
        patience: Int64 = 60_000
    ) throws(VirtioError) {
        let server = "the file server of \"\(tag)\""
        var connection = try VhostUserConnection(socket, server: server, patience: patience)
        try FileSystemDevice.introduce(&connection, server: server, queues: UInt64(queueSizes.count))
        let number = connection.number
        let call: FileSystemCall
        do throws(SystemError) {
            configuration = try FileSystemConfiguration(tag: tag, requestQueues: 1)
            self.memoryFile = memoryFile
            call = try FileSystemCall(server: server)
            try thread.run { loop throws(SystemError) in try call.start(on: loop, connection: number) }
        } catch {
            throw VirtioError("\(server): \(error)")
        }
        self.server = server
        self.thread = thread
        self.call = call
        state = Mutex(State(connection: connection))
    }

    deinit { thread.run { [call] loop in call.stop(on: loop) } }

    /// Begins the conversation, and finds out whether the server can do what the device offers.
    private static func introduce(
        _ connection: inout VhostUserConnection, server: String, queues: UInt64
    ) throws(VirtioError) {
        let offered = try connection.ask(.getFeatures)
        let missing = (VirtioFeature.transport | VhostUserFeature.protocolFeatures) & ~offered
        guard missing == 0 else {
            throw VirtioError("\(server) lacks the features \(hex: missing); use virtiofsd of QEMU 5 or later")
        }
        let needed = VhostUserFeature.Conversation.acknowledgement | VhostUserFeature.Conversation.queueCount
        let known = try connection.ask(.getProtocolFeatures)
        guard known & needed == needed else {
            throw VirtioError("\(server) lacks the protocol features \(hex: needed & ~known) of vhost-user")
        }
        try connection.tell(.setProtocolFeatures(needed))
        connection.expectAcknowledgements()
        try connection.tell(.setOwner)
        let served = try connection.ask(.getQueueCount)
        guard served >= queues else { throw VirtioError("\(server) serves \(served) queues, and not \(queues)") }
    }

    func readConfiguration(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) {
        // unsafe because the buffer is passed on
        unsafe ConfigurationSpace.read(configuration.bytes, at: offset, into: bytes)
    }

    func writeConfiguration(at offset: Int, from bytes: UnsafeRawBufferPointer) {}

    func activate(_ activation: VirtioActivation) throws(VirtioError) {
        // The conversation is the I/O thread's, too: a processor's thread may not talk to anybody.
        try thread.run { [self] _ throws(VirtioError) in
            try call.connect(activation.interrupt)
            try state.withLock { state throws(VirtioError) in try start(activation, &state) }
        }
    }

    func reset() {
        thread.run { [self] _ in
            state.withLock { leave(&$0) }
            call.disconnect()
        }
    }

    private func leave(_ state: inout State) {
        for queue in state.started {
            do throws(VirtioError) {
                _ = try state.connection?.stop(queue: queue)
            } catch {
                // The server is to see the end: it then leaves the guest's memory alone.
                state.connection = nil
                Console.print("\(error)")
            }
        }
        state.started = []
    }

    private func start(_ activation: VirtioActivation, _ state: inout State) throws(VirtioError) {
        let queues = activation.queues
        guard queues.count >= queueSizes.count, activation.notifications.count >= queueSizes.count else {
            throw VirtioError("\(server): the driver has too few queues")
        }
        // What the server is told to map is checked first, as for a device of our own.
        for layout in queues {
            if let layout { _ = try VirtQueue(layout, features: activation.features, memory: activation.memory) }
        }
        do throws(VirtioError) {
            try describe(activation, &state)
            for (index, layout) in queues.prefix(queueSizes.count).enumerated() {
                guard let layout else { continue }
                try start(UInt8(truncatingIfNeeded: index), layout, activation, &state)
            }
        } catch {
            // How much of it the server has understood is not known. It sees the end, and leaves the memory alone.
            state.connection = nil
            state.started = []
            throw error
        }
    }

    private func describe(_ activation: VirtioActivation, _ state: inout State) throws(VirtioError) {
        let features = activation.features & VirtioFeature.transport | VhostUserFeature.protocolFeatures
        try tell(.setFeatures(features), &state)
        // The server gets guest-physical addresses: those of this process are nobody else's business.
        var regions: [VhostUserRequest.Region] = []
        var offset: UInt64 = 0
        for region in [activation.memory.low, activation.memory.high] where region.count > 0 {
            regions.append(
                .init(
                    guestAddress: region.start, count: region.count, userAddress: region.start, fileOffset: offset))
            offset += region.count
        }
        try tell(.setMemoryTable(regions), descriptors: regions.map { _ in memoryFile.rawValue }, &state)
    }

    private func start(
        _ queue: UInt8, _ layout: VirtQueueLayout, _ activation: VirtioActivation, _ state: inout State
    ) throws(VirtioError) {
        let number = UInt32(queue)
        try tell(.setQueueSize(queue: number, size: UInt32(layout.size)), &state)
        try tell(.setQueueBase(queue: number, index: 0), &state)
        try tell(
            .setQueueAddress(
                queue: number, descriptors: layout.descriptors, used: layout.used, available: layout.available),
            &state)
        try tell(.setQueueCall(queue: queue), descriptors: [call.used.rawValue], &state)
        try tell(.setQueueError(queue: queue), descriptors: [call.broken.rawValue], &state)
        state.started.append(number)
        try tell(.setQueueKick(queue: queue), descriptors: [activation.notifications[Int(queue)]], &state)
        try tell(.setQueueEnabled(queue: number, true), &state)
    }

    private func tell(
        _ request: VhostUserRequest, descriptors: [Int32] = [], _ state: inout State
    ) throws(VirtioError) {
        guard state.connection != nil else { throw VirtioError("\(server) has failed before; start the machine again") }
        try state.connection?.tell(request, descriptors: descriptors)
    }
}
