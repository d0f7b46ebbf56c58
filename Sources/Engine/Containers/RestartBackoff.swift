/// How long a container waits before its restart policy starts it again, as dockerd does it: 100 ms, doubled at each
/// restart, at most a minute, and from the beginning after a run of ten seconds.
struct RestartBackoff: Sendable, Equatable, Codable {
    static let first = 100
    static let longest = 60_000
    static let healthyRun: Int64 = 10_000_000_000

    /// Milliseconds; 0: none yet.
    private(set) var delay = 0
    /// Restarts since a client last started it.
    private(set) var attempts = 0

    /// The delay in milliseconds before the next start, or nil where the container stays ended.
    ///
    /// - Parameters:
    ///   - policy: what the client asked for.
    ///   - exitCode: how the run ended.
    ///   - ranFor: how long it was, in nanoseconds.
    ///   - stoppedByClient: whether a client ended it.
    mutating func next(policy: RestartPolicy, exitCode: Int32, ranFor: Int64, stoppedByClient: Bool) -> Int? {
        guard !stoppedByClient else { return nil }
        switch policy {
        case .no: return nil
        case .always, .unlessStopped: break
        case .onFailure(let most):
            guard exitCode != 0, most == 0 || attempts < most else { return nil }
        }
        if ranFor >= RestartBackoff.healthyRun { delay = 0 }
        delay = delay == 0 ? RestartBackoff.first : min(delay * 2, RestartBackoff.longest)
        attempts += 1
        return delay
    }

    /// A client has started it: everything from the beginning.
    mutating func reset() { self = RestartBackoff() }
}
