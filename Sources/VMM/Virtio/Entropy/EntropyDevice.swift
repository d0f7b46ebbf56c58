internal import CLinux
internal import Glibc

/// A source of random numbers: virtio 1.2, section 5.4. The host's kernel is where they come from.
final class EntropyDevice: VirtioDevice {
    /// Bytes of one request at most: the device may use less than there is room for.
    private static let most = 1 << 16

    let type: UInt32 = 4
    let features: UInt64 = 0
    let queueSizes: [UInt16] = [64]
    /// Requests and bytes.
    let counters = DeviceCounters()
    private let thread: IOThread
    private let watch = QueueWatch()

    /// A source that is used on a thread.
    init(thread: IOThread) { self.thread = thread }

    // It has no configuration space.
    func readConfiguration(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) {
        // unsafe because the buffer is passed on
        unsafe ConfigurationSpace.read([], at: offset, into: bytes)
    }

    func writeConfiguration(at offset: Int, from bytes: UnsafeRawBufferPointer) {}

    func activate(_ activation: VirtioActivation) throws(VirtioError) {
        guard let layout = activation.queues.first ?? nil else { return }
        let notification = activation.notifications[0]
        try watch.begin(on: thread, notification: notification) { [counters] () throws(VirtioError) in
            let worker = try QueueWorker(layout, activation, notification: notification)
            return { EntropyDevice.serve(worker, counters) }
        }
    }

    func reset() { watch.end() }

    private static func serve(_ worker: QueueWorker, _ counters: DeviceCounters) {
        worker.serve { (chain: inout DescriptorChain) throws(VirtioError) in
            let count = fill(&chain)
            counters.count(bytesIn: count, failed: count == 0)
            return .done(written: count)
        }
    }

    private static func fill(_ chain: inout DescriptorChain) -> Int {
        var done = 0
        var index = 0
        while index < chain.writable.count, done < most {
            // unsafe because the index is below the count
            let segment = unsafe chain.writable[index]
            var filled = 0
            let wanted = min(segment.count, most - done)
            while filled < wanted {
                // unsafe because so many bytes are left of the segment
                let number = unsafe bh_random(segment.baseAddress.map { unsafe $0 + filled }, wanted - filled)
                // Once the kernel has entropy, only a signal interrupts it.
                guard number > 0 || errno == EINTR else { return done + filled }
                filled += max(number, 0)
            }
            done += filled
            index += 1
        }
        return done
    }
}
