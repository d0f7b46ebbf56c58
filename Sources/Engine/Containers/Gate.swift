/// Lets one after another in, in order: the transitions of one container never overlap, though each waits for much.
///
/// It belongs to the engine and is used in its isolation only.
final class Gate {
    private var isTaken = false
    private var queue: [CheckedContinuation<Void, Never>] = []

    /// Waits for one's turn; to be followed by ``leave()``.
    func enter(isolation: isolated (any Actor)? = #isolation) async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { queue.append($0) }
    }

    /// Lets the next one in.
    func leave() {
        if queue.isEmpty {
            isTaken = false
        } else {
            queue.removeFirst().resume()
        }
    }
}
