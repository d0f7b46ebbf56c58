import Glibc
import Linux
import Testing

/// A run of random tests: seeded, bounded, and repeatable.
///
/// `BULKHEAD_FUZZ_SECONDS` (2) is how long each goes on, `BULKHEAD_FUZZ_SEED` (1) where it begins. A failure names its
/// seed; where one ends the process, the seed is what the file `/tmp/bulkhead-fuzz-…` that is left has.
struct FuzzRun {
    private static func setting(_ name: String, _ usual: UInt64) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? usual
    }

    /// Calls `body` with one generator after another; it ends at the first error.
    static func run(_ name: String, _ body: (inout FuzzNumbers) throws -> Void) throws {
        let path = "/tmp/bulkhead-fuzz-\(name)-\(getpid())"
        let note = try Descriptor.open(path, [.writeOnly, .create, .truncate])
        defer { unlink(path) }
        let deadline = Clock.monotonicMilliseconds + Int64(setting("BULKHEAD_FUZZ_SECONDS", 2)) * 1000
        var seed = setting("BULKHEAD_FUZZ_SEED", 1)
        var rounds = 0
        while Clock.monotonicMilliseconds < deadline || rounds == 0 {
            let text = "\(seed)\n"
            _ = text.withCString { pwrite(note.rawValue, $0, strlen($0), 0) }
            var numbers = FuzzNumbers(seed: seed)
            do { try body(&numbers) } catch {
                Issue.record("\(name), seed \(seed): \(error)")
                return
            }
            seed &+= 1
            rounds += 1
        }
        print("\(name): \(rounds) rounds")
    }
}

/// What went wrong in a round.
struct FuzzFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct FuzzNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func below(_ limit: UInt64) -> UInt64 { next() % limit }
    mutating func oneIn(_ number: UInt64) -> Bool { below(number) == 0 }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[Int(below(UInt64(elements.count)))] }
}
