internal import Linux
internal import Wire

/// What executes a machine's guest, as its supervisor sees it: a QEMU beside it, or our own VMM within it.
///
/// Everything is reported from the supervisor's loop.
protocol GuestHardware: AnyObject {
    /// The number of the process that executes the guest.
    var process: Int32 { get }
    /// The host's end of the port that the agent finds its link on; nil once it was taken.
    func takePort() -> Descriptor?
    /// Whether what the guest prints is to wait: it then waits, too, once it has printed more than has room on the way.
    /// At its end everything is reported.
    func holdConsole(_ held: Bool)
    /// Ends the guest at once; its end is reported like any other.
    func kill()
    /// What else can be asked of it and changed while it runs; nil where that is nothing.
    var controller: (any HardwareControl)? { get }
}

/// Control of a guest that runs.
protocol HardwareControl: AnyObject {
    /// Whether no processor is in the guest.
    var isPaused: Bool { get }
    /// Takes all processors out of the guest, or lets them go on.
    func setPaused(_ paused: Bool)
    /// What it has used.
    var statistics: StatisticsReport { get }
    /// Changes its limits.
    ///
    /// - Throws: ``Failure`` of kind `invalid` for a limit of what it does not have, or one that can't be; then nothing
    ///   is changed.
    func limit(_ limits: MachineLimits) throws(Failure)
}

/// What a supervisor hears of the hardware.
enum HardwareNews {
    /// The guest has printed this on its console.
    case printed([UInt8])
    /// It can't go on, for this reason, but has not ended yet.
    case failed(String)
    /// It has ended; everything that was printed has been reported.
    case ended(HardwareEnd)
}

/// How the hardware ended.
enum HardwareEnd: Equatable {
    /// The guest has switched it off.
    case poweredOff
    /// The guest has reset it; with what is known beyond that ("triple fault").
    case reset(String?)
    /// The guest has said that it panicked.
    case panicked
    /// It never ran.
    case notStarted(String)
    /// It ended without the guest's doing.
    case killed(String)
}
