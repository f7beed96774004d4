/// What can be tuned of a fused picture.
public struct FusionParameters: Sendable {
    /// The motions, and what else the fused filters share with the tracker's.
    public var tracker = TrackerParameters()
    /// Squared Mahalanobis distance of four degrees of freedom below which two tracks may be one aircraft.
    public var alikeGate = 18.0
    /// The same where both tell one address: only what cannot be true is beyond.
    public var identityGate = 200.0
    /// Sweeps, one after the other, in which two tracks must have been alike to be joined.
    public var alikeSweeps = 2
    /// How much likelier, as a difference of −2 log-likelihood, two tracks must be one than either with any other to be
    /// joined at once.
    public var clearLead = 6.0
    /// Squared Mahalanobis distance below which a new track may be one that is told of already, and for how long after its
    /// birth it is held back for that, seconds; and for how long where one of its nations sees that one beside it.
    public var veilGate = 60.0
    public var veilMax = 60.0
    public var veilMaxSeen = 20.0
    /// Squared Mahalanobis distance, for each line of information, beyond which a tracklet does not fit its track.
    public var misfitGate = 6.0
    /// The same of a partner's whole track, of four degrees of freedom.
    public var wholeGate = 36.0
    /// Tracklets that did not fit, less those that did, from which on a contributor gets a track of its own.
    public var misfitsMax = 3
    /// A contributor that was silent for this time is let go, seconds.
    public var silenceMax = 60.0
    /// How far a time stamp may lie ahead of now, seconds.
    public var aheadMax = 5.0
    /// How old a tracklet may be against what is known of its track to be taken in at its own time, seconds.
    public var lagMax = 3.0
    /// Joint log-likelihood ratio from which on a track that no nation believes by itself is believed.
    public var confirmEvidence = 5.0
    /// What each further nation's evidence is raised by when it is added to the first one's, as all hold the same prior
    /// against the track: the log odds of a false to a true beginning.
    public var priorEvidence = 4.0
    /// White acceleration noise with which a partner's whole track is foretold, m²/s³.
    public var wholeTrackNoise = 5.0
    /// What is supposed of a partner's offset before any is known, one standard deviation: metres, seconds.
    public var placePrior = 300.0
    public var clockPrior = 0.5
    /// How it may drift in a second, one standard deviation: metres, seconds.
    public var placeDrift = 0.1
    public var clockDrift = 0.0002
    /// Least offset that is corrected: metres, seconds.
    public var placeLeast = 15.0
    public var clockLeast = 0.03
    /// How many times its covariance an innovation is taken for, as those of one track are alike.
    public var innovationCorrelation = 5.0
    /// Seconds in which each track is looked after once.
    public var sweepPeriod = 1.0

    public init() {}
}
