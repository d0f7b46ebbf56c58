import Glibc
import Linux

/// QEMU's own console of a rig: what its processors are doing, for a rig that does not answer.
struct RigMonitor {
    /// Its socket's path.
    let path: String

    /// QEMU's words to it.
    var argument: String { "unix:\(path),server,nowait" }

    /// Where all processors are, three times with a pause between: those that stand still can be told from those that run.
    func processors() throws -> String {
        let socket = try UnixSocket.connect(path)
        try socket.setNonblocking(true)
        var said: [UInt8] = []
        for _ in 0..<3 {
            try socket.writeAll("info registers -a\n")
            // It does not say when it has said everything.
            let deadline = Clock.monotonicMilliseconds + 2000
            read: while try socket.waits(for: POLLIN, until: deadline) {
                switch try socket.read(upTo: 1 << 16) {
                case .bytes(let bytes): said += bytes
                case .wouldBlock: continue
                case .end: break read
                }
            }
        }
        return String(decoding: said, as: UTF8.self)
    }
}
