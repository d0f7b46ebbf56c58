internal import CLinux
internal import Glibc
internal import Linux

/// The event loop of an ``IOThread``: everything here is done on that thread only.
///
/// A turn allocates nothing: the table of sources has its size from the beginning, and handlers are called through
/// references that are not counted.
@safe final class IOLoop {
    /// A watched descriptor, to change and remove it.
    struct Source: Equatable {
        fileprivate let index: Int
        fileprivate let generation: UInt32
    }

    private final class Handler {
        let call: (IOEvents) -> Void
        init(_ call: @escaping (IOEvents) -> Void) { self.call = call }
    }

    /// The handler is held once by the table.
    @safe private struct Slot {
        var handler: Unmanaged<Handler>?
        var generation: UInt32 = 0
        var descriptor: Int32 = -1
    }

    /// Events of one turn.
    private static let most = 32

    private let epoll: Descriptor
    private let capacity: Int
    private let slots: UnsafeMutablePointer<Slot>
    private let happened: UnsafeMutablePointer<UInt32>
    private let tags: UnsafeMutablePointer<UInt64>
    /// Removed in this turn: they may be running.
    // unsafe because each is held once, until `releaseRetired`
    private var retired: [Unmanaged<Handler>] = unsafe []
    private var running = true

    /// With room for so many descriptors.
    init(capacity: Int) throws(SystemError) {
        let number = bh_epoll_create()
        guard number >= 0 else { throw .last("epoll_create") }
        epoll = Descriptor(adopting: number)
        self.capacity = capacity
        // unsafe because deinit deallocates them
        unsafe slots = .allocate(capacity: capacity)
        unsafe slots.initialize(repeating: Slot(), count: capacity)
        unsafe happened = .allocate(capacity: IOLoop.most)
        unsafe happened.initialize(repeating: 0, count: IOLoop.most)
        unsafe tags = .allocate(capacity: IOLoop.most)
        unsafe tags.initialize(repeating: 0, count: IOLoop.most)
    }

    deinit {
        releaseRetired()
        // unsafe because the initialiser allocated them; each handler in the table is held once
        for index in 0..<capacity { unsafe slots[index].handler?.release() }
        unsafe slots.deallocate()
        unsafe happened.deallocate()
        unsafe tags.deallocate()
    }

    /// Calls `handler` whenever the descriptor has what is asked for.
    func add(
        _ descriptor: Int32, _ interest: IOEvents, handler: @escaping (IOEvents) -> Void
    ) throws(SystemError) -> Source {
        // unsafe because the index is below the capacity
        guard let index = (0..<capacity).first(where: { unsafe slots[$0].handler == nil }) else {
            throw SystemError("watch", "descriptor \(descriptor): \(capacity) are watched already", code: ENOSPC)
        }
        // unsafe because the index is below the capacity
        let generation = unsafe slots[index].generation
        try control(1, descriptor, interest, Source(index: index, generation: generation))
        // unsafe because the table holds the handler, until `remove`
        unsafe slots[index].handler = .passRetained(Handler(handler))
        unsafe slots[index].descriptor = descriptor
        return Source(index: index, generation: generation)
    }

    /// Changes what a descriptor is watched for.
    func modify(_ source: Source, _ interest: IOEvents) throws(SystemError) {
        guard knows(source) else { throw SystemError("watch", "a descriptor that was removed", code: ENOENT) }
        // unsafe because the index is below the capacity
        unsafe try control(3, slots[source.index].descriptor, interest, source)
    }

    /// Forgets a descriptor, before it is closed; nothing happens where it was forgotten already.
    func remove(_ source: Source) {
        guard knows(source) else { return }
        // A descriptor that is closed already has left the set by itself.
        // unsafe because the index is below the capacity
        _ = unsafe bh_epoll_control(epoll.rawValue, 2, slots[source.index].descriptor, 0, 0)
        // unsafe because the table held the handler
        if let handler = unsafe slots[source.index].handler.take() { unsafe retired.append(handler) }
        unsafe slots[source.index].generation &+= 1
    }

    /// A clock's alarm: `handler` is called when the time that it was set to has passed.
    func timer(_ handler: @escaping () -> Void) throws(SystemError) -> IOTimer {
        let number = bh_timerfd()
        guard number >= 0 else { throw .last("timerfd_create") }
        let timer = IOTimer(adopting: Descriptor(adopting: number))
        // Edge-triggered, and set again before it can fire again: what it counts need not be read.
        timer.source = try add(number, [.readable, .edge]) { _ in handler() }
        return timer
    }

    /// Forgets a timer.
    func remove(_ timer: IOTimer) {
        if let source = timer.source { remove(source) }
        timer.source = nil
    }

    /// Ends `run` after the present turn.
    func stop() { running = false }

    /// Handles events until `stop` is called.
    func run() {
        while running { turn() }
    }

    private func turn() {
        // unsafe because both arrays have room for as many as are asked for
        let count = unsafe bh_epoll_wait(epoll.rawValue, happened, tags, Int32(IOLoop.most), -1)
        // An interrupted wait has no events; other errors would mean that the epoll itself is none.
        for event in 0..<Int(max(count, 0)) {
            // unsafe because so many have been filled in
            let (tag, events) = unsafe (tags[event], IOEvents(rawValue: happened[event]))
            let index = Int(truncatingIfNeeded: tag & 0xFFFF_FFFF)
            // A handler before this one may have removed the source.
            // unsafe because tags are made by `control` of indices below the capacity
            guard unsafe slots[index].generation == UInt32(truncatingIfNeeded: tag >> 32),
                let handler = unsafe slots[index].handler
            else { continue }
            // unsafe because the table, or else `retired`, holds the handler until the turn is over
            unsafe handler._withUnsafeGuaranteedRef { $0.call(events) }
        }
        // unsafe because the references are not looked at
        if unsafe !retired.isEmpty { releaseRetired() }
    }

    private func releaseRetired() {
        // unsafe because each was held by the table before
        while let handler = unsafe retired.popLast() { unsafe handler.release() }
    }

    private func knows(_ source: Source) -> Bool {
        // unsafe because sources are made by `add`, with indices below the capacity
        unsafe slots[source.index].generation == source.generation && slots[source.index].handler != nil
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, _ interest: IOEvents, _ source: Source
    ) throws(SystemError) {
        let tag = UInt64(source.generation) << 32 | UInt64(source.index)
        guard bh_epoll_control(epoll.rawValue, operation, descriptor, interest.rawValue, tag) == 0 else {
            throw .last("epoll_ctl", "descriptor \(descriptor)")
        }
    }
}

/// An alarm of an ``IOLoop``.
final class IOTimer {
    private let descriptor: Descriptor
    fileprivate(set) var source: IOLoop.Source?

    fileprivate init(adopting descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Goes off once, so long from now, whatever it was set to before.
    func set(nanoseconds: UInt64) {
        // The only errors are a descriptor that is none and a time that is none.
        _ = bh_timerfd_set(descriptor.rawValue, max(nanoseconds, 1))
    }

    /// Does not go off.
    func cancel() { _ = bh_timerfd_set(descriptor.rawValue, 0) }
}
