/// What a descriptor is watched for, and what has happened to it; a hang-up or an error is always told.
struct IOEvents: OptionSet, Sendable {
    /// The kernel's bits.
    let rawValue: UInt32
    /// There is something to read, or the end.
    static let readable = IOEvents(rawValue: 0x001)
    /// There is room to write.
    static let writable = IOEvents(rawValue: 0x004)
    /// An error, or nobody reads any more.
    static let error = IOEvents(rawValue: 0x008)
    /// The other side has gone.
    static let hangUp = IOEvents(rawValue: 0x010)
    /// Told once each time that something happens, not for as long as it is the case: an eventfd need not be read.
    static let edge = IOEvents(rawValue: 1 << 31)
}
