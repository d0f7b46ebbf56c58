internal import Synchronization

/// The interrupt of one virtio-mmio device: what happened, and the line that says so.
///
/// Virtio 1.2, section 4.2.2: the driver reads why it was interrupted from InterruptStatus and acknowledges it there.
/// Any thread may raise it.
final class VirtioInterrupt: Sendable {
    /// What a device may have to say.
    enum Cause: UInt32, Sendable {
        /// A queue has used buffers.
        case queue = 1
        /// The configuration has changed, or the device needs a reset.
        case configuration = 2
    }

    private let pending = Atomic<UInt32>(0)
    private let changes = Atomic<UInt32>(0)
    private let failed = Atomic<Bool>(false)
    private let line: @Sendable () -> Void
    private let report: @Sendable (VirtioError) -> Void

    /// - Parameters:
    ///   - report: hears why the device can't go on, once between two resets.
    ///   - line: interrupts the guest: it writes to the eventfd that KVM turns into an edge of the line (irqfd).
    init(report: @escaping @Sendable (VirtioError) -> Void = { _ in }, line: @escaping @Sendable () -> Void) {
        self.report = report
        self.line = line
    }

    /// The register InterruptStatus.
    var status: UInt32 { pending.load(ordering: .acquiring) }

    /// The register ConfigGeneration: another value after each change of the configuration.
    var generation: UInt32 { changes.load(ordering: .acquiring) }

    /// Whether the device has failed since the last reset: DEVICE_NEEDS_RESET.
    var needsReset: Bool { failed.load(ordering: .acquiring) }

    /// Interrupts the guest. A device changes its configuration before it raises `configuration`.
    func raise(_ cause: Cause) {
        if cause == .configuration { changes.add(1, ordering: .acquiringAndReleasing) }
        // The bit first: a driver that sees the interrupt reads the register at once.
        pending.bitwiseOr(cause.rawValue, ordering: .acquiringAndReleasing)
        line()
    }

    /// The device can't go on: the driver broke virtio's rules, or the host failed it. The driver is told that it needs a
    /// reset (virtio 1.2, section 2.1.2), the log why; the device uses no queue until then.
    func fail(_ error: VirtioError) {
        guard !failed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        report(error)
        raise(.configuration)
    }

    /// The driver's write to InterruptACK.
    func acknowledge(_ bits: UInt32) { pending.bitwiseAnd(~bits, ordering: .acquiringAndReleasing) }

    /// The driver has reset the device, whose threads use it no more.
    func reset() {
        failed.store(false, ordering: .releasing)
        pending.store(0, ordering: .releasing)
    }
}
