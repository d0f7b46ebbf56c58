extension MountPlan {
    /// The kernel's own: SELinux labels their files one by one.
    private static let labelledByKernel: Set<String> = ["proc", "sysfs", "cgroup2"]
    /// One that takes no options: its root directory is labelled once it is mounted.
    private static let labelledAfterwards = "mqueue"

    /// The options of a new file system, with its SELinux context where it takes one.
    func data(ofType type: String) -> String {
        guard let label, !MountPlan.labelledByKernel.contains(type), type != MountPlan.labelledAfterwards else {
            return data
        }
        return MountPlan.adding(label, to: data)
    }

    /// The context that the root directory of a new file system gets; nil for none.
    func rootLabel(ofType type: String) -> String? { type == MountPlan.labelledAfterwards ? label : nil }

    /// A context may have commas in it: it goes between quotation marks.
    static func adding(_ label: String?, to options: String) -> String {
        guard let label else { return options }
        return "\(options)\(options.isEmpty ? "" : ",")context=\"\(label)\""
    }
}
