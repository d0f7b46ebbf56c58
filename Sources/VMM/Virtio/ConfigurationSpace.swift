/// A device's configuration space as bytes.
enum ConfigurationSpace {
    /// Fills `bytes` with what stands at an offset; zeros beyond the end.
    static func read(_ space: [UInt8], at offset: Int, into bytes: UnsafeMutableRawBufferPointer) {
        for index in bytes.indices {
            let (place, overflow) = offset.addingReportingOverflow(index)
            // unsafe because the index is the buffer's
            unsafe bytes[index] = !overflow && space.indices.contains(place) ? space[place] : 0
        }
    }
}
