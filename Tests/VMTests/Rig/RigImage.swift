import Glibc
import Linux
import TestKit

/// What the rig boots: made once by scripts/make-rig, kept under .build/rig.
struct RigImage: Sendable {
    /// The folder that holds it.
    let directory: String

    var kernel: String { "\(directory)/vmlinuz" }
    var initialFileSystem: String { "\(directory)/initrd" }
    var rootFileSystem: String { "\(directory)/root.ext4" }
    /// Where the logs of failed runs stay.
    var logs: String { "\(directory)/logs" }

    /// The emulator.
    static let emulator = find("qemu-system-x86_64")

    /// Why this host can't run the rig; nil where it can.
    static let obstacle: String? = {
        guard emulator != nil else { return "qemu-system-x86_64 is not installed (scripts/install-dependencies)" }
        guard find("mkfs.erofs") != nil else { return "mkfs.erofs is not installed (scripts/install-dependencies)" }
        if Files.exists("\(folder)/.stamp") { return nil }
        guard getuid() == 0 else { return "its image is not made yet, which takes root: scripts/make-rig" }
        guard find("mmdebstrap") != nil else { return "mmdebstrap is not installed (scripts/install-dependencies)" }
        return nil
    }()

    /// The image of these sources; made where it is not there yet.
    static func current() throws -> RigImage { try made.get() }

    private static let made = Result {
        try withTestResources { resources in
            let script = "\(project)/scripts/make-rig"
            let result = try Command.run(script, [], in: resources)
            guard result.code == 0 else { throw RigError(description: "\(script): \(result.error)") }
            return RigImage(directory: folder)
        }
    }

    private static let folder = "\(project)/.build/rig"

    /// The project's own folder, symbolic links followed: that is where the scripts are.
    static let project: String = {
        let file = #filePath
        guard let resolved = realpath(file, nil) else { return Files.parent(of: file) }
        defer { free(resolved) }
        return (0..<4).reduce(String(cString: resolved)) { path, _ in Files.parent(of: path) }
    }()

    /// A program of the host.
    static func find(_ name: String) -> String? {
        ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
            .map { "\($0)/\(name)" }.first(where: Files.exists)
    }
}
