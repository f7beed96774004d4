import FuzzTargets
import Testing

@Suite("What once failed") struct FuzzTests {
    /// `Fuzzing/Failures`: a folder for each target, a file for each input that it once failed on.
    private static let failures =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        + "/Fuzzing/Failures"

    @Test("each decoder takes its own seeds, nothing at all, and every input that it once failed on")
    func failures() {
        for target in fuzzTargets() {
            let kept = files(below: Self.failures + "/" + target.name).compactMap(readFile)
            for input in target.seeds + kept + [[]] { target.run(input.span) }
        }
    }

    @Test("a kept input is of a target that there is") func names() {
        let names = Set(fuzzTargets().map(\.name))
        for file in files(below: Self.failures) where file != Self.failures {
            let folder = file.split(separator: "/").dropLast().last.map(String.init) ?? ""
            #expect(names.contains(folder), "\(file) is of no target")
        }
    }
}
