import Linux
import TestKit
import Testing

@testable import ContainerRuntime

/// Roots that are made of layers.
@Suite(.blocking) struct OverlayTests {
    private func makeOverlay(_ resources: TestResources) throws -> (overlay: Overlay, root: String) {
        let names = ["lower", "upper", "work", "root"]
        for name in names where !Files.exists("\(resources.directory)/\(name)") {
            try Files.makeDirectory("\(resources.directory)/\(name)")
        }
        let overlay = Overlay(
            lower: ["\(resources.directory)/lower"], upper: "\(resources.directory)/upper",
            work: "\(resources.directory)/work")
        return (overlay, "\(resources.directory)/root")
    }

    private func options(of place: String) throws -> String {
        let lines = try Files.readText("/proc/self/mountinfo").split(separator: "\n")
        return lines.first { $0.contains(" \(place) ") }.map(String.init) ?? ""
    }

    /// A container that is removed at its end may be restarted before that.
    @Test func aTransientOneNeverWaitsForTheDiskAndKeepsWhatWasWrittenForItsNextRun() throws {
        try withTestResources { resources in
            let (overlay, root) = try makeOverlay(resources)
            defer { try? Mount.unmount(root, detach: true) }
            for run in 0...1 {
                let tree = try overlay.mount(isTransient: true)
                try Mount.attach(tree, on: try Descriptor.open(root, [.path, .directory]))
                #expect(try options(of: root).contains("volatile"))
                if run == 1 { #expect(try Files.readText("\(root)/file") == "written") }
                try Files.write("\(root)/file", Array("written".utf8))
                // Another test's new process may have it open for a moment.
                try Mount.unmount(root, detach: true)
            }
        }
    }

    @Test func anotherOneIsWrittenToTheDisk() throws {
        try withTestResources { resources in
            let (overlay, root) = try makeOverlay(resources)
            defer { try? Mount.unmount(root, detach: true) }
            try Mount.attach(try overlay.mount(), on: try Descriptor.open(root, [.path, .directory]))
            #expect(try !options(of: root).contains("volatile"))
            try Mount.unmount(root, detach: true)
        }
    }
}
