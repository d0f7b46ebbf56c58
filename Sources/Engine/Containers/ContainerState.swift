/// How a container's last run ended, or why its last start failed.
public struct Conclusion: Sendable, Equatable, Codable {
    /// The program's own, 128 + signal, 137 where it was lost, 126 or 127 where it could not be started.
    public var exitCode: Int32
    /// Nanoseconds since 1970; 0 for never.
    public var startedAt: Int64
    /// Nanoseconds since 1970; 0 for never.
    public var finishedAt: Int64
    /// Why it was lost or did not start; empty when its program simply ended.
    public var error: String
    /// Whether the kernel ended it for its memory limit.
    public var outOfMemory: Bool

    /// Creates it.
    public init(
        exitCode: Int32, startedAt: Int64 = 0, finishedAt: Int64 = 0, error: String = "", outOfMemory: Bool = false
    ) {
        self.exitCode = exitCode
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.error = error
        self.outOfMemory = outOfMemory
    }
}

/// One run of a container.
public struct Run: Sendable, Equatable, Codable {
    /// Its first process's number on the host, or in the guest.
    public var process: Int32
    /// Nanoseconds since 1970.
    public var startedAt: Int64
    /// When the run before ended, or 0.
    public var previousFinish: Int64
    /// Whether the kernel has ended one of its processes for its memory limit.
    public var outOfMemory = false

    /// Creates it.
    public init(process: Int32, startedAt: Int64, previousFinish: Int64 = 0) {
        self.process = process
        self.startedAt = startedAt
        self.previousFinish = previousFinish
    }
}

/// Where a container is in its life.
///
/// ```
///  created ──► starting ──► running ◄──► paused
///     ▲           │ ▲          │
///     └─ failed ──┘ │          ├──► exited ──► starting | removing
///                   └─ delay ──┴──► restarting
/// ```
public enum ContainerState: Sendable, Equatable, Codable {
    /// Never run; where a start failed, with what came of it.
    case created(Conclusion?)
    /// Being started; with how it was before.
    case starting(Conclusion?)
    /// Its program runs.
    case running(Run)
    /// Its processes are frozen.
    case paused(Run)
    /// Ended, and waiting for its restart.
    case restarting(Conclusion)
    /// Ended.
    case exited(Conclusion)
    /// Being removed.
    case removing(Conclusion?)

    /// Docker's words for it.
    public enum Status: String, Sendable, CaseIterable {
        case created, running, paused, restarting, removing, exited, dead
    }
}

extension ContainerState {
    /// Docker's word for it.
    public var status: Status {
        switch self {
        case .created: .created
        case .starting(let conclusion): (conclusion?.startedAt ?? 0) == 0 ? .created : .exited
        case .running: .running
        case .paused: .paused
        case .restarting: .restarting
        case .exited: .exited
        case .removing: .removing
        }
    }

    /// The run, while there is one.
    public var run: Run? {
        switch self {
        case .running(let run), .paused(let run): run
        default: nil
        }
    }

    /// How the last run ended or the last start failed, unless it runs now.
    public var conclusion: Conclusion? {
        switch self {
        case .created(let conclusion), .starting(let conclusion), .removing(let conclusion): conclusion
        case .restarting(let conclusion), .exited(let conclusion): conclusion
        case .running, .paused: nil
        }
    }

    /// Whether it has processes.
    public var isRunning: Bool { run != nil }
    /// Whether its processes are frozen.
    public var isPaused: Bool { if case .paused = self { true } else { false } }
    /// Whether it waits for its restart.
    public var isRestarting: Bool { if case .restarting = self { true } else { false } }
    /// Its first process's number, or 0.
    public var process: Int32 { run?.process ?? 0 }
    /// The last exit code, or 0.
    public var exitCode: Int32 { conclusion?.exitCode ?? 0 }
    /// Why it did not start or was lost, or nothing.
    public var error: String { conclusion?.error ?? "" }
    /// Whether the kernel ended it for its memory limit.
    public var outOfMemory: Bool { run?.outOfMemory ?? conclusion?.outOfMemory ?? false }
    /// When it was last started, in nanoseconds since 1970, or 0.
    public var startedAt: Int64 { run?.startedAt ?? conclusion?.startedAt ?? 0 }
    /// When it last ended, in nanoseconds since 1970, or 0.
    public var finishedAt: Int64 { run?.previousFinish ?? conclusion?.finishedAt ?? 0 }
}
