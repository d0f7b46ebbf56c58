internal import Linux
internal import Wire

/// virtiofsd, which serves one folder to the guest over vhost-user.
enum ShareServer {
    /// Its arguments, with the listening socket as descriptor 3.
    static func arguments(_ share: MachineSetup.SharedFolder) -> [String] {
        let arguments = [
            "--fd=3",
            // The limit is the jail's: raising it needs a capability that root may not have.
            "--rlimit-nofile=0",
            "-o", "source=\(share.folder)",
            // The jail has namespaces already; in a mount namespace of its own it would not see folders that the
            // monitor adds later.
            "-o", "sandbox=chroot",
            "-o", share.isConstant ? "cache=always" : "cache=auto", "-o", "xattr",
            // Layers have their marks of overlayfs in trusted attributes.
            "-o", "modcaps=+sys_admin",
            "-o", "log_level=err",
        ]
        // Whatever is bound into a share is a file system of its own to the guest. But layers are all from the host's one
        // data root: as one file system their files have the numbers that tell them apart in an overlay, too.
        return share.isConstant ? arguments : arguments + ["-o", "announce_submounts"]
    }
}
