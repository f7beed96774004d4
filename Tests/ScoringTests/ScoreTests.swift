import Foundation
import Geodesy
import Testing

@testable import Scoring

@Suite("Score")
struct ScoreTests {
    /// What the referee prints of the small sky, with Stone Soup 1.9.1.
    static let referee: [(String, String)] = [
        ("truth states", "210"), ("tracks", "10"), ("reports ignored (off the grid)", "1"), ("reports skipped", "2"),
        ("SIAP Completeness", "0.94286"), ("SIAP Ambiguity", "1.1263"), ("SIAP Spuriousness", "0.047009"),
        ("SIAP Position Accuracy", "209.28"), ("SIAP Velocity Accuracy", "4.0525"),
        ("SIAP Rate of Track Number Change", "0.0042553"), ("SIAP Longest Track Segment", "0.70098"),
        ("SIAP ID Completeness", "1"), ("SIAP ID Correctness", "0.9"), ("SIAP ID Ambiguity", "0"),
        ("GOSPA", "1430.1"), ("GOSPA localisation", "415.19"), ("GOSPA missed (targets)", "0.3"),
        ("GOSPA false (tracks)", "0.9"), ("OSPA", "726.65"), ("RMS altitude", "14.072"),
        ("RMS position airliner", "185.76"), ("RMS position all", "239.05"), ("RMS position jet", "285.04"),
        ("RMS position manoeuvre", "266.16"), ("RMS position straight", "205.65"), ("RMS velocity airliner", "4.1164"),
        ("RMS velocity all", "4.1136"), ("RMS velocity jet", "4.1107"), ("RMS velocity manoeuvre", "4.157"),
        ("RMS velocity straight", "4.066"), ("95 % position error", "484.33"),
        ("share in runs of 3 errors > 926 m", "0"), ("NEES / 4 (target 1)", "0.94444"),
        ("position NEES / 2 (target 1)", "1.4675"), ("NEES within 95 % bound (target .95)", "0.92778"),
    ]

    @Test("every figure of a sky with one of each fault is the referee's, in its order")
    func agrees() {
        let told: [String] = Score(truth: SmallSky.truth, tracks: SmallSky.tracks).measures.map { measure in
            "\(measure.name): \(measure.value.text)"
        }
        let expected: [String] = Self.referee.map { "\($0.0): \($0.1)" }
        #expect(Array(told.prefix(expected.count)) == expected)
        #expect(told.count == expected.count + 2)
    }

    /// `A` to `C`: the nearest target of each report; `.` none within the gate. As Stone Soup 1.9.1 has it.
    @Test(
        "three running begin an association, two failures end it",
        arguments: [
            ("AAAAAA", "A0-5"), ("AA.AAA", "A3-5"), ("AAA.AA", "A0-5"), ("AAA..AAA", "A0-2 A5-7"),
            ("AAABBB", "A0-2 B3-5"), ("AAABABBB", "A0-4 B3-7"), ("AAABAB", "A0-4"), ("..AA", ""),
            ("AAABABB", "A0-4 B3-6"), ("AAABBBAAA", "A0-2 B3-5 A6-8"), ("AAA..BBB.BB", "A0-2 B5-7"),
            ("AAABCBCBB", "A0-2"), ("AAA.BBB", "A0-2 B4-6"), ("AAABBACCCC", "A0-2 C6-9"),
            ("AAA..AAA.A", "A0-2 A5-7"),
        ])
    func association(nearest: String, expected: String) {
        let names: [Character] = ["A", "B", "C"]
        let spans = TrackToTruth.spans(nearest.map { names.firstIndex(of: $0) }, from: 0)
        let drawn = spans.map { "\(names[$0.target])\($0.times.lowerBound)-\($0.times.upperBound)" }
        #expect(drawn.joined(separator: " ") == expected)
    }

    static let truth = (0..<20).flatMap { step in
        (0..<3).map { object in
            TruthState(
                time: Double(5 * step), target: "T\(object)",
                position: Geodetic(
                    latitudeDegrees: 50 + 0.1 * Double(object) + 0.01 * Double(step), longitudeDegrees: 9),
                velocityNorth: 222, velocityEast: 0, identity: "4ca00\(object)", kind: "airliner")
        }
    }
    static let perfect = truth.map {
        TrackReport(
            time: $0.time, track: $0.target, latitude: $0.position.latitude, longitude: $0.position.longitude,
            altitude: $0.position.height, velocityNorth: $0.velocityNorth, velocityEast: $0.velocityEast,
            identity: $0.identity)
    }

