internal import Glibc

/// A system call that failed: what was tried, on what, and the kernel's reason.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call or operation, `open`.
    public let operation: String
    /// The path or thing it was tried on; empty where there is none.
    public let object: String
    /// The kernel's error number, `ENOENT`.
    public let code: Int32

    /// Creates an error with a number.
    public init(_ operation: String, _ object: String = "", code: Int32) {
        self.operation = operation
        self.object = object
        self.code = code
    }

    /// The error that the system call just made has left in `errno`.
    public static func last(_ operation: String, _ object: String = "") -> SystemError {
        SystemError(operation, object, code: errno)
    }

    /// The reason as text: `no such file or directory`.
    public var reason: String { SystemError.reason(of: code) }

    /// The text of an error number, beginning in lower case where it is not an abbreviation.
    public static func reason(of code: Int32) -> String {
        // unsafe because strerror returns a static buffer, which is copied at once
        let text = unsafe String(cString: strerror(code))
        let second = text.dropFirst().first
        return second?.isUppercase == true ? text : text.prefix(1).lowercased() + text.dropFirst()
    }

    /// Operation, object and reason.
    public var description: String {
        object.isEmpty ? "\(operation): \(reason)" : "\(operation) \(object): \(reason)"
    }
}

extension SystemError {
    /// Passes on a result that is not negative, otherwise throws what stands in `errno`.
    @discardableResult
    static func check<T: SignedInteger>(
        _ result: T, _ operation: @autoclosure () -> String, _ object: @autoclosure () -> String = ""
    ) throws(SystemError) -> T {
        guard result >= 0 else {
            let code = errno
            throw SystemError(operation(), object(), code: code)
        }
        return result
    }

    /// The same for a call that is made again when a signal interrupts it.
    @discardableResult
    static func retrying<T: SignedInteger>(
        _ operation: @autoclosure () -> String, _ object: @autoclosure () -> String = "", _ call: () -> T
    ) throws(SystemError) -> T {
        while true {
            let result = call()
            if result >= 0 { return result }
            let code = errno
            if code != EINTR { throw SystemError(operation(), object(), code: code) }
        }
    }
}
