/// What a device may do in a time: bytes and operations, each or none limited.
struct RateLimiter: Sendable, Equatable {
    /// The limits; nil is none.
    struct Limits: Sendable, Equatable {
        /// Of bytes.
        var bytes: TokenBucket.Limit?
        /// Of operations.
        var operations: TokenBucket.Limit?
        /// Without limits, unless they are given.
        init(bytes: TokenBucket.Limit? = nil, operations: TokenBucket.Limit? = nil) {
            (self.bytes, self.operations) = (bytes, operations)
        }
    }

    private var bytes: TokenBucket?
    private var operations: TokenBucket?

    /// With full buckets. Times are nanoseconds that never go back.
    init(_ limits: Limits = Limits(), now: UInt64 = 0) {
        bytes = limits.bytes.map { TokenBucket($0, now: now) }
        operations = limits.operations.map { TokenBucket($0, now: now) }
    }

    /// Whether anything is limited.
    var limits: Bool { bytes != nil || operations != nil }

    /// Takes one operation of so many bytes, if both are there.
    ///
    /// - Returns: 0, or nanoseconds to wait; nothing was taken then.
    @inline(__always)
    mutating func take(bytes amount: UInt64, now: UInt64) -> UInt64 {
        if !limits { return 0 }
        let wait = max(bytes?.wait(for: amount, now: now) ?? 0, operations?.wait(for: 1, now: now) ?? 0)
        guard wait == 0 else { return wait }
        bytes?.use(amount)
        operations?.use(1)
        return 0
    }

    /// Other limits from now on. A limit that stays as it was keeps its bucket: setting it again is no new burst.
    mutating func change(to limits: Limits, now: UInt64) {
        if bytes?.limit != limits.bytes { bytes = limits.bytes.map { TokenBucket($0, now: now) } }
        if operations?.limit != limits.operations { operations = limits.operations.map { TokenBucket($0, now: now) } }
    }
}
