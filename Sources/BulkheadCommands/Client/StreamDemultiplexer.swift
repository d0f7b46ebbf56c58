/// Cuts the frames of an attached container's output apart.
///
/// ```
/// byte 0    1 2 3   4 5 6 7
/// stream    0 0 0   length, big-endian   payload
/// ```
struct StreamDemultiplexer {
    /// Where output goes.
    enum Output: UInt8 {
        case standardInput = 0
        case standardOutput = 1
        case standardError = 2
        /// The daemon's own words about a failure.
        case system = 3
    }

    private enum State {
        case header([UInt8])
        case payload(Output, remaining: UInt32)
    }
    private var state = State.header([])

    /// Takes bytes in and returns the pieces of payload in them, not waiting for whole frames.
    ///
    /// - Throws: for a header that names no known stream.
    mutating func feed(_ bytes: [UInt8]) throws(CommandError) -> [(output: Output, bytes: [UInt8])] {
        var pieces: [(output: Output, bytes: [UInt8])] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .header(let begun):
                let header = begun + rest.prefix(8 - begun.count)
                rest = rest.dropFirst(8 - begun.count)
                state = header.count < 8 ? .header(header) : try StreamDemultiplexer.frame(header)
            case .payload(let output, let remaining):
                let piece = rest.prefix(Int(remaining))
                rest = rest.dropFirst(piece.count)
                pieces.append((output, Array(piece)))
                let left = remaining - UInt32(piece.count)
                state = left == 0 ? .header([]) : .payload(output, remaining: left)
            }
        }
        return pieces
    }

    private static func frame(_ header: [UInt8]) throws(CommandError) -> State {
        guard let output = Output(rawValue: header[0]) else {
            throw .connection(doing: "read the container's output", reason: "a frame of unknown stream \(header[0])")
        }
        let length = header[4...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return length == 0 ? .header([]) : .payload(output, remaining: length)
    }
}
