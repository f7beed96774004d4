import Air
import SensorFormats

/// One decoder under test: its name, and what it does with any bytes whatever.
package struct FuzzTarget {
    package var name: String
    /// Inputs that it is meant for, beside those found in files.
    package var seeds: [[UInt8]]
    /// Takes from a file the pieces that are worth mutating; none if the file is not of its kind.
    package var pieces: ([UInt8], String) -> [[UInt8]]
    /// Decodes; must return. A broken invariant ends the program by `precondition`.
    package var run: (Span<UInt8>) -> Void

    /// Its own seeds and what is worth mutating in the files below the paths.
    package func corpus(from paths: [String]) -> [[UInt8]] {
        self.seeds
            + paths.flatMap { files(below: $0) }.flatMap { path in readFile(path).map { self.pieces($0, path) } ?? [] }
    }
}

/// Every decoder under test.
package func fuzzTargets() -> [FuzzTarget] {
    asterixTargets() + [
        FuzzTarget(
            name: "modes", seeds: modeSFuzzSeeds(), pieces: { bytes, _ in modeSFuzzPieces(bytes) }, run: fuzzModeS)
    ] + otherTargets() + formatsTargets() + feedsTargets()
}

/// What must hold of plots whatever they were made of.
func check(_ reports: [SensorReport]) {
    for case .plot(let plot) in reports {
        guard case .geodetic(let latitude, let longitude, let deviation) = plot.measurement else { continue }
        precondition(latitude.magnitude <= .pi / 2 && longitude.magnitude <= .pi, "a plot must lie on the globe")
        precondition(deviation > 0 && deviation.isFinite, "a plot must have an accuracy")
    }
}
