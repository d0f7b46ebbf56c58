import Foundation
import Glibc

/// What threads named "counted…" have allocated: every call of malloc and its relatives, freed again or not.
///
/// Only in a process that was started with `counter.c` before its libraries: ``AllocationTests`` starts one.
enum AllocationCounter {
    private typealias Reader = @convention(c) () -> UInt

    /// Whether this process counts.
    static let isHere = reader != nil

    private static let reader: Reader? = {
        guard let address = dlsym(UnsafeMutableRawPointer(bitPattern: 0), "bulkhead_allocations") else { return nil }
        return unsafeBitCast(address, to: Reader.self)
    }()

    /// How many allocations the counted threads make during `body`, at best of three times: the first may grow what is
    /// kept for later.
    static func fewest(during body: () throws -> Void) rethrows -> UInt? {
        guard let reader else { return nil }
        var fewest = UInt.max
        for _ in 0..<3 where fewest > 0 {
            let before = reader()
            try body()
            fewest = min(fewest, reader() - before)
        }
        return fewest
    }
}
