/// The version of this command.
enum BulkheadVersion {
    static let text = "0.1.0"
}
