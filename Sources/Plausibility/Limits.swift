/// The limits of all rules, each with its reason. SI units.
enum Limits {
    // MARK: Motion

    /// Fastest over ground that bears an address, m/s: the SR-71's record is 980 m/s (FAI, 28 July 1976).
    static let speed = 1_000.0
    /// Steepest climb or descent, m/s: the best fighters climb with 330 m/s. Of altitudes; a reported rate is not judged,
    /// for it moves nothing, and some systems send nonsense for it (one of the recordings, in every descent).
    static let climb = 350.0
    /// Hardest acceleration, m/s²: ten times gravity, more than crews stand and airframes are certified for.
    static let acceleration = 100.0
    /// A speed on the ground, m/s, above every take-off and landing (Concorde: 115 m/s).
    static let groundSpeed = 150.0
    /// Uncertainty of the time of a plot against another of the same sensor, and of another sensor, s.
    static let timing = (same: 0.5, other: 2.0)
    /// How far two right places may lie apart beyond their stated errors, m.
    static let slack = 300.0
    /// An error of navigation is believed up to this, m: a claim of more must not excuse every jump.
    static let deviationMax = 500.0
    /// After this silence an aircraft may be anywhere, s.
    static let memory = 120.0
    /// Seconds over which displacement is held against the reported velocity, and the speed by which they may differ, m/s:
    /// 30 m/s is three times the worst category of velocity, NACv 1.
    static let driftSpan = 20.0
    static let driftSpeed = 30.0

    // MARK: Reach

    /// Radius of a sphere on which a ray in the standard atmosphere is straight, m: 4/3 of the Earth's.
    ///
    /// Source: ITU-R P.834; M. Skolnik, "Introduction to Radar Systems", 3rd ed., 8.5.
    static let effectiveRadius = 4.0 / 3 * 6_371_000
    /// Beyond the horizon some things are heard all the same (diffraction, ducts): this share more, and this much, m.
    static let horizonMargin = (share: 1.1, metres: 10_000.0)
    /// Height taken where none is known, m: above it hardly anything flies that bears an address.
    static let heightMax = 15_000.0

    // MARK: Radar against broadcast

    /// Registration error of a radar that is allowed for: azimuth, rad (0.2°).
    static let azimuthBias = 0.0035
    /// Time error of a radar's stamp against the broadcast's, s.
    static let radarTiming = 1.5
    /// Measured and broadcast place are compared if no more than this lies between them, s.
    static let comparison = 6.0
    /// Comparisons in a row that must fail: one in a hundred right plots is a reflection or a garble.
    static let contradictions: UInt8 = 3
    /// Turns in vain: at a detection probability of 0.9, one in ten thousand.
    static let looksInVain = 4.0

    // MARK: Areas

    /// Aircraft that must do the same within `together` seconds, and their share of those in the area.
    static let aircraftTogether = 4
    static let share = 0.3
    static let together: Int64 = 60_000_000_000
    /// An area stays in doubt for this long after the last event, ns.
    static let areaHold: Int64 = 300_000_000_000
    /// Jumps are the same if they differ by less than this share and so many metres.
    static let sameJump = (share: 0.15, metres: 500.0)
    /// Good accuracy, m (NACp 7: 76 m), and lost accuracy (NACp 6: 227 m); one standard deviation.
    static let goodDeviation: Float = 100
    static let lostDeviation: Float = 200

    // MARK: Time

    /// Stamps ahead of reception, s: clocks of sensors keep UTC to milliseconds, ours to less than a second.
    static let future = 2.0
    /// Stamps behind reception, s: twice the longest turn of a radar and the time on the line.
    static let past = 30.0
    /// Stamps behind the sensor's newest, s: within a turn plots may be out of order by some seconds.
    static let reversed = 15.0
    /// A clock that was put back is believed when nothing newer came for this long, s.
    static let reversedBelieved = 60.0

    // MARK: Messages

    /// The same content again is a repetition after this, s: what stands still is repeated sooner, and so never counts.
    static let repeatAge: UInt32 = 30

    /// What moves slower than this, m/s, may be measured at the same place again.
    static let slow = 15.0

    // MARK: Identity

    /// For so long after it was first heard an aircraft's callsign may change, s: ground stations were seen to send that
    /// of the flight before for up to three minutes.
    static let callsignGrace = 180.0

    // MARK: Heights

    /// Pressure altitude and height may differ by this at the ground, m, and by this share of the altitude:
    /// 1013 hPa against 920...1060 hPa at 8.5 m/hPa, the geoid's 100 m; 45 K of 270 K off the standard column.
    static let atmosphere = (metres: 900.0, share: 0.17)
    /// No aerodrome lies higher than 4,411 m (Daocheng Yading); 600 m more for the pressure of the day.
    static let groundAltitude = 5_000.0
}
