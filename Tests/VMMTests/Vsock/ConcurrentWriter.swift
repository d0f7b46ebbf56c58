import Glibc

/// Writes bytes to a descriptor on a thread of its own, until all are written or nobody takes them.
final class ConcurrentWriter: @unchecked Sendable {
    private let bytes: [UInt8]
    private let number: Int32
    private var thread = pthread_t()

    init(_ bytes: [UInt8], to number: Int32) {
        (self.bytes, self.number) = (bytes, number)
        pthread_create(
            &thread, nil,
            { pointer in
                if let pointer { Unmanaged<ConcurrentWriter>.fromOpaque(pointer).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
    }

    /// Until it has ended.
    func wait() { pthread_join(thread, nil) }

    private func run() {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { break }
            written += count
        }
    }
}
