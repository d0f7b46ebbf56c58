/// How many rigs run at once: each takes two processors, and on a small host more of them than this would only wait for
/// one another until their deadlines have passed.
actor RigSlots {
    /// Those of this process.
    static let shared = RigSlots(count: 2)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(count: Int) { free = count }

    /// Waits until there is room for one more; ``leave()`` makes it again.
    func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// One has ended.
    func leave() {
        guard waiting.isEmpty else { return waiting.removeFirst().resume() }
        free += 1
    }
}
