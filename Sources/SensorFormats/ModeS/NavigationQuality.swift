/// What an aircraft says of how good its navigation is, gathered from its status messages; fixed size.
///
/// Source: RTCA DO-260B, 2.2.3.2.7; the version decides how the codes are read (N.3).
public struct NavigationQuality: Hashable, Sendable {
    /// ADS-B version, 0 DO-260, 1 DO-260A, 2 DO-260B; nil until the aircraft says (then read as 0).
    public internal(set) var version: UInt8?
    /// NACp, navigation accuracy category for position, 0...11; nil in version 0 and until the aircraft says.
    public internal(set) var accuracyCategory: UInt8?
    /// NACv (version 0: NUCr), navigation accuracy category for velocity, 0...4.
    public internal(set) var velocityAccuracyCategory: UInt8?
    /// SIL, source integrity level, 0...3.
    public internal(set) var integrityLevel: UInt8?
    /// Whether the SIL is per sample rather than per hour.
    public internal(set) var isIntegrityPerSample = false
    /// SDA, system design assurance, 0...3 (version 2).
    public internal(set) var designAssurance: UInt8?
    /// GVA, geometric vertical accuracy, 0...2 (version 2).
    public internal(set) var verticalAccuracy: UInt8?
    /// NICbaro: the pressure altitude is cross-checked.
    public internal(set) var isBarometricAltitudeChecked: Bool?
    /// NIC supplement A.
    public internal(set) var nicSupplementA = false
    /// NIC supplement C.
    public internal(set) var nicSupplementC = false

    /// Nothing said yet.
    public init() {}

    mutating func note(_ report: OperationalStatus) {
        guard report.version >= 1 else {
            self = NavigationQuality()
            self.version = 0
            return
        }
        self.version = report.version
        self.accuracyCategory = report.accuracyCategory
        self.integrityLevel = report.integrityLevel
        self.isIntegrityPerSample = report.version >= 2 && report.isIntegrityPerSample
        self.designAssurance = report.designAssurance
        self.nicSupplementA = report.nicSupplementA
        if report.subtype == 0 {
            self.isBarometricAltitudeChecked = report.isBarometricAltitudeChecked
            if report.version >= 2 { self.verticalAccuracy = report.verticalAccuracy }
        } else {
            self.nicSupplementC = report.nicSupplementC
            if let category = report.velocityAccuracyCategory { self.velocityAccuracyCategory = category }
        }
    }

    mutating func note(_ report: TargetState) {
        // Subtype 0 is of version 1, subtype 1 of version 2: the message tells the version by itself.
        self.version = max(self.version ?? 0, report.subtype + 1)
        self.accuracyCategory = report.accuracyCategory
        self.integrityLevel = report.integrityLevel
        self.isBarometricAltitudeChecked = report.isBarometricAltitudeChecked
        if report.subtype == 1 { self.isIntegrityPerSample = report.isIntegrityPerSample }
    }

    /// One standard deviation of each horizontal axis of a position, metres.
    ///
    /// The accuracy that the aircraft claims (NACp; in version 0 what the type code stands for) divided by √(−2 ln 0.05).
    /// Where it claims none, its containment divided by √(−2 ln p), p the probability that SIL gives for being outside.
    /// Where it gives neither, 10 NM / √(−2 ln 0.05).
    ///
    /// A claim is no proof: where the system is not assured (SDA 0 in version 2), or the source has no integrity (SIL 0,
    /// or an unknown NIC), no better accuracy than `ModeSAccuracy.unassuredRadius` is believed.
    ///
    /// - Parameters:
    ///   - typeCode: of the position.
    ///   - containment: the radius R_C of its NIC, metres; nil if unknown.
    public func positionDeviation(typeCode: UInt8, containment: Double?) -> Double {
        guard let version = self.version, version >= 1, let category = self.accuracyCategory else {
            return ModeSAccuracy.positionRadius(typeCode: typeCode) / ModeSAccuracy.radius95
        }
        let isAssured = containment != nil && self.integrityLevel != 0 && self.designAssurance != 0
        if let claimed = ModeSAccuracy.positionRadius(category: category) {
            return max(claimed, isAssured ? 0 : ModeSAccuracy.unassuredRadius) / ModeSAccuracy.radius95
        }
        if let containment { return containment / ModeSAccuracy.containmentFactor(level: self.integrityLevel ?? 0) }
        return 10 * ModeSAccuracy.mile / ModeSAccuracy.radius95
    }
}
