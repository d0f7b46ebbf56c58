internal import Glibc

/// Standard output and standard error.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// Writes everything, also where somebody has made the stream non-blocking.
    ///
    /// - Throws: ``CommandError/outputClosed`` when nobody reads any more.
    func write(_ bytes: [UInt8]) throws(CommandError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(rawValue, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count >= 0 {
                written += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var wait = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
                poll(&wait, 1, -1)
            default: throw .outputClosed
            }
        }
    }

    /// Writes a text.
    func write(_ text: String) throws(CommandError) { try write(Array(text.utf8)) }

    /// Writes a text and a line's end.
    func line(_ text: String) throws(CommandError) { try write(text + "\n") }

    /// Passes a daemon's warnings on, which may have a mark of their own already.
    static func warn(_ warnings: [String]) throws(CommandError) {
        for warning in warnings {
            let text = warning.hasPrefix("WARNING: ") ? String(warning.dropFirst("WARNING: ".count)) : warning
            try error.line("bulkhead: warning: " + text)
        }
    }

    /// Says on standard error what went wrong.
    static func complain(_ text: String) {
        // Where standard error is closed too, there is nobody left to tell.
        try? error.line("bulkhead: " + text)
    }
}
