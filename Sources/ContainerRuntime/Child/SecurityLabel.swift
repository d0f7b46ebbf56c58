internal import Glibc
internal import Linux
internal import OCI

/// The label of a security module that the program gets when it is executed: an AppArmor profile or an SELinux label.
///
/// It is written into a file of /proc that is opened while that is still the host's: the container's own could be
/// anything (CVE-2019-16884, CVE-2025-52881).
struct SecurityLabel: ~Copyable {
    private let file: Descriptor?
    private let text: String
    private let property: String

    /// Refuses labels of modules that this host does not have.
    static func check(_ process: RuntimeProcess) throws(RuntimeError) {
        if let profile = process.appArmorProfile, profile != "unconfined", !hasAppArmor {
            throw .invalid("process.apparmorProfile: \(profile): this host has no AppArmor; leave the property out")
        }
        if let label = process.selinuxLabel, !hasSELinux {
            throw .invalid("process.selinuxLabel: \(label): this host has no SELinux; leave the property out")
        }
    }

    /// The same for the context of what is mounted. It stands between quotation marks among a mount's options.
    static func check(mountLabel label: String?) throws(RuntimeError) {
        guard let label else { return }
        guard hasSELinux else {
            throw .invalid("linux.mountLabel: \(label): this host has no SELinux; leave the property out")
        }
        guard !label.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == 0 }) else {
            throw .invalid("linux.mountLabel: \(label): is no SELinux context")
        }
        // Whoever may not ask hears it from the mounts.
        do { try Files.set("/sys/fs/selinux/context", label) } catch  where error.code == EINVAL {
            throw .invalid("linux.mountLabel: \(label): is no context of this host's SELinux policy")
        } catch {}
    }

    /// Both are there to be asked as files of the kernel; where they can't be read, there is no such module.
    private static var hasAppArmor: Bool {
        (try? Files.readText("/sys/module/apparmor/parameters/enabled"))?.hasPrefix("Y") ?? false
    }

    private static var hasSELinux: Bool { Files.exists("/sys/fs/selinux/enforce") }

    /// Opens what it is to be written into; to be called with the host's /proc.
    init(_ process: RuntimeProcess) throws(RuntimeError) {
        var path: String?
        if let profile = process.appArmorProfile, profile != "unconfined" || SecurityLabel.hasAppArmor {
            let own = "self/attr/apparmor/exec"
            path = Files.exists("/proc/\(own)") ? own : "self/attr/exec"
            (text, property) = ("exec \(profile)", "process.apparmorProfile")
        } else if let label = process.selinuxLabel {
            path = "self/attr/exec"
            (text, property) = (label, "process.selinuxLabel")
        } else {
            (text, property) = ("", "")
        }
        guard let path else {
            file = nil
            return
        }
        let property = property
        file = try step("\(property): open") { () throws(SystemError) in
            try ProcessFileSystem.open(path)
        }
    }

    /// Lets the next exec give the label.
    func apply() throws(RuntimeError) {
        guard file != nil else { return }
        try step("\(property): set \(text)") { () throws(SystemError) in try file?.writeAll(text) }
    }
}
