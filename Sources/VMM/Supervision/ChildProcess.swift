internal import Glibc
internal import Linux

/// A helper program that bulkhead-vmm has started.
final class ChildProcess {
    /// Its number.
    let number: Int32
    private let process: ProcessDescriptor
    private let loop: EventLoop
    private var ended = false

    /// Starts a program; `onEnd` is called from the loop once it has ended.
    init(
        _ path: String, _ arguments: [String], descriptors: [(child: Int32, parent: Int32)], loop: EventLoop,
        onEnd: @escaping (ProcessEnd) -> Void
    ) throws(SystemError) {
        self.loop = loop
        number = try Spawn.process(path: path, arguments: arguments, descriptors: descriptors)
        process = try ProcessDescriptor(process: number)
        try loop.add(process.rawValue, .readable) { [unowned self] _ in
            // The child is ours: it can only be there or have ended.
            guard let end = try? process.reap() else { return }
            ended = true
            loop.remove(process.rawValue)
            onEnd(end)
        }
    }

    /// Ends it at once.
    func kill() {
        // It may have ended by itself just now.
        if !ended { try? process.signal(SIGKILL) }
    }
}
