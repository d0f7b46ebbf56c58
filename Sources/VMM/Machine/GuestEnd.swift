/// How a guest ended.
enum GuestEnd: Sendable, Equatable, CustomStringConvertible {
    /// It switched the power off.
    case poweredOff
    /// It reset the machine, which is not started again.
    case reset
    /// Its kernel panicked and said so; more than that is on its console.
    case panicked
    /// A fault while it handled a fault while it handled a fault: a processor of metal would reset.
    case tripleFault(processor: UInt32)
    /// KVM or the host can't run it on, and why.
    case failed(String)

    var description: String {
        switch self {
        case .poweredOff: "the guest powered itself off"
        case .reset: "the guest reset itself"
        case .panicked: "the guest's kernel panicked"
        case .tripleFault(let processor): "a triple fault on processor \(processor)"
        case .failed(let reason): reason
        }
    }
}
