/// Every decoder under test.
func fuzzTargets() -> [FuzzTarget] {
    asterixTargets() + [
        FuzzTarget(
            name: "mode s", seeds: modeSFuzzSeeds(), pieces: { bytes, _ in modeSFuzzPieces(bytes) }, run: fuzzModeS)
    ]
}
