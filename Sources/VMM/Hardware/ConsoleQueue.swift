internal import CLinux
internal import Glibc
internal import Linux

/// What the guest prints on its serial port, on its way from the processors' threads to the supervisor's loop.
///
/// Where the loop is slow the guest waits, as it does for a slow serial port, and nothing is lost. A thread that waits
/// here hears no other call to the gate: who wants it there says so here first.
@safe final class ConsoleQueue: @unchecked Sendable {
    /// Bytes for whose way the guest does not wait.
    private static let limit = 64 << 10

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let filled: Descriptor
    // Guarded by the mutex.
    private var bytes: [UInt8] = []
    private var mayWait = true

    /// With nothing in it.
    init() throws(SystemError) {
        let number = bh_eventfd()
        guard number >= 0 else { throw .last("eventfd") }
        filled = Descriptor(adopting: number)
        // unsafe because the primitives live behind pointers, as they must not move
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(changed, nil)
    }

    deinit {
        // unsafe because nobody has this object any more
        unsafe pthread_cond_destroy(changed)
        unsafe pthread_mutex_destroy(mutex)
        unsafe changed.deallocate()
        unsafe mutex.deallocate()
    }

    /// Readable while there may be something to take.
    var event: Int32 { filled.rawValue }

    /// Appends a byte, once there is room. For the threads of the processors.
    func send(_ byte: UInt8) {
        let wakes = locked {
            while bytes.count >= ConsoleQueue.limit && mayWait {
                // unsafe because the primitives live behind pointers; the mutex is held
                unsafe pthread_cond_wait(changed, mutex)
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
        return locked {
            defer {
                bytes = []
                // unsafe because the primitives live behind pointers; the mutex is held
                unsafe pthread_cond_broadcast(changed)
            }
            return bytes
        }
    }

    /// Nobody waits for room any more: the processors are wanted elsewhere, and have a byte each in hand at most.
    func letGo() {
        locked {
            mayWait = false
            // unsafe because the primitives live behind pointers; the mutex is held
            unsafe pthread_cond_broadcast(changed)
        }
    }

    /// The guest waits for room again.
    func hold() { locked { mayWait = true } }

    private func locked<R>(_ body: () -> R) -> R {
        // unsafe because the mutex lives behind a pointer
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }
}
