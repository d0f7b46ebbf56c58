internal import CLinux
internal import Glibc
internal import Linux

/// An eventfd for each queue of a device, on which its driver's notifications are counted.
final class NotificationEvents: Sendable {
    /// Their numbers, for as long as this object lives.
    let numbers: [Int32]

    init(count: Int) throws(VMMError) {
        var numbers: [Int32] = []
        for _ in 0..<count {
            let number = bh_eventfd()
            guard number >= 0 else {
                let error = SystemError.last("eventfd")
                for number in numbers { close(number) }
                throw VMMError(error)
            }
            numbers.append(number)
        }
        self.numbers = numbers
    }

    deinit { for number in numbers { close(number) } }
}
