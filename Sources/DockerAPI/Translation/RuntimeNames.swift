/// The names that `--runtime` takes.
public enum RuntimeNames {
    /// For level `process`: ours, and those that scripts written for Docker give.
    public static let process = ["bulkhead", "runc", "io.containerd.runc.v2"]
}
