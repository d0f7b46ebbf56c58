extension GuestMemory {
    /// The guest-physical address of a place in it; nil for a place elsewhere.
    func address(of place: UnsafeMutableRawPointer) -> UInt64? {
        for region in [low, high] {
            // unsafe because only the address is looked at
            let offset = unsafe UInt64(UInt(bitPattern: place)) &- UInt64(UInt(bitPattern: region.base))
            if offset < region.count { return region.start &+ offset }
        }
        return nil
    }
}
