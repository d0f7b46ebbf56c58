internal import CLinux
internal import Glibc

/// The master side of a pseudo-terminal.
public struct PseudoTerminal: ~Copyable, Sendable {
    /// What the program writes can be read here, and the other way round.
    public var master: Descriptor

    /// Adopts a master that somebody else has opened.
    public init(master: consuming Descriptor) { self.master = master }

    /// Opens a new terminal in the devpts that is mounted at `/dev/pts` here.
    public init() throws(SystemError) {
        let master = try Descriptor.open("/dev/ptmx", [.readWrite, .noControllingTerminal])
        try SystemError.check(bh_terminal_unlock(master.rawValue), "unlock the terminal")
        self.master = master
    }

    /// Lets the other side be opened.
    public func unlock() throws(SystemError) {
        try SystemError.check(bh_terminal_unlock(master.rawValue), "unlock the terminal")
    }

    /// The other side, opened in the devpts that the master belongs to, wherever that is mounted.
    public func openPeer() throws(SystemError) -> Descriptor { try PseudoTerminal.openPeer(of: master) }

    /// The other side of a master that is used as a plain descriptor, unlocked first.
    public static func openPeer(of master: borrowing Descriptor) throws(SystemError) -> Descriptor {
        try SystemError.check(bh_terminal_unlock(master.rawValue), "unlock the terminal")
        return Descriptor(
            adopting: try SystemError.check(bh_terminal_peer(master.rawValue), "open the terminal's other side"))
    }

    /// The number in `/dev/pts/NUMBER`.
    public func number() throws(SystemError) -> Int32 { try PseudoTerminal.number(of: master) }

    /// The number of a master that is used as a plain descriptor.
    public static func number(of master: borrowing Descriptor) throws(SystemError) -> Int32 {
        try SystemError.check(bh_terminal_number(master.rawValue), "ask for the terminal's number")
    }
}

/// What can be done to a terminal by either of its sides.
public enum Terminal {
    /// Sets the window's size.
    public static func resize(_ descriptor: Int32, rows: UInt16, columns: UInt16) throws(SystemError) {
        try SystemError.check(bh_terminal_resize(descriptor, rows, columns), "resize the terminal")
    }

    /// The window's size.
    public static func size(_ descriptor: Int32) throws(SystemError) -> (rows: UInt16, columns: UInt16) {
        var rows: UInt16 = 0
        var columns: UInt16 = 0
        // unsafe because the size comes back through pointers to two local numbers
        try SystemError.check(unsafe bh_terminal_size(descriptor, &rows, &columns), "ask for the terminal's size")
        return (rows, columns)
    }

    /// Makes it the controlling terminal of the calling session leader.
    public static func becomeControlling(_ descriptor: Int32) throws(SystemError) {
        try SystemError.check(bh_terminal_control(descriptor), "set the controlling terminal")
    }

    /// The request for that, TIOCSCTTY.
    static let controlRequest: UInt64 = 0x540E

    /// Whether the descriptor is a terminal.
    public static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Switches to raw mode; gives back the settings from before for `restore`.
    public static func makeRaw(_ descriptor: Int32) throws(SystemError) -> [UInt8] {
        var saved = [UInt8](repeating: 0, count: 64)
        // unsafe because the settings come back through a pointer to 64 bytes, which is more than they need
        try SystemError.check(unsafe bh_terminal_raw(descriptor, &saved), "switch the terminal to raw mode")
        return saved
    }

    /// Puts the settings back that `makeRaw` has returned.
    public static func restore(_ descriptor: Int32, _ saved: [UInt8]) throws(SystemError) {
        guard saved.count == 64 else { return }
        // unsafe because the settings are read through a pointer to the 64 bytes that makeRaw has filled
        try SystemError.check(unsafe bh_terminal_restore(descriptor, saved), "restore the terminal")
    }
}
