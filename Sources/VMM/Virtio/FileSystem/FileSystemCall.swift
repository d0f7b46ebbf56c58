internal import CLinux
internal import Linux

/// What a file system's server has to say, heard on an I/O thread: that buffers were used, and that it has gone.
///
/// Confined to the thread.
final class FileSystemCall: @unchecked Sendable {
    /// The eventfd by which the server interrupts; of all queues together.
    let used: Descriptor
    /// The eventfd by which the server says that a queue is broken.
    let broken: Descriptor
    private let server: String
    private var interrupt: VirtioInterrupt?
    private var hasGone = false
    private var sources: [IOLoop.Source] = []

    init(server: String) throws(SystemError) {
        self.server = server
        used = try FileSystemCall.counter()
        broken = try FileSystemCall.counter()
    }

    private static func counter() throws(SystemError) -> Descriptor {
        let number = bh_eventfd()
        guard number >= 0 else { throw .last("eventfd") }
        return Descriptor(adopting: number)
    }

    /// Begins to listen, to the connection's end, too.
    func start(on loop: IOLoop, connection: Int32) throws(SystemError) {
        sources.append(
            try loop.add(used.rawValue, [.readable, .edge]) { [unowned self] _ in interrupt?.raise(.queue) })
        sources.append(
            try loop.add(broken.rawValue, [.readable, .edge]) { [unowned self] _ in
                interrupt?.fail(VirtioError("\(server): it says that a queue is broken"))
            })
        sources.append(
            try loop.add(connection, [.edge]) { [unowned self] _ in
                hasGone = true
                interrupt?.fail(VirtioError("\(server): it has gone"))
            })
    }

    /// The driver is ready.
    func connect(_ interrupt: VirtioInterrupt) throws(VirtioError) {
        if hasGone { throw VirtioError("\(server): it has gone; start the machine again") }
        self.interrupt = interrupt
    }

    /// The driver has gone: nobody is interrupted any more.
    func disconnect() { interrupt = nil }

    /// Listens no more.
    func stop(on loop: IOLoop) {
        for source in sources { loop.remove(source) }
        sources = []
    }
}
