import Testing

@testable import Engine

@Suite struct RestartBackoffTests {
    private func delays(_ policy: RestartPolicy, code: Int32 = 1, count: Int, ranFor: Int64 = 0) -> [Int?] {
        var backoff = RestartBackoff()
        return (0..<count).map { _ in
            backoff.next(policy: policy, exitCode: code, ranFor: ranFor, stoppedByClient: false)
        }
    }

    @Test func doublesUpToAMinute() {
        #expect(
            delays(.always, count: 12) == [
                100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000,
            ])
    }

    @Test func beginsAgainAfterALongRun() {
        #expect(delays(.always, count: 3, ranFor: 10_000_000_000) == [100, 100, 100])
    }

    @Test func onFailureOnlyAfterFailures() {
        #expect(delays(.onFailure(maximumRetries: 0), code: 0, count: 1) == [nil])
        #expect(delays(.onFailure(maximumRetries: 2), count: 4) == [100, 200, nil, nil])
    }

    @Test func neverWithoutPolicyOrAfterAStop() {
        #expect(delays(.no, count: 1) == [nil])
        var backoff = RestartBackoff()
        #expect(backoff.next(policy: .always, exitCode: 1, ranFor: 0, stoppedByClient: true) == nil)
    }
}
