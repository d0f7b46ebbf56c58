internal import Linux
internal import Synchronization

/// A balloon in the guest's memory: virtio 1.2, section 5.5. It takes pages from the guest and hears which it does not
/// use; both go back to the host, and come again, as zeros, when the guest touches them.
final class BalloonDevice: VirtioDevice {
    /// Gives a range of guest-physical memory back to the host, and says how many bytes of it.
    typealias Release = @Sendable (_ address: UInt64, _ count: UInt64) throws(SystemError) -> UInt64

    /// Feature bits of section 5.5.3.
    enum Feature {
        static let statistics: UInt64 = 1 << 1
        static let deflateOnOutOfMemory: UInt64 = 1 << 2
        static let reporting: UInt64 = 1 << 5
    }

    private struct State {
        var target: UInt32 = 0
        var actual: UInt32 = 0
        var interrupt: VirtioInterrupt?
        var worker: Worker?
    }
    /// Used on the I/O thread only.
    private struct Worker: @unchecked Sendable { let worker: BalloonWorker }

    let type: UInt32 = 5
    let features: UInt64
    let queueSizes: [UInt16] = [128, 128, 16, 128]
    /// Bytes taken, given, reported, released.
    let counters = BalloonCounters()
    private let thread: IOThread
    private let release: Release
    private let state = Mutex(State())
    private let watch = QueueWatch()

    /// - Parameters:
    ///   - deflateOnOutOfMemory: whether the guest may take pages back before it kills a program.
    ///   - release: called on the thread, with whole pages that are the guest's memory.
    init(deflateOnOutOfMemory: Bool = true, thread: IOThread, release: @escaping Release) {
        features =
            Feature.statistics | Feature.reporting | (deflateOnOutOfMemory ? Feature.deflateOnOutOfMemory : 0)
        self.thread = thread
        self.release = release
    }

    // MARK: What the host wants and hears

    /// Bytes that the balloon is to hold: whole pages. The guest does it when it can.
    func setTarget(bytes: UInt64) {
        let interrupt = state.withLock { state in
            state.target = UInt32(clamping: bytes / BalloonWorker.page)
            return state.interrupt
        }
        interrupt?.raise(.configuration)
    }

    /// Bytes that the balloon holds by the guest's word.
    var actualBytes: UInt64 { UInt64(state.withLock { $0.actual }) * BalloonWorker.page }

    /// What the guest has said last of its memory.
    var statistics: BalloonStatistics { state.withLock { $0.worker?.worker.lastStatistics } ?? BalloonStatistics() }

    /// Asks the guest to say it anew: `statistics` has it a little later.
    ///
    /// - Returns: false where there is no driver that knows how, or it has not answered the last time yet.
    func askForStatistics() -> Bool {
        thread.run { [self] _ in state.withLock { $0.worker }?.worker.askForStatistics() ?? false }
    }

    // MARK: The device

    func readConfiguration(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) {
        let (target, actual) = state.withLock { ($0.target, $0.actual) }
        var space: [UInt8] = []
        space.append(littleEndian: target)
        space.append(littleEndian: actual)
        // unsafe because the buffer is passed on
        unsafe ConfigurationSpace.read(space, at: offset, into: bytes)
    }

    func writeConfiguration(at offset: Int, from bytes: UnsafeRawBufferPointer) {
        // `actual` is the driver's, and it is written whole.
        guard offset == 4, bytes.count == 4 else { return }
        // unsafe because the buffer has 4 bytes
        let actual = unsafe bytes.loadUnaligned(as: UInt32.self)
        state.withLock { $0.actual = actual }
    }

    func activate(_ activation: VirtioActivation) throws(VirtioError) {
        // Drivers number their queues without those that were not agreed on.
        var next = 2
        func number(_ feature: UInt64) -> Int? {
            guard activation.features & feature != 0 else { return nil }
            defer { next += 1 }
            return next
        }
        let (statistics, reporting) = (number(Feature.statistics), number(Feature.reporting))
        try watch.begin(on: thread) { [self] loop throws(VirtioError) in
            func queue(_ number: Int?) throws(VirtioError) -> QueueWorker? {
                guard let number, let layout = activation.queues[number] else { return nil }
                return try QueueWorker(layout, activation, notification: activation.notifications[number])
            }
            let worker = BalloonWorker(
                memory: activation.memory, release: release, counters: counters,
                queues: try (queue(0), queue(1), queue(statistics), queue(reporting)))
            var sources: [IOLoop.Source] = []
            for notification in activation.notifications {
                do throws(VirtioError) {
                    sources.append(try loop.watch(notification: notification) { worker.serve() })
                } catch {
                    for source in sources { loop.remove(source) }
                    throw error
                }
            }
            let shared = Worker(worker: worker)
            state.withLock { $0.worker = shared }
            worker.serve()
            return { [self] loop in
                for source in sources { loop.remove(source) }
                state.withLock { $0.worker = nil }
            }
        }
        state.withLock { $0.interrupt = activation.interrupt }
    }

    func reset() {
        state.withLock { state in
            (state.interrupt, state.actual) = (nil, 0)
        }
        watch.end()
    }
}
