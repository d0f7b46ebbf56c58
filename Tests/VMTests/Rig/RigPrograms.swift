import Glibc
import Linux
import TestKit

/// The host's programs under test, as a read-only disk that the rig mounts at /host: `bin` with Bulkhead's executables and
/// `tests` (the tests' own), `lib` with the shared libraries of the latter, the loader among them, so that the guest's own
/// libraries may be of any age.
struct RigPrograms: Sendable {
    /// The disk image.
    let image: String

    /// Runs the tests' own executable in the guest: the words before its arguments.
    static let tests =
        "NO_COLOR=1 BULKHEAD_BIN=/host/bin /host/lib/ld-linux-x86-64.so.2 --library-path /host/lib /host/bin/tests"

    /// Collects the programs and writes the image.
    init(in resources: TestResources) throws {
        let tree = "\(resources.directory)/host"
        image = "\(resources.directory)/host.erofs"
        try Files.makeDirectories("\(tree)/bin")
        try Files.makeDirectories("\(tree)/lib")
        for name in ["bulkhead-runtime", "bulkhead-monitor", "bulkhead-guest", "bulkhead-vmm", "attacker"] {
            try Command.copy(try Command.built(name), to: "\(tree)/bin/\(name)")
        }
        let tests = try Program.path()
        try Command.copy(tests, to: "\(tree)/bin/tests")
        for library in try RigPrograms.libraries(of: tests, in: resources) {
            let name = library.split(separator: "/").last.map(String.init) ?? library
            try Command.copy(library, to: "\(tree)/lib/\(name)")
        }
        let packed = try Command.run(
            RigImage.find("mkfs.erofs") ?? "mkfs.erofs", ["--quiet", image, tree], in: resources)
        guard packed.code == 0 else { throw RigError(description: "mkfs.erofs \(tree): \(packed.error)") }
    }

    /// The shared libraries of a program, its loader among them: `name => /path (0x…)` or `/path (0x…)`.
    private static func libraries(of program: String, in resources: TestResources) throws -> [String] {
        let listing = try Command.run("/usr/bin/ldd", [program], in: resources)
        guard listing.code == 0, !listing.output.contains("not found") else {
            throw RigError(description: "ldd \(program): \(listing.error)\(listing.output)")
        }
        return listing.lines.compactMap { line in
            line.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("/") }.map(String.init)
        }
    }
}
