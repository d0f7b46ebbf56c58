import Testing

@testable import VMM

/// How much is let through in which time.
@Suite struct RateLimiterTests {
    private let second: UInt64 = 1_000_000_000

    private func limiter(
        bytes: TokenBucket.Limit? = nil, operations: TokenBucket.Limit? = nil, now: UInt64 = 0
    ) -> RateLimiter {
        RateLimiter(.init(bytes: bytes, operations: operations), now: now)
    }

    @Test func withoutLimitsNothingWaits() {
        var limiter = limiter()
        for _ in 0..<1000 { #expect(limiter.take(bytes: .max, now: 0) == 0) }
    }

    @Test func bytesComeAtTheirRateOverALongTime() {
        var limiter = limiter(bytes: .init(size: 1000, refillMilliseconds: 100))
        // 10 000 bytes a second, in uses of 300, each as soon as it may be.
        var (now, used): (UInt64, UInt64) = (0, 0)
        while now < 100 * second {
            let wait = limiter.take(bytes: 300, now: now)
            if wait == 0 { used += 300 } else { now += wait }
        }
        #expect((1_000_000...1_001_300).contains(used), "\(used)")
    }

    @Test func waitIsExactlyAsLongAsNeeded() {
        var limiter = limiter(bytes: .init(size: 1000, refillMilliseconds: 1000))
        #expect(limiter.take(bytes: 1000, now: 5) == 0)
        #expect(limiter.take(bytes: 500, now: 5) == second / 2)
        #expect(limiter.take(bytes: 500, now: 5 + second / 2 - 1) == 1)
        #expect(limiter.take(bytes: 500, now: 5 + second / 2) == 0)
        #expect(limiter.take(bytes: 1, now: 5 + second / 2) == second / 1000)
    }

    @Test func useOfMoreThanTheBucketHoldsIsLetThroughAndPaidForLater() {
        var limiter = limiter(bytes: .init(size: 1000, refillMilliseconds: 1000))
        #expect(limiter.take(bytes: 5000, now: 0) == 0)
        #expect(limiter.take(bytes: 1, now: 0) == 4 * second + second / 1000)
        #expect(limiter.take(bytes: 1, now: 4 * second + second / 1000) == 0)
    }

    @Test func burstIsThereOnce() {
        var limiter = limiter(operations: .init(size: 2, refillMilliseconds: 1000, burst: 3))
        for _ in 0..<5 { #expect(limiter.take(bytes: 0, now: 0) == 0) }
        #expect(limiter.take(bytes: 0, now: 0) == second / 2)
        for _ in 0..<2 { #expect(limiter.take(bytes: 0, now: 100 * second) == 0) }
        #expect(limiter.take(bytes: 0, now: 100 * second) > 0)
    }

    @Test func nothingIsTakenWhereOneOfBothIsMissing() {
        var limiter = limiter(
            bytes: .init(size: 100, refillMilliseconds: 1000), operations: .init(size: 1, refillMilliseconds: 2000))
        #expect(limiter.take(bytes: 10, now: 0) == 0)
        #expect(limiter.take(bytes: 10, now: 0) == 2 * second)
        #expect(limiter.take(bytes: 100, now: 2 * second) == 0, "the bytes were still all there")
    }

    @Test func limitsChangeWhileTheyAreInUse() throws {
        let slow = try #require(TokenBucket.Limit(perSecond: 10))
        var limiter = limiter(bytes: slow)
        #expect(limiter.take(bytes: 10, now: 0) == 0)
        limiter.change(to: .init(bytes: slow), now: 1)
        #expect(limiter.take(bytes: 10, now: 1) > 0, "the same limit is no new burst")
        limiter.change(to: .init(bytes: .init(perSecond: 1000)), now: 1)
        #expect(limiter.take(bytes: 1000, now: 1) == 0)
        limiter.change(to: .init(), now: 1)
        #expect(limiter.take(bytes: .max, now: 1) == 0)
    }

    @Test func extremesNeitherTrapNorWaitForNothing() throws {
        let (most, longest): (UInt64, UInt64) = (1 << 60 - 1, 1 << 40 - 1)
        let greatest = try #require(TokenBucket.Limit(size: most, refillMilliseconds: longest, burst: most))
        var limiter = limiter(bytes: greatest, operations: .init(size: 1, refillMilliseconds: longest))
        for now in [0, 1, .max / 2, 5, .max, 0] as [UInt64] {
            _ = limiter.take(bytes: .max, now: now)
            _ = limiter.take(bytes: 0, now: now)
        }
        var small = self.limiter(bytes: .init(size: 1, refillMilliseconds: 1))
        for _ in 0..<10 { _ = small.take(bytes: .max, now: 0) }
        #expect(small.take(bytes: 1, now: 1) > 0)
        #expect(TokenBucket.Limit(size: 0, refillMilliseconds: 1) == nil)
        #expect(TokenBucket.Limit(size: 1, refillMilliseconds: 0) == nil)
        #expect(TokenBucket.Limit(size: .max, refillMilliseconds: 1) == nil)
    }
}
