internal import Glibc

/// Writes what a guest sends on its serial port to a descriptor that somebody else owns, byte by byte.
struct SerialOutput: Sendable {
    /// For as long as the port is in use.
    let descriptor: Int32

    /// Waits where the reader is slow, so that nothing is lost; but not where the processor's thread is wanted elsewhere.
    func send(_ byte: UInt8) {
        var byte = byte
        // unsafe because the byte is read through a pointer to a local variable
        while unsafe write(descriptor, &byte, 1) < 0, errno == EINTR {
            var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            // Interrupted: the machine is paused or stopped. Without room the byte is lost, or it would wait for ever.
            // unsafe because the structure is given by a pointer to a local variable
            guard unsafe poll(&room, 1, 0) > 0 else { return }
        }
        // Any other error: nobody listens, which is not the guest's business.
    }
}
