internal import CLinux
internal import Glibc
internal import Linux

/// Descriptors of one device that are watched together, each known by a tag of 64 bits: an epoll of its own, which an
/// I/O thread watches as one descriptor.
///
/// Edge-triggered: what has happened is told once, so nothing need be changed or read for each message.
struct EventSet: ~Copyable {
    /// What has happened to a descriptor.
    struct Happened: OptionSet {
        let rawValue: UInt32
        /// There is something to read, or an end.
        static let readable = Happened(rawValue: 0x2001)
        /// There is room to write.
        static let writable = Happened(rawValue: 0x004)
        /// The other side has gone, or an error.
        static let gone = Happened(rawValue: 0x018)
    }

    private static let edgeTriggered: UInt32 = 1 << 31
    /// Events that one `wait` gives at most.
    static let most = 32

    private let epoll: Descriptor
    private var happened = [UInt32](repeating: 0, count: most)
    private var tags = [UInt64](repeating: 0, count: most)

    /// Without descriptors.
    init() throws(SystemError) {
        let number = bh_epoll_create()
        guard number >= 0 else { throw .last("epoll_create") }
        epoll = Descriptor(adopting: number)
    }

    /// To be watched for reading: readable where something has happened that `wait` has not told.
    var number: Int32 { epoll.rawValue }

    /// Watches a descriptor; what is already the case is told, too.
    func add(_ descriptor: Int32, _ interest: Happened, tag: UInt64) throws(SystemError) {
        let bits = interest.rawValue | EventSet.edgeTriggered
        guard bh_epoll_control(epoll.rawValue, 1, descriptor, bits, tag) == 0 else { throw .last("epoll_ctl") }
    }

    /// Forgets a descriptor that may stay open elsewhere; one that is closed for good leaves by itself.
    func remove(_ descriptor: Int32) {
        // The only error is that it is not watched, which is what is wanted.
        _ = bh_epoll_control(epoll.rawValue, 2, descriptor, 0, 0)
    }

    /// Takes what has happened, without waiting: the number of events, which `event` then gives.
    mutating func take() -> Int {
        // unsafe because the call fills both arrays through pointers; the count says how many elements are valid
        let count = unsafe bh_epoll_wait(epoll.rawValue, &happened, &tags, Int32(EventSet.most), 0)
        return Int(max(count, 0))
    }

    /// One of the events that `take` has counted.
    func event(_ index: Int) -> (tag: UInt64, happened: Happened) {
        (tags[index], Happened(rawValue: happened[index]))
    }
}
