internal import Linux

/// The socket device: connections between programs of the guest and programs of the host, over Unix sockets.
///
/// Virtio 1.2, section 5.10; no vhost is needed, so no privilege.
/// - A program of the host connects to the listening socket, says `CONNECT <port>\n`, and is answered `OK <hostport>\n`
///   when a program of the guest has accepted at that port; it sees the end if none does within two seconds.
/// - A program of the guest that connects to port P of the host (context 2) reaches the Unix socket `<path>_P`; it is
///   refused if nobody listens there.
/// - The VMM itself connects with ``connect(_:to:)``.
final class VsockDevice: VirtioDevice {
    private enum Feature {
        static let stream: UInt64 = 1 << 0
        static let noImpliedStream: UInt64 = 1 << 2
    }

    let type: UInt32 = 19
    let features: UInt64 = Feature.stream | Feature.noImpliedStream
    /// To the guest, from the guest, events.
    let queueSizes: [UInt16] = [256, 256, 16]
    private let guestContext: UInt64
    private let thread: IOThread
    let worker: VsockWorker

    /// - Parameters:
    ///   - guestContext: the guest's context ID: 3 or greater, below 2^32 - 1.
    ///   - path: where the guest's connections to host ports go: `<path>_<port>`; nil if it may not connect.
    ///   - listener: a listening Unix stream socket for programs of the host's; nil if they may not connect.
    ///   - thread: where the device works.
    /// - Throws: ``SystemError``, with EINVAL for a reserved context ID.
    init(
        guestContext: UInt64, path: String?, listener: consuming Descriptor?, thread: IOThread
    ) throws(SystemError) {
        guard (3..<0xFFFF_FFFF).contains(guestContext) else {
            throw SystemError("give the guest the context ID", "\(guestContext), which is reserved", code: 22)
        }
        self.guestContext = guestContext
        self.thread = thread
        let worker = try VsockWorker(guestContext: guestContext, path: path, listener: listener)
        self.worker = worker
        try thread.run { loop throws(SystemError) in try worker.start(on: loop) }
    }

    deinit { thread.run { [worker] loop in worker.stop(on: loop) } }

    /// What it has done so far.
    var counters: VsockCounters.Values { worker.counters.values }

    /// Connects one end of a pair of stream sockets to a port of the guest's, as soon as the guest's driver is ready.
    ///
    /// Bytes may be written to the other end at once. It sees the end if nobody in the guest accepts within two seconds.
    func connect(_ socket: consuming Descriptor, to port: UInt32) {
        let number = socket.release()
        thread.run { [worker] _ in worker.connect(Descriptor(adopting: number), to: port) }
    }

    func readConfiguration(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) {
        var space: [UInt8] = []
        space.append(littleEndian: guestContext)
        // unsafe because the buffer is passed on
        unsafe ConfigurationSpace.read(space, at: offset, into: bytes)
    }

    func writeConfiguration(at offset: Int, from bytes: UnsafeRawBufferPointer) {}

    func activate(_ activation: VirtioActivation) throws(VirtioError) {
        // A driver that agrees on no feature of the device's gets streams, too.
        let agreed = activation.features & features
        guard agreed & Feature.noImpliedStream == 0 || agreed & Feature.stream != 0 else {
            throw VirtioError("vsock: the driver wants no streams, and there is nothing else")
        }
        guard activation.queues.count >= 2, activation.notifications.count >= 2,
            let receiving = activation.queues[0], let transmitting = activation.queues[1]
        else { throw VirtioError("vsock: the driver has not enabled the queues of both directions") }
        try thread.run { [worker] _ throws(VirtioError) in
            try worker.begin(
                VsockWorker.Session(
                    receiving: VirtQueue(receiving, features: activation.features, memory: activation.memory),
                    transmitting: VirtQueue(transmitting, features: activation.features, memory: activation.memory),
                    interrupt: activation.interrupt, notifications: activation.notifications))
        }
    }

    func reset() { thread.run { [worker] _ in worker.end() } }
}
