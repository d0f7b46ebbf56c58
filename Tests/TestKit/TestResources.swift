import Glibc
import Linux

/// What a test may use up: a random prefix for every name that it gives, a directory, and a look at what is left.
///
/// ```swift
/// try withTestResources { resources in … }
/// ```
public struct TestResources: Sendable {
    /// Begins the name of everything that the test makes: `bt1f3a9c`.
    public let prefix: String
    /// A directory of the test's own.
    public let directory: String

    /// A name beginning with the prefix.
    public func name(_ suffix: String) -> String { "\(prefix)-\(suffix)" }

    /// Everything outside of the directory that carries the prefix: mounts, control groups, links, processes.
    public func leftovers() throws -> [String] {
        var found: [String] = []
        for line in try Files.readText("/proc/self/mountinfo").split(separator: "\n") where line.contains(prefix) {
            found.append("mount \(line)")
        }
        TestResources.find(prefix, below: "/sys/fs/cgroup", depth: 5, &found)
        for name in try Files.entries(of: "/sys/class/net") where name.contains(prefix) { found.append("link \(name)") }
        for number in try Files.entries(of: "/proc") where number.allSatisfy(\.isNumber) {
            // A process that has gone meanwhile is none that is left.
            guard let words = try? Files.readText("/proc/\(number)/cmdline"), words.contains(prefix) else { continue }
            found.append("process \(number) \(words.replacing("\0", with: " "))")
        }
        return found
    }

    private static func find(_ prefix: String, below directory: String, depth: Int, _ found: inout [String]) {
        guard depth > 0, let names = try? Files.entries(of: directory) else { return }
        for name in names {
            let path = "\(directory)/\(name)"
            guard !name.contains("."), Files.isDirectory(path) else { continue }
            if name.contains(prefix) { found.append("control group \(path)") }
            find(prefix, below: path, depth: depth - 1, &found)
        }
    }
}

/// Something that a test has left behind.
public struct LeftoverError: Error, CustomStringConvertible {
    /// What it is.
    public let description: String
}

/// Runs a test with resources; removes its directory at any end, and fails if anything else is left.
public func withTestResources<R>(_ body: (TestResources) throws -> R) throws -> R {
    let prefix = "bt" + String(UInt32.random(in: 0x1000_0000...0xFFFF_FFFF), radix: 16)
    let resources = TestResources(prefix: prefix, directory: "/tmp/\(prefix)")
    try Files.makeDirectory(resources.directory)
    defer { removeTree(resources.directory) }
    let result = try body(resources)
    let leftovers = try resources.leftovers()
    guard leftovers.isEmpty else { throw LeftoverError(description: leftovers.joined(separator: "\n")) }
    return result
}

/// Removes a directory with everything in it, but never what is mounted there.
private func removeTree(_ path: String) {
    // What can't be listed or removed stays in /tmp: it does not change what the test has found.
    for name in (try? Files.entries(of: path)) ?? [] {
        let child = "\(path)/\(name)"
        if unlink(child) != 0, errno == EISDIR || errno == EPERM { removeTree(child) }
    }
    rmdir(path)
}
