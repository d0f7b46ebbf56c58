internal import Linux

/// Runs a step and gives its failure the step's name.
func step<T: ~Copyable>(
    _ name: @autoclosure () -> String, _ body: () throws(SystemError) -> T
) throws(RuntimeError) -> T {
    do { return try body() } catch { throw RuntimeError(name(), error) }
}
