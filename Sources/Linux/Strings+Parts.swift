extension StringProtocol where SubSequence == Substring {
    /// The parts between the occurrences of an ASCII character, as `split(separator:)`, for what every container's start
    /// does and for the system's own files: those know bytes, and where Unicode would begin a character is not asked.
    @inlinable
    public func parts(
        between separator: Unicode.Scalar, maxSplits: Int = .max, omittingEmpty: Bool = true
    ) -> [Substring] {
        let text = self[...].utf8
        return text.split(
            separator: UInt8(ascii: separator), maxSplits: maxSplits, omittingEmptySubsequences: omittingEmpty
        ).map { Substring($0) }
    }
}
