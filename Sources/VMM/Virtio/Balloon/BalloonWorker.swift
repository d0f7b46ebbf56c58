internal import Linux
internal import Synchronization

/// A balloon's queues, on their I/O thread.
final class BalloonWorker {
    /// Bytes of a page, whatever the guest's: virtio 1.2, section 5.5.6.
    static let page: UInt64 = 4096

    private let memory: GuestMemory
    private let release: BalloonDevice.Release
    private let counters: BalloonCounters
    private let news: Mutex<BalloonStatistics>
    private let inflate: QueueWorker?
    private let deflate: QueueWorker?
    private let statistics: QueueWorker?
    private let reporting: QueueWorker?
    /// The statistics' request that waits to be answered: its answer asks for the next.
    private var waiting: UInt16?

    init(
        memory: GuestMemory, release: @escaping BalloonDevice.Release, counters: BalloonCounters,
        queues: (inflate: QueueWorker?, deflate: QueueWorker?, statistics: QueueWorker?, reporting: QueueWorker?)
    ) {
        (self.memory, self.release, self.counters) = (memory, release, counters)
        (inflate, deflate, statistics, reporting) = queues
        news = Mutex(BalloonStatistics())
    }

    /// What the guest has said last.
    var lastStatistics: BalloonStatistics { news.withLock { $0 } }

    /// Does what is in all queues.
    func serve() {
        inflate?.serve { (chain: inout DescriptorChain) throws(VirtioError) in
            takePages(&chain)
            return .done(written: 0)
        }
        deflate?.serve { (chain: inout DescriptorChain) throws(VirtioError) in
            // The guest may use its pages as it likes: they come back as zeros when they are touched.
            counters.deflated.wrappingAdd(
                UInt64(chain.readable.bytes / 4) &* BalloonWorker.page, ordering: .relaxed)
            return .done(written: 0)
        }
        reporting?.serve { (chain: inout DescriptorChain) throws(VirtioError) in
            takeReport(chain.writable)
            return .done(written: 0)
        }
        serveStatistics()
    }

    /// Asks the guest for statistics, if it has given the means.
    ///
    /// - Returns: whether it was asked.
    func askForStatistics() -> Bool {
        guard let head = waiting, let statistics else { return false }
        waiting = nil
        statistics.queue.complete(head, written: 0)
        statistics.publish()
        return true
    }

    private func serveStatistics() {
        guard let statistics else { return }
        statistics.serve { (chain: inout DescriptorChain) throws(VirtioError) in
            let said = BalloonStatistics(chain.readable)
            news.withLock { $0 = said }
            // Section 5.5.6.3.1: at most one at a time. One too many goes back.
            if let before = waiting { statistics.queue.complete(before, written: 0) }
            waiting = chain.head
            return .kept
        }
    }

    // MARK: Pages

    /// Gives pages back to the host that the driver names by number, neighbours together.
    private func takePages(_ chain: inout DescriptorChain) {
        var (first, next): (UInt64, UInt64) = (0, 0)
        while let number = chain.readable.take(UInt32.self) {
            let address = UInt64(number) &* BalloonWorker.page
            // unsafe because the pointer is not used
            guard unsafe memory.pointer(address, count: BalloonWorker.page) != nil else {
                counters.errors.wrappingAdd(1, ordering: .relaxed)
                continue
            }
            counters.inflated.wrappingAdd(BalloonWorker.page, ordering: .relaxed)
            if first < next, address == next {
                next &+= BalloonWorker.page
            } else if first < next, address &+ BalloonWorker.page == first {
                first = address
            } else {
                give(first, next)
                (first, next) = (address, address &+ BalloonWorker.page)
            }
        }
        give(first, next)
    }

    /// Gives back the whole pages of what the driver reports as free.
    private func takeReport(_ list: borrowing SegmentList) {
        for index in 0..<list.count {
            // unsafe because the index is below the count
            let segment = unsafe list[index]
            guard let place = segment.baseAddress, let address = unsafe memory.address(of: place) else { continue }
            counters.reported.wrappingAdd(UInt64(segment.count), ordering: .relaxed)
            let start = (address &+ BalloonWorker.page &- 1) & ~(BalloonWorker.page &- 1)
            give(start, (address &+ UInt64(segment.count)) & ~(BalloonWorker.page &- 1))
        }
    }

    private func give(_ start: UInt64, _ end: UInt64) {
        guard start < end else { return }
        do {
            counters.released.wrappingAdd(try release(start, end &- start), ordering: .relaxed)
        } catch {
            // The guest's pages stay where they are: nothing is lost but the room.
            counters.errors.wrappingAdd(1, ordering: .relaxed)
        }
    }
}
