import Glibc

/// How well tracks tell the truth, by the measures that the literature compares trackers by.
///
/// Every measure agrees with Stone Soup's code of the same name, so that scores can be set beside published ones.
public struct Score: Sendable {
    /// What is asked of a comparison.
    public struct Options: Sendable {
        /// A track belongs to the nearest target within this distance, metres.
        public var gate = 1852.0
        /// Cut-off c of OSPA and GOSPA, metres.
        public var cutoff = 1852.0
        /// Exponent p of OSPA and GOSPA, no unit.
        public var exponent = 2.0
        /// Errors above this count towards runs of three, metres.
        public var largeError = 926.0

        public init() {}
    }

    /// The attributes of a single integrated air picture.
    ///
    /// Source: Votruba et al., "Single Integrated Air Picture (SIAP) Metrics Implementation", 29 October 2001.
    public struct Siap: Sendable {
        /// Share of true states that some track holds; target 1.
        public var completeness = 0.0
        /// Tracks for each true object that is held; target 1.
        public var ambiguity = 1.0
        /// Share of track reports that belong to no object; target 0.
        public var spuriousness = 0.0
        /// Mean distance of tracks from their objects, metres.
        public var positionAccuracy = 0.0
        /// Mean difference of the velocities, m/s.
        public var velocityAccuracy = 0.0
        /// Changes of track number for each second that an object is held, 1/s; target 0.
        public var numberChangeRate = 0.0
        /// Share of the objects' lives that their longest tracks hold them; target 1.
        public var longestSegment = 0.0
        /// Share of held states of objects with an identity whose tracks tell one; target 1.
        public var identityCompleteness = 0.0
        /// Share of them whose tracks all tell the right one; target 1.
        public var identityCorrectness = 0.0
        /// Share of them whose tracks contradict each other; target 0.
        public var identityAmbiguity = 0.0
    }

    /// Distances between the set of objects and the set of tracks, means over the report times.
    public struct SetDistance: Sendable {
        /// GOSPA with α = 2, metres.
        ///
        /// Source: A. S. Rahmathullah, A. F. García-Fernández, L. Svensson, "Generalized optimal sub-pattern assignment
        /// metric", FUSION 2017.
        public var gospa = 0.0
        /// The part of the pairs, (Σ dᵖ)^(1/p), metres.
        public var localisation = 0.0
        /// Objects without a track.
        public var missed = 0.0
        /// Tracks without an object.
        public var falseTracks = 0.0
        /// OSPA, metres; the pairs are those of the least sum of distances, as in Stone Soup.
        ///
        /// Source: D. Schuhmacher, B.-T. Vo, B.-N. Vo, "A consistent metric for performance evaluation of multi-object
        /// filters", IEEE Trans. Signal Processing 56 (2008).
        public var ospa = 0.0
    }

    /// One report time.
    public struct Instant: Sendable {
        /// Seconds since the scenario's start.
        public var time = 0.0
        /// Objects there are, and those that a track holds.
        public var truths = 0, heldTruths = 0
        /// Tracks there are, and those that hold an object.
        public var tracks = 0, heldTracks = 0
        /// Distances between the sets.
        public var distance = SetDistance()
        /// Mean NEES / 4 of the tracks that hold an object, nil if none tells a covariance.
        public var nees: Double?
        /// How many tracks that is the mean of.
        public var neesCount = 0
        /// RMS horizontal error of the tracks that hold an object, metres, nil if none does.
        public var positionError: Double?
    }

    /// The error of one track at one time, against the target that it holds.
    public struct Sample: Sendable {
        /// Numbers of the time, the target and the track, as in `instants`, `targets` and `tracks`.
        public var time: Int32, target: Int32, track: Int32
        /// Number of the track's association with the target, ascending.
        public var run: Int32
        /// Straight distance of the two places on the ellipsoid, metres.
        public var distance: Double
        /// Horizontal error, metres, and that along the true course and to its right.
        public var position: Double, along: Double, across: Double
        /// Error of the velocity, m/s; of the speed, m/s; of the course, radians.
        public var velocity: Double, speed: Double, course: Double
        /// Track's height less the target's, metres.
        public var altitude: Double?
        /// dᵀ C⁻¹ d over position and velocity: χ² with 4 degrees of freedom if the covariance tells the truth.
        public var nees: Double?
        /// The same over position alone, 2 degrees of freedom.
        public var positionNees: Double?
        /// Variance that the track tells of its place, m², and of its velocity, m²/s²: each the sum of two components.
        public var told: (place: Double, velocity: Double)?
        /// Whether course or speed changes next to this state.
        public var isManoeuvre: Bool
    }

