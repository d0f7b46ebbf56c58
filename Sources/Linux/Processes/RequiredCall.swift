internal import Glibc

/// System calls that every supported kernel has, and for which there is no other way: where one is missing a filter
/// around this process does not know it, or the kernel is too old.
enum RequiredCall: String {
    case fsopen, moveMount = "move_mount", openTree = "open_tree"
    case pidfdOpen = "pidfd_open", pidfdSendSignal = "pidfd_send_signal"

    /// Passes on a result that is not negative, otherwise throws what stands in `errno`.
    @discardableResult
    func check(
        _ result: Int32, _ operation: @autoclosure () -> String, _ object: @autoclosure () -> String = ""
    ) throws(SystemError) -> Int32 {
        guard result < 0 else { return result }
        let code = errno
        guard code == ENOSYS else { throw SystemError(operation(), object(), code: code) }
        throw SystemError(
            "\(operation()) by \(rawValue), which takes Linux 5.4 or later and no filter that denies it", object(),
            code: code)
    }
}
