internal import CLinux

/// How the calling thread is scheduled and where it runs.
public enum Scheduling {
    /// sched_setattr(2): the policy by the kernel's number, times in nanoseconds, flags as SCHED_FLAG_* bits.
    public static func set(
        policy: UInt32, nice: Int32, priority: UInt32, flags: UInt64, runtime: UInt64, deadline: UInt64, period: UInt64
    ) throws(SystemError) {
        let result = bh_sched_setattr(policy, nice, priority, flags, runtime, deadline, period)
        try SystemError.check(result, "sched_setattr")
    }

    /// ioprio_set(2): the class by the kernel's number, and the priority within it.
    public static func setIOPriority(class category: UInt32, priority: UInt32) throws(SystemError) {
        try SystemError.check(bh_ioprio_set(category << 13 | priority), "ioprio_set")
    }

    /// sched_setaffinity(2): bit `n % 64` of word `n / 64` stands for processor `n`.
    public static func setProcessors(_ words: [UInt64]) throws(SystemError) {
        // unsafe because the array is read through a pointer that lives for the call
        try SystemError.check(unsafe bh_sched_setaffinity(words, words.count), "sched_setaffinity")
    }

    /// set_mempolicy(2): the mode with its flags, and the memory nodes as bits.
    public static func setMemoryPolicy(_ mode: UInt32, nodes: [UInt64]) throws(SystemError) {
        // unsafe because the array is read through a pointer that lives for the call
        try SystemError.check(unsafe bh_set_mempolicy(mode, nodes, nodes.count), "set_mempolicy")
    }

    /// personality(2).
    public static func setPersonality(_ persona: UInt32) throws(SystemError) {
        try SystemError.check(bh_personality(UInt(persona)), "personality")
    }
}
