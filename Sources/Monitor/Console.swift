internal import Glibc
internal import Linux

/// What a monitor or an agent has to say for itself: its standard error, which is a file beside its socket, or the
/// guest's console.
package enum Console {
    /// Writes one line.
    package static func report(_ text: String) {
        let output = Descriptor(adopting: 2)
        // Where nobody listens, nothing can be said.
        try? output.writeAll("\(text)\n")
        _ = output.release()
    }
}
