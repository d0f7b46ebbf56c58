import CLinux
import Glibc
import Synchronization

@testable import VMM

/// A guest's driver of one device, without a transport: it has queues in simulated memory, notifies and is interrupted.
final class SimulatedDriver {
    /// What came of a request.
    struct Reply: Equatable {
        /// Bytes that the device says it has written.
        var written: UInt32
        /// What stands in the writable segments, one after another.
        var data: [UInt8]
    }

    let device: any VirtioDevice
    let memory: SimulatedMemory
    let interrupt: VirtioInterrupt
    /// Why the device failed.
    let failures: Failures
    private(set) var queues: [SimulatedQueue] = []
    /// What both agreed on.
    let features: UInt64
    private let interrupted: SimulatedLine
    private let notifications: [Int32]
    private let queueSize: UInt16
    private var active = false

    final class Failures: Sendable {
        private let all = Mutex<[String]>([])
        var texts: [String] { all.withLock { $0 } }
        func add(_ error: VirtioError) { all.withLock { $0.append(error.description) } }
    }

    /// `features`: what the driver takes of what is offered.
    init(
        _ device: any VirtioDevice, memory: SimulatedMemory = SimulatedMemory(), queueSize: UInt16 = 16,
        features: UInt64 = .max
    ) {
        let (line, failures) = (SimulatedLine(), Failures())
        (self.device, self.memory, self.queueSize) = (device, memory, queueSize)
        (interrupted, self.failures) = (line, failures)
        self.features = (device.features | VirtioFeature.transport) & features
        interrupt = VirtioInterrupt(report: { failures.add($0) }, line: { line.pulse() })
        notifications = device.queueSizes.map { _ in bh_eventfd() }
    }

    deinit {
        reset()
        for event in notifications { close(event) }
    }

    /// Makes queues and gives them to the device.
    func activate() throws(VirtioError) {
        queues = device.queueSizes.map {
            SimulatedQueue(
                memory, size: min($0, queueSize), eventIndex: features & VirtioFeature.eventIndex != 0)
        }
        active = true
        try device.activate(
            VirtioActivation(
                features: features, memory: memory.memory, queues: queues.map(\.layout), notifications: notifications,
                interrupt: interrupt))
    }

    /// Takes the queues back.
    func reset() {
        guard active else { return }
        active = false
        device.reset()
        interrupt.reset()
    }

    /// Notifies the device of a queue, whether it wants that or not.
    func kick(_ queue: Int) { EventCounter.signal(notifications[queue]) }

    /// Notifies the device of a queue if it wants that.
    func notify(_ queue: Int) { if queues[queue].wantsNotification() { kick(queue) } }

    /// What the device has given back of a queue, at least so many; fewer only after `seconds`, or once it has failed.
    func used(_ queue: Int, atLeast count: Int = 1, seconds: Int = 10) -> [SimulatedQueue.Used] {
        var all: [SimulatedQueue.Used] = []
        while true {
            // The line's count first: what happens after it is noticed by the wait.
            let pulses = interrupted.count
            all += queues[queue].takeUsed()
            queues[queue].enableInterrupts()
            all += queues[queue].takeUsed()
            if all.count >= count || interrupt.needsReset { return all }
            if !interrupted.wait(after: pulses, seconds: seconds) { return all + queues[queue].takeUsed() }
        }
    }

    /// How often the device has interrupted.
    var pulses: Int { interrupted.count }

    /// Waits until the device has interrupted more often than that; false if it does not in time.
    func waitForInterrupt(after pulses: Int, seconds: Int) -> Bool { interrupted.wait(after: pulses, seconds: seconds) }

    /// Waits until the device has said that something is the matter with it or its configuration.
    func waitForConfigurationChange(seconds: Int = 10) -> Bool {
        while true {
            let pulses = interrupted.count
            if interrupt.status & VirtioInterrupt.Cause.configuration.rawValue != 0 { return true }
            if !interrupted.wait(after: pulses, seconds: seconds) { return false }
        }
    }

    /// Puts a request into a queue, waits for it, and gives what the device has written; nil if it never came back.
    func request(_ queue: Int, _ readable: [[UInt8]], writable: [Int] = [], indirect: Bool = false) -> Reply? {
        var segments = readable.map { SimulatedQueue.Segment(address: memory.place($0), count: $0.count) }
        segments += writable.map { .init(address: memory.allocate($0), count: $0, writable: true) }
        let head = queues[queue].add(segments, indirect: indirect)
        notify(queue)
        let used = used(queue)
        guard used.count == 1, used[0].head == head else { return nil }
        return Reply(
            written: used[0].written,
            data: segments.filter(\.writable).flatMap { memory.read($0.address, $0.count) })
    }
}

/// An interrupt line that counts.
final class SimulatedLine: @unchecked Sendable {
    private var mutex = pthread_mutex_t()
    private var changed = pthread_cond_t()
    private var pulses = 0

    init() {
        pthread_mutex_init(&mutex, nil)
        pthread_cond_init(&changed, nil)
    }

    var count: Int {
        pthread_mutex_lock(&mutex)
        defer { pthread_mutex_unlock(&mutex) }
        return pulses
    }

    func pulse() {
        pthread_mutex_lock(&mutex)
        pulses += 1
        pthread_cond_broadcast(&changed)
        pthread_mutex_unlock(&mutex)
    }

    /// Waits for one more than `count`; false if it does not come.
    func wait(after count: Int, seconds: Int) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_REALTIME, &deadline)
        deadline.tv_sec += seconds
        pthread_mutex_lock(&mutex)
        defer { pthread_mutex_unlock(&mutex) }
        while pulses <= count {
            if pthread_cond_timedwait(&changed, &mutex, &deadline) == ETIMEDOUT { return pulses > count }
        }
        return true
    }
}
