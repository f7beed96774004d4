// Throws damaged bytes at the decoders: none may trap, hang or lose count.
//
//     kumiko-fuzz [--inputs N] [--seed S] [--only NAME] [DIRECTORY|FILE…]
//     kumiko-fuzz --corpus DIRECTORY [DIRECTORY|FILE…]     writes the undamaged inputs, a folder for each decoder
//     kumiko-fuzz --names                                  the decoders under test
//
// The inputs are mutations of the blocks and frames found in the files given, and of the built-in ones. The same seed
// gives the same inputs, so that a failure is repeated by its seed and number.
import FuzzTargets
import Glibc

var inputs = 1_000_000
var seed: UInt64 = 1
var only: String?
var corpus: String?
var paths: [String] = []
var arguments = Array(CommandLine.arguments.dropFirst())

while !arguments.isEmpty {
    let argument = arguments.removeFirst()
    func value() -> String {
        guard !arguments.isEmpty else { fail("\(argument) needs a value") }
        return arguments.removeFirst()
    }
    switch argument {
    case "--inputs":
        guard let number = Int(value()), number > 0 else { fail("--inputs needs a positive number") }
        inputs = number
    case "--seed":
        guard let number = UInt64(value()) else { fail("--seed needs a number") }
        seed = number
    case "--only": only = value()
    case "--corpus": corpus = value()
    case "--names":
        for target in fuzzTargets() { print(target.name) }
        exit(0)
    case _ where argument.hasPrefix("-"): fail("unknown option \(argument)")
    default: paths.append(argument)
    }
}
if let corpus {
    writeCorpus(of: fuzzTargets(), from: paths, to: corpus)
    exit(0)
}
exit(runFuzzing(inputs: inputs, seed: seed, only: only, paths: paths))
