/// Looks for a kernel panic in what a guest prints on its console, chunk by chunk.
struct PanicWatch {
    private static let mark = Array("Kernel panic - not syncing: ".utf8)
    /// Reasons are one line; a guest that prints more without a line's end is cut.
    private static let longestLine = 512

    private var line: [UInt8] = []
    /// What the kernel gave as its reason, once it has panicked.
    private(set) var reason: String?

    /// Takes what was printed.
    mutating func feed(_ bytes: [UInt8]) {
        guard reason == nil else { return }
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                examine()
                line.removeAll(keepingCapacity: true)
            } else if line.count < PanicWatch.longestLine {
                line.append(byte)
            }
        }
    }

    /// Takes the last line, which the guest may not have ended.
    mutating func finish() { examine() }

    private mutating func examine() {
        guard reason == nil, line.count >= PanicWatch.mark.count else { return }
        for start in 0...(line.count - PanicWatch.mark.count) where line[start...].starts(with: PanicWatch.mark) {
            reason = String(decoding: line[(start + PanicWatch.mark.count)...], as: UTF8.self)
            return
        }
    }
}
