/// A queue at work: what a device does with each request, in turns that end.
///
/// On the queue's I/O thread only.
final class QueueWorker {
    /// What a device does with a request.
    enum Answer {
        /// It is done; so many bytes were written to it.
        case done(written: Int)
        /// It is under way: `queue.complete` says later that it is done.
        case kept
        /// It can't be done now: it stays in the queue, and whoever waits calls `serve` again.
        case later
    }

    /// Requests of one turn: a driver that never ends must not keep others of the thread, or a reset, waiting.
    private static let most = 256

    /// The queue.
    var queue: VirtQueue
    /// The request at work.
    var chain: DescriptorChain
    private let interrupt: VirtioInterrupt
    private let notification: Int32
    private var failed = false

    /// A queue where the driver has put it.
    init(
        _ layout: VirtQueueLayout, _ activation: VirtioActivation, notification: Int32,
        longest: Int = DescriptorChain.longest
    ) throws(VirtioError) {
        queue = try VirtQueue(layout, features: activation.features, memory: activation.memory)
        chain = DescriptorChain(capacity: longest)
        interrupt = activation.interrupt
        self.notification = notification
    }

    /// Answers what is in the queue, until nothing is left, or something has to wait, or the turn has been long enough.
    ///
    /// - Parameters:
    ///   - each: whether each answer is shown at once, for requests that take long.
    ///   - answer: what is done with a request; an error means that the driver broke the rules.
    @inline(__always)
    func serve(each: Bool = false, _ answer: (inout DescriptorChain) throws(VirtioError) -> Answer) {
        if failed { return }
        var left = QueueWorker.most
        do throws(VirtioError) {
            repeat {
                queue.disableNotifications()
                while try queue.next(into: &chain) {
                    switch try answer(&chain) {
                    case .done(let written): queue.complete(chain.head, written: written)
                    case .kept: break
                    case .later:
                        queue.putBack()
                        return publish()
                    }
                    if each { publish() }
                    left -= 1
                    if left == 0 {
                        // The rest comes after what others of this thread have to do.
                        EventCounter.signal(notification)
                        return publish()
                    }
                }
                publish()
            } while queue.enableNotifications()
        } catch {
            fail(error)
        }
    }

    /// Asks for the notification of what comes next, after a `later`.
    ///
    /// - Returns: whether there is something now.
    func watch() -> Bool { !failed && queue.enableNotifications() }

    /// Shows the driver what was answered.
    @inline(__always)
    func publish() { if queue.publish() { interrupt.raise(.queue) } }

    /// Uses the queue no more, and says why.
    func fail(_ error: VirtioError) {
        failed = true
        publish()
        interrupt.fail(error)
    }
}
