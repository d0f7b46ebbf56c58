import Foundation
import TestKit

/// Another kernel for the rig, whose files stay the same: made once by scripts/make-rig-kernel, kept under .build/rig.
struct RigKernel: Sendable {
    /// The Debian that it is of, whose ordinary kernel it is, with more modules than the cloud's: bullseye's is Linux 5.10, the
    /// oldest that is to be had. `BULKHEAD_RIG_KERNEL` names another one.
    static let suite = ProcessInfo.processInfo.environment["BULKHEAD_RIG_KERNEL"] ?? "bullseye"

    /// The folder that holds it.
    let directory: String

    var kernel: String { "\(directory)/vmlinuz" }
    var initialFileSystem: String { "\(directory)/initrd" }
    /// The disk with its modules.
    var modules: String { "\(directory)/modules.erofs" }

    /// Why there is no such kernel here; nil where there is, or where it is this project's own fault that there is not.
    static let obstacle: String? = {
        if let obstacle = RigImage.obstacle { return obstacle }
        guard case .failure(let error as Unavailable) = made else { return nil }
        return error.description
    }()

    /// The kernel; made where it is not there yet.
    static func current() throws -> RigKernel { try made.get() }

    /// It can't be fetched.
    private struct Unavailable: Error, CustomStringConvertible { let description: String }

    private static let made = Result {
        try withTestResources { resources in
            let script = "\(RigImage.project)/scripts/make-rig-kernel"
            let result = try Command.run(script, [suite], in: resources)
            // EX_UNAVAILABLE.
            if result.code == 69 { throw Unavailable(description: result.error) }
            guard result.code == 0 else { throw RigError(description: "\(script): \(result.error)") }
            return RigKernel(directory: "\(RigImage.project)/.build/rig/\(suite)")
        }
    }
}
