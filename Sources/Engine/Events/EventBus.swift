import Synchronization

/// Hands every event to all who listen, and keeps the last 256 for those who come later.
public final class EventBus: Sendable {
    /// How many past events are kept, as Docker does.
    static let kept = 256
    /// How many a slow listener may be behind before it loses the oldest.
    static let buffered = 4096

    private struct Listener {
        var filter: @Sendable (EngineEvent) -> Bool
        var continuation: AsyncStream<EngineEvent>.Continuation
    }

    private struct Listeners {
        var past: [EngineEvent] = []
        var next = 0
        var present: [Int: Listener] = [:]
    }

    private let listeners = Mutex(Listeners())

    /// A bus without listeners.
    public init() {}

    /// How many listen.
    public var listenerCount: Int { listeners.withLock { $0.present.count } }

    /// Tells everybody who wants to know.
    public func publish(_ event: EngineEvent) {
        listeners.withLock { listeners in
            if listeners.past.count == EventBus.kept { listeners.past.removeFirst() }
            listeners.past.append(event)
            for listener in listeners.present.values where listener.filter(event) {
                listener.continuation.yield(event)
            }
        }
    }

    /// Past events from `since` on, then those to come, until `until`, until the task is cancelled or the stream dropped.
    ///
    /// - Parameters:
    ///   - since: nanoseconds since 1970; nil: no past events.
    ///   - until: nanoseconds since 1970; in the past: the stream ends after the past events.
    ///   - now: the time now, in nanoseconds since 1970.
    ///   - filter: which events are wanted.
    public func subscribe(
        since: Int64? = nil, until: Int64? = nil, now: Int64 = Timestamp.now,
        filter: @escaping @Sendable (EngineEvent) -> Bool = { _ in true }
    ) -> AsyncStream<EngineEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: EngineEvent.self, bufferingPolicy: .bufferingNewest(EventBus.buffered))
        let ended = until.map { $0 <= now } ?? false
        let key = listeners.withLock { listeners in
            if since != nil || ended {
                for event in listeners.past where event.time >= since ?? 0 && event.time <= until ?? .max {
                    if filter(event) { continuation.yield(event) }
                }
            }
            listeners.next += 1
            if !ended { listeners.present[listeners.next] = Listener(filter: filter, continuation: continuation) }
            return listeners.next
        }
        if ended {
            continuation.finish()
            return stream
        }
        let deadline = until.map { until in
            Task {
                try? await Task.sleep(for: .nanoseconds(until - now))  // only a cancelled task wakes early
                continuation.finish()
            }
        }
        continuation.onTermination = { [self] _ in
            deadline?.cancel()
            listeners.withLock { _ = $0.present.removeValue(forKey: key) }
        }
        return stream
    }
}
