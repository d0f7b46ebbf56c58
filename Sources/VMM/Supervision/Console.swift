internal import Linux

/// What bulkhead-vmm itself says, on standard error: it stands beside the guest's console in the machine's log.
enum Console {
    /// Prints one line.
    static func print(_ line: String) {
        let text = Array("bulkhead-vmm: \(line)\n".utf8)
        // Nobody can be told that nobody listens.
        guard let output = try? Descriptor.duplicating(2) else { return }
        try? output.writeAll(text)
    }
}
