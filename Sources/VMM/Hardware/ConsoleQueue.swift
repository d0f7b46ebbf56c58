internal import CLinux
internal import Linux

/// What the guest prints on its serial port, on its way from the processors' threads to the supervisor's loop.
///
/// Where the loop is slow the guest waits, as it does for a slow serial port, and nothing is lost. A thread that waits
/// here hears no other call to the gate: who wants it there says so here first.
final class ConsoleQueue: @unchecked Sendable {
    /// Bytes for whose way the guest does not wait.
    private static let limit = 64 << 10

    private let lock = ConditionLock()
    private let filled: Descriptor
    // Guarded by the lock.
    private var bytes: [UInt8] = []
    private var mayWait = true

    /// With nothing in it.
    init() throws(SystemError) {
        let number = bh_eventfd()
        guard number >= 0 else { throw .last("eventfd") }
        filled = Descriptor(adopting: number)
    }

    /// Readable while there may be something to take.
    var event: Int32 { filled.rawValue }

    /// Appends a byte, once there is room. For the threads of the processors.
    func send(_ byte: UInt8) {
        let wakes = lock.locked {
            while bytes.count >= ConsoleQueue.limit && mayWait {
                lock.wait()
            }
            bytes.append(byte)
            return bytes.count == 1
        }
        // Once for all that comes until it is taken.
        if wakes { EventCounter.signal(filled.rawValue) }
    }

    /// Takes all there is.
    func take() -> [UInt8] {
        // It may have been read already: then there is nothing to take, or somebody is just about to say that there is.
        _ = try? filled.read(upTo: 8)
        return lock.locked {
            defer {
                bytes = []
                lock.tellOfChange()
            }
            return bytes
        }
    }

    /// Nobody waits for room any more: the processors are wanted elsewhere, and have a byte each in hand at most.
    func letGo() {
        lock.locked {
            mayWait = false
            lock.tellOfChange()
        }
    }

    /// The guest waits for room again.
    func hold() { lock.locked { mayWait = true } }
}
