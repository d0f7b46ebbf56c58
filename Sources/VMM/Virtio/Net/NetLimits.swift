/// How much a pair of queues may send and receive: bytes of packets without their headers, and packets.
struct NetLimits: Sendable, Equatable {
    /// From the guest.
    var sending = RateLimiter.Limits()
    /// To the guest.
    var receiving = RateLimiter.Limits()
}
