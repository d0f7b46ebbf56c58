import Linux
import TestKit
import Testing

/// The heap that the runtime is shipped with (Sources/Embedded/Heap), which this program, of the full language, has not.
@Suite("The runtime's heap", .blocking) struct HeapTests {
    @Test func blocksKeepTheirBytesAndFreedOnesServeAgain() throws {
        try withTestResources { resources in
            let program = "\(resources.directory)/workload"
            let here = Files.parent(of: #filePath)
            let heap = "\(here)/../../../Sources/Embedded/Heap/heap.c"
            let gcc = try Command.run(
                "/usr/bin/gcc",
                [
                    "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fno-builtin", "-fsanitize=undefined",
                    "-fno-sanitize-recover", "-DHEAP=\"\(heap)\"", "-o", program, "\(here)/workload.c",
                ], in: resources)
            try #require(gcc.code == 0, "\(gcc.error)")
            for seed in 1...4 {
                let run = try Command.run(program, ["\(seed)"], in: resources)
                #expect(run.code == 0, "seed \(seed): \(run.output)\(run.error)")
                // What 500 blocks at once come to, and no more for ten thousand in turn: 250 of them are there
                // on average, an eighth of these with 100 KB, which are given back.
                let taken = try #require(Int(run.output.dropLast()))
                #expect(taken > 0 && taken < 8_000_000, "seed \(seed): \(taken) bytes")
            }
        }
    }
}
