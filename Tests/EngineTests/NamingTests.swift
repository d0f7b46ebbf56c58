import Testing

@testable import Engine

@Suite struct NamingTests {
    @Test func makesUpValidNames() {
        for _ in 0..<100 { #expect(Identifier.isValidName(NameGenerator.name { _ in false })) }
    }

    @Test func takenNamesGetANumber() {
        let name = NameGenerator.name { !($0.last?.isNumber ?? false) }
        #expect(name.last?.isNumber == true)
    }

    @Test(arguments: ["a", "-ab", ".ab", "a b", "ä1", ""]) func refuses(name: String) {
        #expect(!Identifier.isValidName(name))
    }

    @Test func identifiersAreNeverNumbers() {
        let id = Identifier.random()
        #expect(id.count == 64)
        #expect(id.prefix(12).contains { !$0.isNumber })
    }

    @Test(arguments: [("KILL", 9), ("sigterm", 15), ("15", 15), ("RTMIN+3", 37)]) func signals(
        name: String, number: Int32
    ) throws {
        #expect(try SignalNames.number(name) == number)
    }

    @Test func unknownSignal() {
        #expect(throws: EngineError(.invalid, "invalid signal: FOO")) { try SignalNames.number("FOO") }
    }

    @Test(arguments: [("10m", 10 << 20), ("1g", 1 << 30), ("512", 512), ("2KB", 2048)]) func sizes(
        text: String, size: UInt64
    ) {
        #expect(LogOptionsParser.size(text) == size)
    }
}
