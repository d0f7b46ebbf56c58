internal import Linux
internal import OCI

/// The session keyring of a container's process.
enum SessionKeyring {
    /// Leaves the caller's for a new one, so that the caller's keys are out of reach. With SELinux it has the process's label.
    ///
    /// To be called with the host's /proc.
    static func replace(for process: RuntimeProcess) throws(RuntimeError) {
        if let label = process.selinuxLabel { try setLabelOfKeys(label) }
        _ = try step("leave the caller's keyring") { () throws(SystemError) in try Privilege.makeSessionKeyring() }
        // Keys that the program makes get what the policy says, not this.
        if process.selinuxLabel != nil { try setLabelOfKeys("") }
    }

    /// What keys get that this thread makes from now on.
    private static func setLabelOfKeys(_ label: String) throws(RuntimeError) {
        try step("process.selinuxLabel: set \(label) for keys") { () throws(SystemError) in
            // The kernel takes no write of nothing.
            try ProcessFileSystem.set("self/attr/keycreate", label.isEmpty ? "\n" : label)
        }
    }
}
