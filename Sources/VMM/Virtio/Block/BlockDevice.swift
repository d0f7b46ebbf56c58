internal import Linux
internal import Synchronization

/// A disk: virtio 1.2, section 5.2.
///
/// Every queue has an I/O thread; requests of a queue are done one after another, straight between file and guest memory.
final class BlockDevice: VirtioDevice {
    /// Feature bits of section 5.2.3.
    enum Feature {
        static let segmentsMax: UInt64 = 1 << 2
        static let readOnly: UInt64 = 1 << 5
        static let blockSize: UInt64 = 1 << 6
        static let flush: UInt64 = 1 << 9
        static let topology: UInt64 = 1 << 10
        static let multiQueue: UInt64 = 1 << 12
        static let discard: UInt64 = 1 << 13
        static let writeZeroes: UInt64 = 1 << 14
    }

    /// Descriptors of a queue.
    static let queueSize: UInt16 = 256
    /// Data segments of a request: what a queue holds without header and status.
    static let segmentsMax: UInt32 = 254
    /// Sectors and ranges of one discard or write-zeroes request.
    static let rangeSectors: UInt32 = 1 << 22
    static let rangesMax: UInt32 = 32
    /// Bytes of the serial number.
    static let serialSize = 20

    let type: UInt32 = 2
    let features: UInt64
    let queueSizes: [UInt16]
    /// Requests, bytes, errors.
    var counters: DeviceCounters { shared.counters }

    private let shared: BlockShared
    private let threads: [IOThread]
    private let watch = QueueWatch()
    private let notifications = Mutex<[Int32]>([])
    private let configuration: [UInt8]

    /// - Parameters:
    ///   - serial: what the guest finds as the disk's identity: 20 bytes count.
    ///   - threads: one for each queue; at least one.
    init(_ file: BlockFile, serial: String, threads: [IOThread], limits: RateLimiter.Limits = .init()) {
        shared = BlockShared(file, serial: serial, limits: limits)
        self.threads = threads
        queueSizes = threads.map { _ in BlockDevice.queueSize }
        var features = Feature.segmentsMax | Feature.blockSize | Feature.flush | Feature.topology
        if file.readOnly { features |= Feature.readOnly } else { features |= Feature.discard | Feature.writeZeroes }
        if threads.count > 1 { features |= Feature.multiQueue }
        self.features = features
        configuration = BlockDevice.configuration(file, queues: threads.count)
    }

    /// The configuration space: virtio 1.2, section 5.2.4, up to `unused1`.
    private static func configuration(_ file: BlockFile, queues: Int) -> [UInt8] {
        let block = UInt32(max(file.alignment, Int(BlockFile.sector)))
        var bytes: [UInt8] = []
        bytes.append(littleEndian: file.capacity / BlockFile.sector)
        bytes.append(littleEndian: 0 as UInt32)  // size_max
        bytes.append(littleEndian: segmentsMax)
        bytes.append(littleEndian: 0 as UInt32)  // geometry
        bytes.append(littleEndian: block)
        // A physical block of 4 KiB, so that guests align what they put there.
        bytes.append(littleEndian: UInt8(block == 4096 ? 0 : 3))
        bytes.append(littleEndian: 0 as UInt8)
        bytes.append(littleEndian: UInt16(block == 4096 ? 1 : 8))
        bytes.append(littleEndian: 0 as UInt32)
        bytes.append(littleEndian: 0 as UInt16)  // writeback, unused
        bytes.append(littleEndian: UInt16(truncatingIfNeeded: queues))
        bytes.append(littleEndian: rangeSectors)
        bytes.append(littleEndian: rangesMax)
        bytes.append(littleEndian: 8 as UInt32)  // discard_sector_alignment
        bytes.append(littleEndian: rangeSectors)
        bytes.append(littleEndian: rangesMax)
        bytes.append(littleEndian: 1 as UInt32)  // write_zeroes_may_unmap, unused
        return bytes
    }

    func readConfiguration(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) {
        // unsafe because the buffer is passed on
        unsafe ConfigurationSpace.read(configuration, at: offset, into: bytes)
    }

    // Nothing in it is the driver's to write.
    func writeConfiguration(at offset: Int, from bytes: UnsafeRawBufferPointer) {}

    func activate(_ activation: VirtioActivation) throws(VirtioError) {
        for (index, layout) in activation.queues.enumerated() {
            guard let layout else { continue }
            try watch.begin(on: threads[index]) { [shared] loop throws(VirtioError) in
                let notification = activation.notifications[index]
                let worker = BlockWorker(
                    try QueueWorker(layout, activation, notification: notification), shared,
                    writeThrough: activation.features & Feature.flush == 0)
                let source = try loop.watch(notification: notification) { worker.serve() }
                do {
                    worker.timer = try loop.timer { [unowned worker] in worker.serve() }
                } catch {
                    loop.remove(source)
                    throw VirtioError("\(error)")
                }
                worker.serve()
                return { loop in
                    if let timer = worker.timer { loop.remove(timer) }
                    loop.remove(source)
                }
            }
        }
        notifications.withLock { $0 = activation.notifications }
    }

    func reset() {
        notifications.withLock { $0 = [] }
        watch.end()
    }

    /// Other limits from now on; requests that wait are looked at again.
    func setLimits(_ limits: RateLimiter.Limits) {
        shared.limiter.withLock { $0.change(to: limits, now: UInt64(Clock.monotonicNanoseconds)) }
        notifications.withLock { for notification in $0 { EventCounter.signal(notification) } }
    }
}