    /// Root mean squares of the errors over a part of the samples.
    public struct Errors: Sendable {
        /// Horizontal, metres.
        public var position: Double
        /// Of the velocity, m/s.
        public var velocity: Double
        /// NEES / 4, nil where no covariance was told; target 1.
        public var nees: Double?
        /// Samples.
        public var count: Int
    }

    public let options: Options
    /// True states in the list.
    public let truthStates: Int
    /// Runs of reports without a gap, each judged as a track of its own.
    public let trackCount: Int
    /// Reports at no time of the truth, or not finite.
    public let ignored: Int
    /// Gaps in tracks.
    public let skips: Int
    public let siap: Siap
    public let distance: SetDistance
    public let instants: [Instant]
    public let samples: [Sample]
    /// By phase and kind: `all`, `straight`, `manoeuvre` and each kind that was held, by name.
    public let errors: [(phase: String, errors: Errors)]
    /// RMS error of the height, metres, nil if no track tells one.
    public let altitudeError: Double?
    /// The horizontal error that 95 % of the samples are below, metres; not a number without samples.
    public let position95: Double
    /// Share of samples in runs of three or more errors above `largeError`; not a number without samples.
    public let largeErrorShare: Double
    /// NEES / 4, position NEES / 2 and the share of NEES below the 95 % bound of χ², nil where no covariance was told.
    public let nees: (state: Double, position: Double, within: Double)?
    /// Covariances that have no inverse; they count in no NEES.
    public let singularCovariances: Int

    let scene: Scene
    let associations: [Association]
    /// Of each report the number of the pair in GOSPA's assignment: the state, −1 for a false one.
    let assigned: [Int32]

    /// Compares tracks with the truth.
    ///
    /// - Complexity: n log n in reports and states, where tracks and targets are not crowded within the cut-off.
    public init(truth: [TruthState], tracks: [TrackReport], options: Options = Options()) {
        let scene = Scene(truth: truth, tracks: tracks)
        var nearest = [Int32](repeating: -1, count: scene.reports.count)
        var assigned = nearest
        var instants: [Instant] = []
        var assigner = Assigner()
        for time in scene.grid.indices {
            let edges = scene.neighbours(at: time, within: max(options.gate, options.cutoff))
            var best = Double.infinity
            var report: Int32 = -1
            for edge in edges {
                if edge.report != report { best = options.gate }
                report = edge.report
                if edge.distance < best {
                    best = edge.distance
                    nearest[Int(report)] = scene.targetOf[Int(edge.state)]
                }
            }
            var instant = Instant()
            instant.time = Double(scene.grid[time]) / 1000
            instant.truths = scene.statesAt[time].count
            instant.tracks = scene.reportsAt[time].count
            instant.distance = Self.distance(
                edges, truths: instant.truths, tracks: instant.tracks, options, &assigner, &assigned)
            instants.append(instant)
        }
        let associations = scene.pieces.indices.flatMap {
            TrackToTruth.associations(of: $0, in: scene, nearest: nearest)
        }
        let accuracy = Accuracy(scene: scene, associations: associations, options: options)
        accuracy.close(&instants)
        self.options = options
        self.truthStates = truth.count
        self.trackCount = scene.pieces.count
        self.ignored = scene.ignored
        self.skips = scene.skips
        self.siap = SiapSums(scene: scene, associations: associations, instants: &instants).siap
        var mean = SetDistance()
        let count = Double(instants.count)
        for instant in instants {
            mean.gospa += instant.distance.gospa / count
            mean.localisation += instant.distance.localisation / count
            mean.missed += instant.distance.missed / count
            mean.falseTracks += instant.distance.falseTracks / count
            mean.ospa += instant.distance.ospa / count
        }
        self.distance = mean
        self.instants = instants
        self.samples = accuracy.samples
        self.errors = accuracy.errors
        self.altitudeError = accuracy.altitudeError
        self.position95 = accuracy.position95
        self.largeErrorShare = accuracy.largeErrorShare
        self.nees = accuracy.nees
        self.singularCovariances = accuracy.singular
        self.scene = scene
        self.associations = associations
        self.assigned = assigned
    }

