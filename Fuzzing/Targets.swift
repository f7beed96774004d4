import SensorFormats

/// Every decoder under test.
func fuzzTargets() -> [FuzzTarget] { asterixTargets() + [modeSTarget] }

private var modeSTarget: FuzzTarget {
    FuzzTarget(
        name: "mode s", seeds: modeSFuzzSeeds(),
        pieces: { bytes, _ in
            // A recording of Mode S is cut into pieces of a few frames.
            guard ModeSRecording.detect(bytes.span) != nil else { return [] }
            return stride(from: 0, to: min(bytes.count, 1 << 18), by: 256).map {
                Array(bytes[$0..<min($0 + 256, bytes.count)])
            }
        },
        run: fuzzModeS)
}
