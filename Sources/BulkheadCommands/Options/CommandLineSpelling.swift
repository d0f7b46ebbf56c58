/// Finds the command in a command line and brings its options into the form that the argument parser reads.
enum CommandLineSpelling {
    /// The arguments, without the program's name, rewritten.
    static func normalized(_ arguments: [String]) throws(CommandError) -> [String] {
        var index = arguments.startIndex
        while index < arguments.endIndex, arguments[index].hasPrefix("-") {
            if arguments[index] == "-H" || arguments[index] == "--host" { index += 1 }
            index += 1
        }
        guard index < arguments.endIndex else { return arguments }
        var words = [arguments[index]]
        if ["container", "machine"].contains(words[0]), index + 1 < arguments.endIndex {
            index += 1
            words.append(arguments[index])
        }
        guard let switches = switches(of: words) else { return arguments }
        let normalized = try switches.normalized(Array(arguments[(index + 1)...]))
        // The parser would pass `--help` on to the process.
        if normalized == Switches.help { return ["help"] + words }
        return arguments[...index] + normalized
    }

    /// The options without a value of the commands that need it: those that attach to processes.
    private static func switches(of words: [String]) -> Switches? {
        switch words {
        case ["run"], ["container", "run"]: Run.switches
        case ["create"], ["container", "create"]: Create.switches
        case ["exec"], ["container", "exec"]: Exec.switches
        case ["start"], ["container", "start"]: Start.switches
        case ["attach"], ["container", "attach"]: Attach.switches
        case ["machine", "exec"]: MachineExec.switches
        default: nil
        }
    }
}
