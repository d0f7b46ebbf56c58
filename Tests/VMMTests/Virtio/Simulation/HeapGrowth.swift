import CLinux

/// By how much the heap grows.
enum HeapGrowth {
    /// Bytes that stay in use after `body`, at best of a few times: other tests use the heap at the same time.
    static func leastBytes(during body: () throws -> Void, below limit: Int) rethrows -> Int {
        var least = Int.max
        for _ in 0..<5 where least >= limit {
            let before = Int(bh_heap_bytes())
            try body()
            least = min(least, Int(bh_heap_bytes()) - before)
        }
        return least
    }
}
