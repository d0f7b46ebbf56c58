internal import Synchronization

/// How often one processor left the guest, by reason. Its own thread counts, any thread reads.
struct ExitCounters: ~Copyable {
    /// The counts at one moment.
    struct Snapshot: Sendable, Equatable {
        /// Reads and writes of ports.
        var ports: UInt64 = 0
        /// Reads and writes of memory that is none.
        var memory: UInt64 = 0
        /// Signals of the host.
        var interruptions: UInt64 = 0

        /// Adds another processor's.
        static func + (one: Snapshot, other: Snapshot) -> Snapshot {
            Snapshot(
                ports: one.ports &+ other.ports, memory: one.memory &+ other.memory,
                interruptions: one.interruptions &+ other.interruptions)
        }
    }

    private let ports = Atomic<UInt64>(0)
    private let memory = Atomic<UInt64>(0)
    private let interruptions = Atomic<UInt64>(0)

    @inline(__always) func countPort() { ExitCounters.count(ports) }
    @inline(__always) func countMemory() { ExitCounters.count(memory) }
    @inline(__always) func countInterruption() { ExitCounters.count(interruptions) }

    var snapshot: Snapshot {
        Snapshot(
            ports: ports.load(ordering: .relaxed), memory: memory.load(ordering: .relaxed),
            interruptions: interruptions.load(ordering: .relaxed))
    }

    /// One thread only counts: load and store are enough, and cheaper than a locked addition.
    @inline(__always)
    private static func count(_ counter: borrowing Atomic<UInt64>) {
        counter.store(counter.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }
}