    static func measures(_ tracks: [TrackReport]) -> [String: Double] {
        Dictionary(
            uniqueKeysWithValues: Score(truth: Self.truth, tracks: tracks).measures.map { name, value in
                switch value {
                case .count(let count): (name, Double(count))
                case .value(let value): (name, value)
                }
            })
    }

    @Test("the truth as tracks scores perfectly")
    func truthIsPerfect() {
        let score = Self.measures(Self.perfect)
        let ideal: [String: Double] = [
            "SIAP Completeness": 1, "SIAP Ambiguity": 1, "SIAP Spuriousness": 0, "SIAP Longest Track Segment": 1,
            "SIAP Rate of Track Number Change": 0, "SIAP ID Correctness": 1, "GOSPA": 0, "OSPA": 0,
            "RMS position all": 0,
        ]
        for (name, value) in ideal { #expect(score[name] == value, "\(name)") }
        #expect(score["NEES / 4 (target 1)"] == nil)
    }

    /// A fault, what it does to the tracks, and the only measures that it may move.
    struct Fault: CustomTestStringConvertible {
        var testDescription: String
        var moves: Set<String>
        var make: @Sendable ([TrackReport]) -> [TrackReport]
    }

    static let faults: [Fault] = [
        Fault(
            testDescription: "an object without a track",
            moves: [
                "tracks", "SIAP Completeness", "SIAP Longest Track Segment", "GOSPA", "GOSPA missed (targets)", "OSPA",
            ]
        ) { $0.filter { $0.track != "T1" } },
        Fault(
            testDescription: "a track of nothing",
            moves: ["tracks", "SIAP Spuriousness", "GOSPA", "GOSPA false (tracks)", "OSPA"]
        ) {
            $0
                + $0.filter { $0.track == "T1" }.map {
                    var r = $0; r.track = "x"; r.latitude += 0.1; return r
                }
        },
        Fault(
            testDescription: "a second track on an object",
            moves: ["tracks", "SIAP Ambiguity", "GOSPA", "GOSPA false (tracks)", "OSPA"]
        ) {
            $0
                + $0.filter { $0.track == "T1" }.map {
                    var r = $0; r.track = "x"; return r
                }
        },
        Fault(
            testDescription: "a new number half-way",
            moves: ["tracks", "SIAP Rate of Track Number Change", "SIAP Longest Track Segment"]
        ) {
            $0.map {
                var r = $0; if r.track == "T1", r.time >= 50 { r.track = "y" }; return r
            }
        },
        Fault(
            testDescription: "a wrong velocity",
            moves: [
                "SIAP Velocity Accuracy", "RMS velocity all", "RMS velocity straight", "RMS velocity airliner",
            ]
        ) {
            $0.map {
                var r = $0; r.velocityEast += 10; return r
            }
        },
        Fault(testDescription: "a wrong height", moves: ["RMS altitude"]) {
            $0.map {
                var r = $0; r.altitude = 1000; return r
            }
        },
        Fault(testDescription: "a wrong identity", moves: ["SIAP ID Correctness"]) {
            $0.map {
                var r = $0; r.identity = "000000"; return r
            }
        },
        Fault(testDescription: "no identity", moves: ["SIAP ID Correctness", "SIAP ID Completeness"]) {
            $0.map {
                var r = $0; r.identity = nil; return r
            }
        },
    ]

    @Test("each fault moves its own measures and no other", arguments: faults)
    func moves(fault: Fault) {
        let before = Self.measures(Self.perfect), after = Self.measures(fault.make(Self.perfect))
        let moved = Set(
            after.keys.filter { name in
                let (a, b): (Double, Double) = (after[name] ?? 0, before[name] ?? 0)
                return abs(a - b) > 1e-9
            })
        #expect(moved == fault.moves)
    }

    @Test("GOSPA of a near track, a missed object and a false track is as by hand")
    func byHand() {
        let truth = (0..<3).flatMap { step in
            [0.0, 1.0].map { north in
                TruthState(
                    time: Double(step), target: "T\(north)", position: Geodetic(latitude: north, longitude: 0),
                    velocityNorth: 0, velocityEast: 0)
            }
        }
        let metre = 1 / 6_335_439.0  // Radius of the meridian at the equator.
        let tracks = (0..<3).flatMap { step in
            [300 * metre, 0.5].map { north in
                TrackReport(
                    time: Double(step), track: "\(north)", latitude: north, longitude: 0, velocityNorth: 0,
                    velocityEast: 0)
            }
        }
        let score = Score(truth: truth, tracks: tracks)
        let c = 1852.0
        let gospa: Double = (300 * 300 + c * c).squareRoot()
        let ospa: Double = gospa / 2.squareRoot()
        #expect(abs(score.distance.gospa - gospa) < 0.01)
        #expect(abs(score.distance.ospa - ospa) < 0.01)
        #expect(score.distance.missed == 1 && score.distance.falseTracks == 1)
        #expect(abs(score.distance.localisation - 300) < 0.01)
    }

    @Test("NEES is dᵀ C⁻¹ d, of any matrix that has an inverse")
    func nees() throws {
        let d: InlineArray<4, Double> = [1, -2, 3, 4]
        let diagonal = Matrix<4, 4>([[4, 0, 0, 0], [0, 0.5, 0, 0], [0, 0, 9, 0], [0, 0, 0, 2]])
        let four = Accuracy.squaredDistance(d, diagonal, 4), two = Accuracy.squaredDistance(d, diagonal, 2)
        #expect(four == 17.25)
        #expect(two == 8.25)
        // x = (0, 1, 0, 0) solves C x = d with the second column of C equal to d: dᵀ x = −2.
        let exchange = Matrix<4, 4>([[0, 1, 0, 0], [5, -2, 0, 0], [0, 3, 7, 0], [0, 4, 0, 2]])
        let value = try #require(Accuracy.squaredDistance(d, exchange, 4))
        #expect(abs(value + 2) < 1e-12)
        #expect(Accuracy.squaredDistance(d, Matrix(repeating: 1), 4) == nil)
        #expect(Accuracy.squaredDistance(d, Matrix(repeating: .nan), 4) == nil)
    }

    @Test("a covariance without an inverse is counted and left out")
    func singular() {
        let tracks = Self.perfect.map {
            var r = $0; r.covariance = r.time < 50 ? Matrix(repeating: 0) : nil; return r
        }
        let score = Score(truth: Self.truth, tracks: tracks)
        #expect(score.singularCovariances == 30)
        #expect(score.nees == nil)
    }

    @Test("no truth, no tracks, and numbers that are none are no failure")
    func nothing() {
        var wild = Self.perfect
        for (index, value) in [Double.nan, .infinity, -.infinity, 1e300].enumerated() {
            wild[index].time = value
            wild[index + 4].latitude = value
            wild[index + 8].velocityEast = value
            wild[index + 12].altitude = value
            wild[index + 16].covariance = Matrix(repeating: value)
        }
        for (truth, tracks) in [([], []), ([], wild), (Self.truth, []), (Self.truth, wild)] {
            let score = Score(truth: truth, tracks: tracks)
            #expect(!score.json.isEmpty && !score.text.isEmpty)
            #expect(ScorePage(title: "", score: score).html.contains("</html>"))
            for separation in Esassp.Separation.allCases {
                #expect(!Esassp(score, separation: separation, flights: .all).text.isEmpty)
            }
        }
        // Times and places that are not finite; 10³⁰⁰ m/s is finite.
        #expect(Score(truth: Self.truth, tracks: wild).ignored == 10)
    }

    @Test("tracks against themselves are as good as themselves")
    func versus() {
        let score = Score(truth: SmallSky.truth, tracks: SmallSky.tracks)
        let versus = Versus(score, score)
        #expect(versus.rows.map(\.phase) == ["all", "straight", "manoeuvre", "airliner", "jet"])
        #expect(versus.rows.allSatisfy { $0.position.0 == $0.position.1 && $0.velocity.0 == $0.velocity.1 })
        let held: Int = score.instants.reduce(0) { $0 + $1.heldTruths }
        #expect(versus.common == held)
    }
}
