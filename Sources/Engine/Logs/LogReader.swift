/// Reads the log of one container for one client, line by line, as fast as that client takes them.
actor LogReader {
    private let files: LogFiles
    private let options: LogOptions
    /// What signals that there may be more, and whether the container has ended; nil: nothing is waited for.
    private let follow: LogFollow?

    private var file: LogFile?
    private var offset: Int64 = 0
    private var pending: [UInt8] = []
    private var lines: [LogEntry] = []
    private var nextLine = 0
    private var begun = false
    private var finished = false

    init(path: String, options: LogOptions, follow: LogFollow?) {
        files = LogFiles(path: path)
        self.options = options
        self.follow = follow
    }

    /// The next line, or nil at the end.
    func next() async throws(EngineError) -> LogEntry? {
        while true {
            while nextLine < lines.count {
                let entry = lines[nextLine]
                nextLine += 1
                if let until = options.until, entry.time > until { return nil }
                if entry.isError ? !options.error : !options.output { continue }
                if let since = options.since, entry.time < since { continue }
                return entry
            }
            if finished || Task.isCancelled { return nil }
            // Asked before reading: what is written before the end is read after it.
            let ended = follow?.hasEnded ?? true
            if read() { continue }
            if ended {
                finished = true
            } else {
                await follow?.wakeup.wait()
            }
        }
    }

    /// Reads a piece; false where there is nothing more for now.
    private func read() -> Bool {
        if !begun {
            begun = true
            begin()
        }
        if file == nil { file = files.parts().last.flatMap { LogFile($0.path) } }
        guard let file else { return false }
        lines.removeAll(keepingCapacity: true)
        nextLine = 0
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = file.read(into: &buffer, count: buffer.count, at: offset)
        if count == 0 { return advance(from: file) }
        offset += Int64(count)
        pending.append(contentsOf: buffer[..<count])
        var start = pending.startIndex
        while let end = pending[start...].firstIndex(of: 0x0A) {
            if let entry = LogLine.parse(pending[start..<end]) { lines.append(entry) }
            start = end + 1
        }
        pending.removeFirst(start)
        return true
    }

    private func begin() {
        let parts = files.parts()
        guard let tail = options.tail else {
            file = parts.first.flatMap { LogFile($0.path) }
            return
        }
        let start = LogFiles.tail(tail, of: parts)
        guard parts.indices.contains(start.index) else { return }
        file = LogFile(parts[start.index].path)
        offset = start.offset
    }

    /// Goes on with the part after this one; false where this is the newest.
    private func advance(from current: LogFile) -> Bool {
        let parts = files.parts()
        guard let newest = parts.last, newest.inode != current.inode else { return false }
        let position = parts.firstIndex { $0.inode == current.inode }
        let next = position.map { parts[$0 + 1] } ?? newest
        file = LogFile(next.path)
        offset = 0
        pending.removeAll()
        return file != nil
    }
}

/// How a reader learns that there is more to read.
final class LogFollow: Sendable {
    let wakeup = Wakeup()
    private let watch: FileWatch
    private let end: ExitWaiter
    private let limit: Int64?
    private let waiting: Task<Void, Never>
    private let deadline: Task<Void, Never>?

    /// Follows a log in this directory until the container has ended, or until a time.
    init(directory: String, end: ExitWaiter, until: Int64?) throws(EngineError) {
        let wakeup = wakeup
        watch = try FileWatch(directory: directory, wakeup: wakeup)
        self.end = end
        limit = until
        waiting = Task {
            _ = try? await end.value()  // cancelled: nobody reads any more
            wakeup.signal()
        }
        deadline = until.map { time in
            Task {
                try? await Task.sleep(for: .nanoseconds(time - Timestamp.now))  // cancelled: nobody reads any more
                wakeup.signal()
            }
        }
    }

    /// Whether nothing more will be written that is wanted.
    var hasEnded: Bool { end.isResolved || limit.map { $0 <= Timestamp.now } ?? false }

    deinit {
        waiting.cancel()
        deadline?.cancel()
    }
}
