internal import Linux
internal import Synchronization

/// What the queues of a disk share.
final class BlockShared: Sendable {
    let file: BlockFile
    /// 20 bytes, with zeros behind a shorter one.
    let serial: [UInt8]
    let counters = DeviceCounters()
    let limiter: Mutex<RateLimiter>

    init(_ file: BlockFile, serial: String, limits: RateLimiter.Limits) {
        self.file = file
        let text = serial.utf8.prefix(BlockDevice.serialSize)
        self.serial = Array(text) + [UInt8](repeating: 0, count: BlockDevice.serialSize - text.count)
        limiter = Mutex(RateLimiter(limits, now: UInt64(Clock.monotonicNanoseconds)))
    }
}
