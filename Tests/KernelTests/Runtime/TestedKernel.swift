import Glibc
import Linux

/// The kernel that the tests run on.
enum TestedKernel {
    private static let version: [Int] = {
        let text = (try? Files.readText("/proc/sys/kernel/osrelease")) ?? ""
        return text.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    }()

    /// Whether it is this Linux or a later one.
    static func isAtLeast(_ major: Int, _ minor: Int) -> Bool { !version.lexicographicallyPrecedes([major, minor]) }

    /// Whether the runtime finds the system calls of this Linux: neither with `BULKHEAD_TEST_OLDER_KERNEL`.
    static func hasCalls(of major: Int, _ minor: Int) -> Bool {
        isAtLeast(major, minor) && getenv("BULKHEAD_TEST_OLDER_KERNEL") == nil
    }
}
