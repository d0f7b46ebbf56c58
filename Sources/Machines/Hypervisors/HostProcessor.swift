internal import Linux

/// What this host's processor can do for machines.
enum HostProcessor {
    /// Whether guests can run on the processor itself: it has VT-x or SVM, and /dev/kvm can be opened.
    ///
    /// A /dev/kvm alone is not enough: a paravirtual KVM opens and can't run an unmodified Linux.
    static var hasHardwareVirtualisation: Bool {
        guard let text = try? Files.readText("/proc/cpuinfo") else { return false }
        let line = text.split(separator: "\n").first { $0.hasPrefix("flags") }
        let flags = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }) ?? []
        guard flags.contains("vmx") || flags.contains("svm") else { return false }
        guard let device = try? Descriptor.open("/dev/kvm", .readWrite) else { return false }
        return device.rawValue >= 0
    }
}

/// How fast the time stamp counter counts, which an emulated guest has from the host as it is.
///
/// Measured between the process's first use and now: the longer ago, the more exact. Some milliseconds are enough for
/// 0.001 %.
final class TimestampClock: Sendable {
    static let shared = TimestampClock()

    private static let shortest: Int64 = 10_000_000
    private let first: (count: UInt64, time: Int64)

    private init() { first = (Clock.timestampCounter, Clock.rawNanoseconds) }

    /// Thousands of counts a second, or nil where there is no such counter.
    var kilohertz: UInt64? {
        guard first.count != 0 else { return nil }
        while Clock.rawNanoseconds - first.time < TimestampClock.shortest {}
        let count = Clock.timestampCounter &- first.count
        let time = UInt64(Clock.rawNanoseconds - first.time)
        return count.multipliedFullWidth(by: 1_000_000).high == 0
            ? count * 1_000_000 / time : count / (time / 1_000_000)
    }
}
