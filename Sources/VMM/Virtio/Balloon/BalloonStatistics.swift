/// What a guest says of its memory: virtio 1.2, section 5.5.6.3. What it did not say is nil.
struct BalloonStatistics: Sendable, Equatable {
    /// Bytes swapped in and out.
    var swapIn: UInt64?
    var swapOut: UInt64?
    /// Page faults that needed a disk, and that did not.
    var majorFaults: UInt64?
    var minorFaults: UInt64?
    /// Bytes that nobody uses, that there are, that could be had without swapping, and that are caches.
    var free: UInt64?
    var total: UInt64?
    var available: UInt64?
    var caches: UInt64?
    /// Huge pages that were given, and that could not be.
    var hugePagesGiven: UInt64?
    var hugePagesFailed: UInt64?

    /// Bytes of one entry: a tag of 16 bits and a value of 64.
    static let entrySize = 10

    /// Takes what the driver has written; entries of unknown tags, and half an entry, are passed over.
    init(_ list: borrowing SegmentList) {
        var offset = 0
        // As many as there are tags, and some to come.
        for _ in 0..<64 {
            guard let tag: UInt16 = list.load(at: offset), let value: UInt64 = list.load(at: offset + 2) else { return }
            set(tag, value)
            offset += BalloonStatistics.entrySize
        }
    }

    /// Nothing said yet.
    init() {}

    private mutating func set(_ tag: UInt16, _ value: UInt64) {
        switch tag {
        case 0: swapIn = value
        case 1: swapOut = value
        case 2: majorFaults = value
        case 3: minorFaults = value
        case 4: free = value
        case 5: total = value
        case 6: available = value
        case 7: caches = value
        case 8: hugePagesGiven = value
        case 9: hugePagesFailed = value
        default: break
        }
    }
}
