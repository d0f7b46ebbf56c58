internal import CLinux
internal import Linux
internal import Synchronization

/// What the machine's threads have to tell the supervisor's loop; any thread may tell.
final class HardwareSignals: Sendable {
    /// What was told since it was asked for the last time.
    struct Told: Sendable {
        /// The guest has ended, or is to be ended.
        var isOver = false
        /// Devices that can't go on: their numbers, and why.
        var failures: [(device: Int, error: VirtioError)] = []
    }

    /// Failures that wait at most.
    private static let most = 64

    private let told = Mutex(Told())
    private let happened: Descriptor

    init() throws(SystemError) {
        let number = bh_eventfd()
        guard number >= 0 else { throw .last("eventfd") }
        happened = Descriptor(adopting: number)
    }

    /// Readable once something was told.
    var event: Int32 { happened.rawValue }

    /// The guest has ended, or is to be ended.
    func tellOver() { tell { $0.isOver = true } }

    /// A device can't go on. A guest may cause that as often as it likes: what is too much to be heard is left out.
    func tell(device: Int, failed error: VirtioError) {
        tell { if $0.failures.count < HardwareSignals.most { $0.failures.append((device, error)) } }
    }

    private func tell(_ change: (inout Told) -> Void) {
        told.withLock { change(&$0) }
        EventCounter.signal(happened.rawValue)
    }

    /// Takes what was told.
    func take() -> Told {
        // Without anything to read somebody is just about to say that there is.
        _ = try? happened.read(upTo: 8)
        return told.withLock { told in
            defer { told = Told() }
            return told
        }
    }
}
