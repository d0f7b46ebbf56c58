internal import Linux

extension InterfaceConfiguration {
    /// Configures the interface in the calling process's network namespace.
    func apply() throws(RuntimeError) {
        throw .failed("configure the interface \(name): not yet")
    }
}
