/// So much a time, with room for bursts: a bucket that fills itself and that every use takes from.
///
/// A value without a clock: whoever uses it says what time it is, in nanoseconds that never go back.
///
/// A use of more than the bucket holds is let through when the bucket is full, and leaves a debt: the rate is kept, and
/// nothing waits for ever.
struct TokenBucket: Sendable, Equatable {
    /// How much, and how fast.
    struct Limit: Sendable, Equatable {
        /// What the bucket holds.
        let size: UInt64
        /// Nanoseconds in which an empty one fills.
        let refill: UInt64
        /// What may be used once beside it, at the beginning.
        let burst: UInt64

        /// nil for what is no limit: no size, no time, or more than 2^60 of anything.
        init?(size: UInt64, refillMilliseconds: UInt64, burst: UInt64 = 0) {
            guard size > 0, size < 1 << 60, burst < 1 << 60, refillMilliseconds > 0, refillMilliseconds < 1 << 40 else {
                return nil
            }
            (self.size, refill, self.burst) = (size, refillMilliseconds * 1_000_000, burst)
        }

        /// So much a second, with bursts of what comes in one.
        init?(perSecond: UInt64) { self.init(size: perSecond, refillMilliseconds: 1000) }
    }

    /// What it is bound to.
    let limit: Limit
    private var tokens: Int64
    private var burst: UInt64
    private var updated: UInt64

    /// A full one.
    init(_ limit: Limit, now: UInt64) {
        self.limit = limit
        tokens = Int64(limit.size)
        burst = limit.burst
        updated = now
    }

    /// Nanoseconds until so much may be used; 0: now. Uses nothing.
    mutating func wait(for amount: UInt64, now: UInt64) -> UInt64 {
        fill(now)
        let needed = Int64(min(amount.subtractingToZero(burst), limit.size))
        guard tokens < needed else { return 0 }
        let missing = UInt64(needed - tokens)
        let (high, low) = missing.multipliedFullWidth(by: limit.refill)
        // A debt may be long, but a wait that has no number is one that is asked for again.
        guard high < limit.size else { return .max }
        let (quotient, remainder) = limit.size.dividingFullWidth((high, low))
        let whole = remainder == 0 ? quotient : quotient &+ 1
        // What has come of the next token already is in the clock.
        return max(whole.subtractingToZero(now.subtractingToZero(updated)), 1)
    }

    /// Uses it, whether it is there or not.
    mutating func use(_ amount: UInt64) {
        let fromBurst = min(amount, burst)
        burst -= fromBurst
        let rest = Int64(clamping: amount - fromBurst)
        let (left, overflow) = tokens.subtractingReportingOverflow(rest)
        tokens = overflow ? .min / 2 : max(left, .min / 2)
    }

    private mutating func fill(_ now: UInt64) {
        guard now > updated else { return }
        let elapsed = now - updated
        let missing = Int64(limit.size).subtractingReportingOverflow(tokens).partialValue
        guard missing > 0 else {
            updated = now
            return
        }
        let (high, low) = elapsed.multipliedFullWidth(by: limit.size)
        guard high < limit.refill else {
            (tokens, updated) = (Int64(limit.size), now)
            return
        }
        let (come, remainder) = limit.refill.dividingFullWidth((high, low))
        guard come < UInt64(missing) else {
            (tokens, updated) = (Int64(limit.size), now)
            return
        }
        tokens += Int64(come)
        // The part of a token that has come stays in the clock.
        updated = now - remainder / limit.size
    }
}

extension UInt64 {
    fileprivate func subtractingToZero(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}
