import Glibc
import Linux
import TestKit

/// The host's programs under test, as a read-only disk that the rig mounts at /host: `bin` with Bulkhead's executables and
/// `tests` (the tests' own), `lib` with the shared libraries of the latter, the loader among them, so that the guest's own
/// libraries may be of any age. With the daemon: it, its clients, and in `share` what its tests need.
struct RigPrograms: Sendable {
    /// The disk image.
    let image: String

    /// Runs the tests' own executable in the guest: the words before its arguments.
    static let tests =
        "NO_COLOR=1 BULKHEAD_BIN=/host/bin /host/lib/ld-linux-x86-64.so.2 --library-path /host/lib /host/bin/tests"

    /// What finds the daemon's suites their programs; before the words above.
    static let daemon =
        "PATH=/host/bin:$PATH LD_LIBRARY_PATH=/host/lib BULKHEAD_TEST_IMAGE=/host/share/image.tar"
        + " BULKHEAD_TEST_KERNEL=/tmp/kernel BULKHEAD_TEST_PATIENCE=5"

    /// Collects the programs and writes the image.
    init(withDaemon: Bool, in resources: TestResources) throws {
        let tree = "\(resources.directory)/host"
        image = "\(resources.directory)/host.erofs"
        try Files.makeDirectories("\(tree)/bin")
        try Files.makeDirectories("\(tree)/lib")
        for name in ["bulkhead-runtime", "bulkhead-monitor", "bulkhead-guest", "bulkhead-vmm", "attacker"] {
            try Command.copy(try Command.built(name), to: "\(tree)/bin/\(name)")
        }
        let tests = try Program.path()
        try Command.copy(tests, to: "\(tree)/bin/tests")
        var libraries = Set(try RigPrograms.libraries(of: tests, in: resources))
        if withDaemon {
            for name in ["bulkheadd", "bulkhead"] {
                let program = try Command.built(name)
                try Command.copy(program, to: "\(tree)/bin/\(name)")
                libraries.formUnion(try RigPrograms.libraries(of: program, in: resources))
            }
            try RigPrograms.addWhatTheDaemonNeeds(to: tree, in: resources)
        }
        for library in libraries {
            let name = library.split(separator: "/").last.map(String.init) ?? library
            try Command.copy(library, to: "\(tree)/lib/\(name)")
        }
        let packed = try Command.run(
            RigImage.find("mkfs.erofs") ?? "mkfs.erofs", ["--quiet", image, tree], in: resources)
        guard packed.code == 0 else { throw RigError(description: "mkfs.erofs \(tree): \(packed.error)") }
    }

    /// The docker command, the tests' image, and the kernel that guests boot: the rig's own.
    private static func addWhatTheDaemonNeeds(to tree: String, in resources: TestResources) throws {
        let unpacked = "\(RigImage.project)/.build/tools/usr/bin/docker"
        guard let docker = RigImage.find("docker") ?? (Files.exists(unpacked) ? unpacked : nil) else {
            throw RigError(description: "no docker command: run scripts/fetch-tools docker")
        }
        try Command.copy(docker, to: "\(tree)/bin/docker")
        try Files.makeDirectories("\(tree)/share")
        let image = try Command.run(
            "\(RigImage.project)/scripts/make-test-image", ["\(tree)/share/image.tar"], in: resources)
        guard image.code == 0 else { throw RigError(description: "make-test-image: \(image.error)") }
        try Command.copy(try RigImage.current().kernel, to: "\(tree)/share/vmlinuz")
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
