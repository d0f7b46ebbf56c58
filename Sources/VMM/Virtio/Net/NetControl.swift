internal import Linux

/// The control queue of a network device: virtio 1.2, section 5.1.6.5.
///
/// Confined to its thread. The only command is how many pairs of queues the driver uses.
final class NetControl: @unchecked Sendable {
    private enum Answer {
        static let ok: UInt8 = 0
        static let error: UInt8 = 1
    }
    private enum Command {
        /// VIRTIO_NET_CTRL_MQ, in front of VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET.
        static let setPairs: UInt16 = 4
    }

    private var queue: VirtQueue?
    private var interrupt: VirtioInterrupt?
    private var source: IOLoop.Source?
    private var chain = DescriptorChain(capacity: 64)
    private let setPairs: (Int) -> Bool

    /// `setPairs` lets so many pairs be used, and says whether that went well.
    init(setPairs: @escaping (Int) -> Bool) { self.setPairs = setPairs }

    /// The driver is ready.
    func begin(
        _ queue: consuming VirtQueue, notification: Int32, interrupt: VirtioInterrupt, on loop: IOLoop
    ) throws(VirtioError) {
        do throws(SystemError) {
            source = try loop.add(notification, [.readable, .edge]) { [unowned self] _ in turn() }
        } catch {
            throw VirtioError("net: \(error)")
        }
        self.queue = consume queue
        self.interrupt = interrupt
        turn()
    }

    /// Lets go of the queue.
    func end(on loop: IOLoop) {
        if let source { loop.remove(source) }
        (source, interrupt) = (nil, nil)
        queue = nil
    }

    private func turn() {
        do throws(VirtioError) {
            while true {
                guard try queue?.next(into: &chain) == true else {
                    if queue?.enableNotifications() == true { continue }
                    break
                }
                let answer = obey() ? Answer.ok : Answer.error
                let written = chain.writable.store(answer) ? 1 : 0
                queue?.complete(chain.head, written: written)
            }
        } catch {
            interrupt?.fail(error)
            queue = nil
        }
        if queue?.publish() == true { interrupt?.raise(.queue) }
    }

    private func obey() -> Bool {
        // Class and command are a byte each.
        guard chain.readable.load(UInt16.self) == Command.setPairs, let pairs = chain.readable.load(UInt16.self, at: 2)
        else { return false }
        return setPairs(Int(pairs))
    }
}
