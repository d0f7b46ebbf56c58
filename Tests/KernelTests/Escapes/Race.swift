import Glibc
import Linux
import Synchronization
import TestKit
import Testing

/// Exchanges what two paths name, over and over, in a thread of its own: the part of an attack that somebody plays who
/// can write to a directory while a container is made in it.
final class Race: Sendable {
    private let first: String
    private let second: String
    private let stopped = Atomic<Bool>(false)
    private let exchanges = Atomic<Int>(0)
    private let seed: UInt64

    private init(_ first: String, _ second: String, seed: UInt64) {
        (self.first, self.second, self.seed) = (first, second, seed)
    }

    /// Runs `attempt` while the exchanges go on, for some seconds (`BULKHEAD_RACE_SECONDS`) and at least a few times;
    /// for longer, but not for ever, until it has `met` everything that shows that there was a race.
    static func run(
        _ first: String, _ second: String, seed: UInt64 = 1, until met: () -> Bool, attempt: () throws -> Void
    ) throws {
        let race = Race(first, second, seed: seed)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(race)
        let code = pthread_create(&thread, nil, { Race.main($0) }, context.toOpaque())
        try #require(code == 0)
        defer {
            race.stopped.store(true, ordering: .relaxed)
            pthread_join(thread, nil)
            context.release()
            #expect(race.exchanges.load(ordering: .relaxed) > 100, "nothing was raced")
        }
        let seconds = getenv("BULKHEAD_RACE_SECONDS").flatMap { Int64(String(cString: $0)) } ?? 2
        let deadline = Clock.monotonicMilliseconds + seconds * 1000
        var attempts = 0
        while attempts < 10 || Clock.monotonicMilliseconds < deadline
            || ((!met() || race.exchanges.load(ordering: .relaxed) <= 100)
                && Clock.monotonicMilliseconds < deadline + 60_000)
        {
            try attempt()
            attempts += 1
        }
    }

    /// renameat2(2), which Swift's view of the C library leaves out.
    private typealias Rename =
        @convention(c) (Int32, UnsafePointer<CChar>?, Int32, UnsafePointer<CChar>?, UInt32) -> Int32
    private static let rename = dlsym(nil, "renameat2").map { unsafeBitCast($0, to: Rename.self) }

    private static func main(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context, let rename else { return nil }
        let race = Unmanaged<Race>.fromOpaque(context).takeUnretainedValue()
        var state = race.seed | 1
        while !race.stopped.load(ordering: .relaxed) {
            // 2: RENAME_EXCHANGE. What fails, because a name is away for a moment, is tried again in the next round.
            if rename(AT_FDCWD, race.first, AT_FDCWD, race.second, 2) == 0 {
                race.exchanges.add(1, ordering: .relaxed)
            }
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            // Of different length, so that the two sides never keep in step; up to 200 µs.
            usleep(UInt32(state % 200))
        }
        return nil
    }
}
