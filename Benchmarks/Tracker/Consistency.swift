import BenchSupport
import Scoring

/// What errors tracks have that tell a given uncertainty: whether a covariance can be believed, whatever the phase.
///
/// NEES by phase of flight cannot be 1 in every phase: a filter does not know that a turn has just begun, and in straight
/// flight must allow for one. Sorted by what the filter itself says, errors must be as large as told.
enum Consistency {
    /// The samples of one band of told velocity deviation.
    struct Band {
        var count = 0
        var toldPlace = 0.0, place = 0.0, toldVelocity = 0.0, velocity = 0.0, nees = 0.0

        /// RMS of the errors over that of the deviations told: 1 is ideal.
        var placeRatio: Double { (self.place / self.toldPlace).squareRoot() }
        var velocityRatio: Double { (self.velocity / self.toldVelocity).squareRoot() }
        /// NEES / 4.
        var meanNees: Double { self.nees / Double(4 * self.count) }
    }

    /// Upper ends of the bands, metres per second.
    static let ends = [1.0, 2, 5, 10, 20, 50, 100, Double.infinity]

    /// Adds what a scenario's tracks told to the bands.
    private static func add(_ score: Score, to bands: inout [Band]) {
        for sample in score.samples {
            guard let nees = sample.nees, let told = sample.told,
                let band = Self.ends.firstIndex(where: { told.velocity <= $0 * $0 })
            else { continue }
            bands[band].count += 1
            bands[band].toldPlace += told.place
            bands[band].place += sample.position * sample.position
            bands[band].toldVelocity += told.velocity
            bands[band].velocity += sample.velocity * sample.velocity
            bands[band].nees += nees
        }
    }

    static func tell(_ scores: [Score]) {
        var bands = [Band](repeating: Band(), count: Self.ends.count)
        for score in scores { Self.add(score, to: &bands) }
        say("\nerrors by the deviation of the velocity that was told (RMS of errors over RMS told; ideal 1):")
        say(Main.row("told, m/s", 10, ["reports", "place", "velocity", "NEES/4"]))
        for (end, band) in zip(Self.ends, bands) where band.count > 0 {
            say(
                Main.row(
                    end.isFinite ? "to \(Int(end))" : "beyond", 10,
                    [
                        "\(band.count)", text(band.placeRatio, 2), text(band.velocityRatio, 2),
                        text(band.meanNees, 2),
                    ]))
        }
    }
}
