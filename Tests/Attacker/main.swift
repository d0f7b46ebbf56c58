// A container's first process that is out for processes of the runtime that enter: `attacker WAY PROGRAM FILE`.
// PROGRAM is what these come to execute, by its last name: who is called so has escaped. Notes go to FILE, a line each.
import Glibc

let words = CommandLine.arguments
guard words.count == 4, let way = Way(rawValue: words[1]) else { exit(2) }
var attack = Attack(way, program: words[2], notes: words[3])
attack.run()
