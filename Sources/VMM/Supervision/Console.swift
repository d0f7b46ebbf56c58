internal import Glibc

/// What bulkhead-vmm itself says, on standard error: it stands beside the guest's console in the machine's log.
enum Console {
    /// Prints one line.
    static func print(_ line: String) {
        let text = Array("bulkhead-vmm: \(line)\n".utf8)
        var written = 0
        while written < text.count {
            // unsafe because the bytes are read through a pointer that lives for the call
            let count = unsafe text[written...].withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            // Nobody can be told that nobody listens.
            guard count > 0 else { return }
            written += count
        }
    }
}
