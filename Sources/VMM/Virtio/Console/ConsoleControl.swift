/// Messages of the control queues: virtio 1.2, section 5.3.6.2.
///
/// ```
/// port:32 event:16 value:16, and behind PORT_NAME the name
/// ```
struct ConsoleMessage: BitwiseCopyable {
    /// What a message is about.
    enum Event: UInt16 {
        case deviceReady = 0
        case portAdd = 1
        case portRemove = 2
        case portReady = 3
        case consolePort = 4
        case resize = 5
        case portOpen = 6
        case portName = 7
    }

    /// Bytes of one, without a name.
    static let size = 8

    var port: UInt32
    var event: UInt16
    var value: UInt16

    init(port: UInt32, _ event: Event, value: UInt16 = 1) {
        (self.port, self.event, self.value) = (port, event.rawValue, value)
    }
}

/// What the guest has yet to be told of a port. However often the guest asks, it is no more than this.
struct ConsoleNews: OptionSet {
    let rawValue: UInt8
    /// That there is a port.
    static let add = ConsoleNews(rawValue: 1)
    /// That it is a console.
    static let console = ConsoleNews(rawValue: 2)
    /// Its name.
    static let name = ConsoleNews(rawValue: 4)
    /// Whether the host's end is there.
    static let open = ConsoleNews(rawValue: 8)
}
