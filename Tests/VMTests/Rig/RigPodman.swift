import Linux
import TestKit

/// podman in the rig, of the superuser or of an ordinary user.
struct RigPodman {
    private let command: String

    /// Gives it the tests' image.
    init(user: String?, in rig: inout Rig) throws {
        let words = "--cgroup-manager systemd --events-backend file --runtime /host/bin/bulkhead-runtime"
        if let user {
            command =
                "runuser -u \(user) -- env -C / XDG_RUNTIME_DIR=/run/user/$(id -u \(user)) podman --storage-driver vfs \(words)"
        } else {
            command = "podman \(words)"
        }
        try rig.write("/tmp/image.tar", try RigPodman.image())
        let policy = #"{"default":[{"type":"insecureAcceptAnything"}]}"#
        try rig.write("/tmp/policy.json", Array(policy.utf8))
        _ = try run("load -q -i /tmp/image.tar --signature-policy /tmp/policy.json", in: &rig)
    }

    /// A command of podman's, and what it said; a failure is an error.
    func run(_ words: String, in rig: inout Rig) throws -> String {
        let result = try rig.run("\(command) \(words)")
        guard result.code == 0 else { throw RigError(description: "podman \(words): \(result.error)\(result.output)") }
        return result.output.trimmed
    }

    /// The small image of the tests, as scripts/make-test-image writes it.
    private static func image() throws -> [UInt8] {
        try withTestResources { resources in
            let file = "\(resources.directory)/image.tar"
            let made = try Command.run("\(RigImage.project)/scripts/make-test-image", [file], in: resources)
            guard made.code == 0 else { throw RigError(description: "make-test-image: \(made.error)") }
            return try Files.read(file)
        }
    }
}

extension String {
    /// Without the end of the last line.
    var trimmed: String { hasSuffix("\n") ? String(dropLast()) : self }
}
