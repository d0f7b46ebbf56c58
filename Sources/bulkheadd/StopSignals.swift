import Dispatch
import Glibc

/// The signals that end the daemon in order.
struct StopSignals {
    private let signals: AsyncStream<String>
    private let sources: [any DispatchSourceSignal]

    init() {
        // A client or monitor that has gone is no reason to end.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        let (signals, continuation) = AsyncStream.makeStream(of: String.self)
        self.signals = signals
        sources = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")].map { number, name in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(name) }
            source.activate()
            return source
        }
    }

    /// Waits for the first of them.
    func first() async -> String {
        defer { withExtendedLifetime(sources) {} }
        for await signal in signals { return signal }
        return "the end of time"
    }
}