    /// OSPA and GOSPA of one instant, with its missed and false.
    private static func distance(
        _ edges: [Edge], truths: Int, tracks: Int, _ options: Options, _ assigner: inout Assigner,
        _ assigned: inout [Int32]
    ) -> SetDistance {
        let (c, p) = (options.cutoff, options.exponent)
        var result = SetDistance()
        let pairs = assigner.assign(edges, cutoff: c, exponent: p)
        var sum = 0.0
        for pair in pairs {
            sum += pow(pair.distance, p)
            assigned[Int(pair.report)] = pair.state
        }
        result.missed = Double(truths - pairs.count)
        result.falseTracks = Double(tracks - pairs.count)
        result.localisation = pow(sum, 1 / p)
        result.gospa = pow(sum + pow(c, p) / 2 * (result.missed + result.falseTracks), 1 / p)
        // Stone Soup pairs by the sum of distances, whatever p is, and raises them afterwards.
        let linear = p == 1 ? pairs : assigner.assign(edges, cutoff: c, exponent: 1)
        let larger = max(truths, tracks)
        if larger > 0 {
            var total = pow(c, p) * Double(larger - linear.count)
            for pair in linear { total += pow(pair.distance, p) }
            result.ospa = pow(total / Double(larger), 1 / p)
        }
        return result
    }
}

extension Score {
    /// The measures in the referee's words and order; a count is a whole number.
    ///
    /// After them come those that the referee does not have: NEES by phase.
    public var measures: [(name: String, value: Measure)] {
        var list: [(name: String, value: Measure)] = [
            ("truth states", .count(self.truthStates)), ("tracks", .count(self.trackCount)),
            ("reports ignored (off the grid)", .count(self.ignored)), ("reports skipped", .count(self.skips)),
            ("SIAP Completeness", .value(self.siap.completeness)), ("SIAP Ambiguity", .value(self.siap.ambiguity)),
            ("SIAP Spuriousness", .value(self.siap.spuriousness)),
            ("SIAP Position Accuracy", .value(self.siap.positionAccuracy)),
            ("SIAP Velocity Accuracy", .value(self.siap.velocityAccuracy)),
            ("SIAP Rate of Track Number Change", .value(self.siap.numberChangeRate)),
            ("SIAP Longest Track Segment", .value(self.siap.longestSegment)),
            ("SIAP ID Completeness", .value(self.siap.identityCompleteness)),
            ("SIAP ID Correctness", .value(self.siap.identityCorrectness)),
            ("SIAP ID Ambiguity", .value(self.siap.identityAmbiguity)), ("GOSPA", .value(self.distance.gospa)),
            ("GOSPA localisation", .value(self.distance.localisation)),
            ("GOSPA missed (targets)", .value(self.distance.missed)),
            ("GOSPA false (tracks)", .value(self.distance.falseTracks)), ("OSPA", .value(self.distance.ospa)),
        ]
        if let altitude = self.altitudeError { list.append(("RMS altitude", .value(altitude))) }
        let sorted = self.errors.sorted { $0.phase < $1.phase }
        for (phase, errors) in sorted { list.append(("RMS position \(phase)", .value(errors.position))) }
        for (phase, errors) in sorted { list.append(("RMS velocity \(phase)", .value(errors.velocity))) }
        list.append(("95 % position error", .value(self.position95)))
        list.append(("share in runs of 3 errors > 926 m", .value(self.largeErrorShare)))
        if let nees = self.nees {
            list.append(("NEES / 4 (target 1)", .value(nees.state)))
            list.append(("position NEES / 2 (target 1)", .value(nees.position)))
            list.append(("NEES within 95 % bound (target .95)", .value(nees.within)))
        }
        for phase in ["straight", "manoeuvre"] {
            if let value = self.errors(in: phase)?.nees { list.append(("NEES / 4 \(phase) (target 1)", .value(value))) }
        }
        return list
    }

    /// The errors of a phase or kind, nil if no sample is of it.
    public func errors(in phase: String) -> Errors? { self.errors.first { $0.phase == phase }?.errors }

    /// A figure of the referee's list.
    public enum Measure: Hashable, Sendable {
        case count(Int)
        case value(Double)
    }
}
