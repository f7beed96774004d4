/// What the categories that an aircraft sends say in metres.
public enum ModeSAccuracy {
    /// Metres of one nautical mile.
    static let mile = 1852.0

    /// The radius that holds 95 % of a circular normal distribution, in standard deviations of one axis: √(−2 ln 0.05).
    public static let radius95 = 2.4477468306808166

    /// The 95 % radius below which an accuracy is not believed of a source without integrity: that of NACp 8, 0.05 NM,
    /// which 14 CFR 91.227 (c) asks of every aircraft. A rule of this project.
    public static let unassuredRadius = 0.05 * 1852

    /// How many standard deviations of one axis the containment radius is, by SIL: √(−2 ln p).
    ///
    /// p is 10⁻³, 10⁻⁵ and 10⁻⁷ for 1, 2 and 3; SIL 0 promises nothing and is read as 5 %.
    ///
    /// Source: RTCA DO-260B, table 2-72 (SIL).
    public static func containmentFactor(level: UInt8) -> Double {
        switch level {
        case 1: 3.7169221888498383
        case 2: 4.798525912188081
        case 3: 5.67769242755511
        default: self.radius95
        }
    }

    /// NUCp, the navigation uncertainty category of a version 0 position, 0...9.
    ///
    /// Source: RTCA DO-260, table 2-11.
    public static func uncertaintyCategory(typeCode: UInt8) -> UInt8 {
        switch typeCode {
        case 5...8: 14 - typeCode
        case 9...18: 18 - typeCode
        case 20: 9
        case 21: 8
        default: 0
        }
    }

    /// EPU, the radius about the position that holds the true one with 95 %, metres; nil for 0 (unknown) and above 11.
    ///
    /// Source: RTCA DO-260B, table 2-71 (NACp).
    public static func positionRadius(category: UInt8) -> Double? {
        switch category {
        case 1: 10 * self.mile
        case 2: 4 * self.mile
        case 3: 2 * self.mile
        case 4: self.mile
        case 5: 0.5 * self.mile
        case 6: 0.3 * self.mile
        case 7: 0.1 * self.mile
        case 8: 0.05 * self.mile
        case 9: 30
        case 10: 10
        case 11: 3
        default: nil
        }
    }

    /// The 95 % radius that the type code of a version 0 position stands for, metres.
    ///
    /// Type codes 8, 18 and 22 say that the accuracy is not known: taken as the worst the table has, 10 NM in the air
    /// and 0.5 NM on the ground.
    ///
    /// Source: RTCA DO-260A, appendix N, table N-4 (NUCp).
    public static func positionRadius(typeCode: UInt8) -> Double {
        switch typeCode {
        case 5, 9, 20: 3
        case 6, 10, 21: 10
        case 7, 11: 0.05 * self.mile
        case 12: 0.1 * self.mile
        case 13: 0.25 * self.mile
        case 14: 0.5 * self.mile
        case 15: self.mile
        case 16: 5 * self.mile
        case 8: 0.5 * self.mile
        default: 10 * self.mile
        }
    }

    /// The 95 % bound of the horizontal velocity error, metres per second, by NACv or NUCr.
    ///
    /// Category 0 is "unknown, or 10 and more": taken as 20.
    ///
    /// Source: RTCA DO-260B, table 2-22 (NACv).
    public static func velocityRadius(category: UInt8) -> Double {
        switch category {
        case 1: 10
        case 2: 3
        case 3: 1
        case 4: 0.3
        default: 20
        }
    }

    /// R_C, the radius of containment of a NIC, metres, the largest where the category has several; nil for 0.
    ///
    /// Source: RTCA DO-260B, table 2-14 (NIC).
    public static func containmentRadius(category: UInt8) -> Double? {
        switch category {
        case 1: 20 * self.mile
        case 2: 8 * self.mile
        case 3: 4 * self.mile
        case 4: 2 * self.mile
        case 5: self.mile
        case 6: 0.6 * self.mile
        case 7: 0.2 * self.mile
        case 8: 0.1 * self.mile
        case 9: 75
        case 10: 25
        case 11: 7.5
        default: nil
        }
    }

    /// NIC and its radius of containment R_C in metres; nil where the integrity is unknown.
    ///
    /// - Parameters:
    ///   - typeCode: of the position.
    ///   - a: NIC supplement A (version 1: the only one).
    ///   - bOrC: NIC supplement B of an airborne, C of a surface position (version 2).
    ///   - version: 0, 1, 2.
    ///
    /// Source: RTCA DO-260B, tables N-1 to N-4 and 2-14.
    public static func integrity(typeCode: UInt8, a: Bool, bOrC: Bool, version: UInt8) -> (
        category: UInt8, containment: Double?
    ) {
        let hasA = version >= 1 && a
        let hasBOrC = version >= 2 && bOrC
        switch typeCode {
        case 5, 9, 20: return (11, 7.5)
        case 6, 10, 21: return (10, 25)
        case 7: return hasA && !hasBOrC ? (9, 75) : (8, 0.1 * self.mile)
        case 8 where version >= 2:
            switch (hasA, hasBOrC) {
            case (true, true): return (7, 0.2 * self.mile)
            case (true, false): return (6, 0.3 * self.mile)
            case (false, true): return (6, 0.6 * self.mile)
            case (false, false): return (0, nil)
            }
        case 11: return hasA && (version == 1 || hasBOrC) ? (9, 75) : (8, 0.1 * self.mile)
        case 12: return (7, 0.2 * self.mile)
        case 13:
            if version >= 2, !hasA, hasBOrC { return (6, 0.3 * self.mile) }
            return hasA ? (6, 0.6 * self.mile) : (6, 0.5 * self.mile)
        case 14: return (5, self.mile)
        case 15: return (4, 2 * self.mile)
        case 16:
            return hasA && (version == 1 || hasBOrC)
                ? (3, 4 * self.mile) : (2, version == 0 ? 10 * self.mile : 8 * self.mile)
        case 17: return (1, 20 * self.mile)
        default: return (0, nil)
        }
    }
}
