internal import CLinux
internal import Glibc
internal import Synchronization

/// System calls that are tried first, and for which there is another way where they are missing: in kernels from 5.4 on,
/// the oldest that will do, and below filters that deny what they don't know.
///
/// The raw value is the call's number, which is the same for every kind of processor.
enum NewerCall: Int {
    /// Linux 5.3; its field for the control group 5.7. Many filters deny it, for they can't look into its arguments.
    case clone3 = 435
    /// Linux 5.9.
    case closeRange = 436
    /// Linux 5.6.
    case openat2 = 437
    /// Linux 5.12.
    case setMountAttributes = 442

    /// One bit for each call that was found missing: a kernel does not get it later, nor does a filter ever go away.
    private static let missing = Atomic<UInt32>(0)

    private var bit: UInt32 { 1 << UInt32(rawValue - NewerCall.clone3.rawValue) }

    /// Whether it was found missing before.
    var isMissing: Bool { NewerCall.missing.load(ordering: .relaxed) & bit != 0 }

    /// Whether the call has failed with `code` because there is no such call.
    ///
    /// ENOSYS says so. EPERM may come from a filter, or from the kernel with good reason: it is a filter's if arguments
    /// that are nonsense get it as well, which the kernel refuses as such (EINVAL) before it looks at any rights.
    func isMissing(after code: Int32) -> Bool {
        // E2BIG: there is clone3, but no field in it for the control group yet.
        let isIncomplete = self == .clone3 && code == E2BIG
        guard code == ENOSYS || isIncomplete || code == EPERM && isDenied else { return false }
        NewerCall.missing.bitwiseOr(bit, ordering: .relaxed)
        return true
    }

    /// The same without having tried it: it is asked for with nonsense for arguments.
    var isMissingNow: Bool { isMissing || isDenied && isMissing(after: ENOSYS) }

    private var isDenied: Bool { bh_probe(rawValue) < 0 && (errno == ENOSYS || errno == EPERM) }
}
