internal import Glibc
internal import Linux

/// The terminal in raw mode, for as long as this value lives.
struct RawTerminal: ~Copyable {
    private let descriptor: Int32
    private let saved: [UInt8]

    init(_ descriptor: Int32) throws(CommandError) {
        self.descriptor = descriptor
        do { saved = try Terminal.makeRaw(descriptor) } catch { throw .terminal(error.description) }
    }

    deinit {
        // A terminal that has gone has no settings to restore.
        try? Terminal.restore(descriptor, saved)
    }
}

/// The window that a command was started in.
enum Window {
    /// Rows and columns, or nil where standard output is no terminal.
    static var size: (rows: UInt16, columns: UInt16)? {
        for descriptor in [STDOUT_FILENO, STDIN_FILENO] where Terminal.isTerminal(descriptor) {
            // A terminal that doesn't tell its size is treated as one without.
            if let size = try? Terminal.size(descriptor), size.columns > 0 { return size }
        }
        return nil
    }

    /// The columns that a table may use: nil where standard output is not a terminal.
    static var columns: Int? {
        guard Terminal.isTerminal(STDOUT_FILENO) else { return nil }
        return size.map { Int($0.columns) }
    }
}
