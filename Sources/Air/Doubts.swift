/// One rule by which a plot or a track is doubted. A doubt marks; it never hides.
///
/// The raw value is the bit of the rule in `Doubts`; it and the name are stable, so that what was stored can be read.
public enum Doubt: UInt8, Hashable, Sendable, CaseIterable {
    case impossibleMotion = 0
    case duplicateAddress = 1
    case beyondHorizon = 2
    case radarDiffers = 3
    case radarSilent = 4
    case commonShift = 5
    case commonFreeze = 6
    case integrityLoss = 7
    case replay = 8
    case timeReversed = 9
    case fromFuture = 10
    case fromPast = 11
    case altitudeMismatch = 12
    case groundInFlight = 13
    case identityChange = 14
    case reservedAddress = 15

    /// The rule's name, the same in texts, files and messages.
    public var name: String {
        switch self {
        case .impossibleMotion: "impossible-motion"
        case .duplicateAddress: "duplicate-address"
        case .beyondHorizon: "beyond-horizon"
        case .radarDiffers: "radar-differs"
        case .radarSilent: "radar-silent"
        case .commonShift: "common-shift"
        case .commonFreeze: "common-freeze"
        case .integrityLoss: "integrity-loss"
        case .replay: "replay"
        case .timeReversed: "time-reversed"
        case .fromFuture: "from-future"
        case .fromPast: "from-past"
        case .altitudeMismatch: "altitude-mismatch"
        case .groundInFlight: "ground-in-flight"
        case .identityChange: "identity-change"
        case .reservedAddress: "reserved-address"
        }
    }

    /// What the rule says, in one sentence for the operator.
    public var explanation: String {
        switch self {
        case .impossibleMotion: "It moves, climbs or jumps as no aircraft can, or otherwise than its own velocity says."
        case .duplicateAddress: "The same aircraft address is reported at two places at once."
        case .beyondHorizon: "It is said to be where the sensor that reports it cannot see."
        case .radarDiffers: "The position that it broadcasts is not where radar measures the same address."
        case .radarSilent: "It broadcasts from where radar looks, and in several turns no radar has seen it."
        case .commonShift: "The positions of several aircraft of this area jumped together: spoofed navigation."
        case .commonFreeze:
            "The positions of several aircraft of this area stand still in flight: disturbed navigation."
        case .integrityLoss: "Several aircraft of this area lost the accuracy of their navigation together: jamming."
        case .replay: "The same reports came before: a recording may be sent again."
        case .timeReversed: "The sensor's time stamps went back."
        case .fromFuture: "It is stamped with a time that is still to come."
        case .fromPast: "It was stamped long before it was received."
        case .altitudeMismatch: "Pressure altitude and height lie farther apart than the atmosphere allows."
        case .groundInFlight: "It says that it is on the ground, where or as fast as no ground is."
        case .identityChange: "Callsign, code or address changed as they do not in flight."
        case .reservedAddress: "The aircraft address belongs to nobody."
        }
    }

    /// For how long a track keeps the doubt after the last plot that raised it, seconds.
    ///
    /// What is raised anew by each plot of its kind goes soon; what happens at one instant must stay until somebody has
    /// looked.
    public var hold: UInt16 {
        switch self {
        case .impossibleMotion, .duplicateAddress, .commonShift, .commonFreeze, .replay, .timeReversed, .identityChange:
            300
        default: 60
        }
    }
}

/// The rules that a plot or a track has broken.
@frozen public struct Doubts: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The set of one rule.
    @inlinable public init(_ doubt: Doubt) { self.rawValue = 1 &<< UInt16(doubt.rawValue) }

    @inlinable public static var impossibleMotion: Doubts { Doubts(.impossibleMotion) }
    @inlinable public static var duplicateAddress: Doubts { Doubts(.duplicateAddress) }
    @inlinable public static var beyondHorizon: Doubts { Doubts(.beyondHorizon) }
    @inlinable public static var radarDiffers: Doubts { Doubts(.radarDiffers) }
    @inlinable public static var radarSilent: Doubts { Doubts(.radarSilent) }
    @inlinable public static var commonShift: Doubts { Doubts(.commonShift) }
    @inlinable public static var commonFreeze: Doubts { Doubts(.commonFreeze) }
    @inlinable public static var integrityLoss: Doubts { Doubts(.integrityLoss) }
    @inlinable public static var replay: Doubts { Doubts(.replay) }
    @inlinable public static var timeReversed: Doubts { Doubts(.timeReversed) }
    @inlinable public static var fromFuture: Doubts { Doubts(.fromFuture) }
    @inlinable public static var fromPast: Doubts { Doubts(.fromPast) }
    @inlinable public static var altitudeMismatch: Doubts { Doubts(.altitudeMismatch) }
    @inlinable public static var groundInFlight: Doubts { Doubts(.groundInFlight) }
    @inlinable public static var identityChange: Doubts { Doubts(.identityChange) }
    @inlinable public static var reservedAddress: Doubts { Doubts(.reservedAddress) }

    /// Those that say that the place itself is wrong, by an amount that the plot does not know: the tracker believes
    /// such a place less.
    @inlinable public static var ofPlace: Doubts { [.radarDiffers, .commonShift, .commonFreeze] }

    /// Whether a rule is among them.
    @inlinable public func contains(_ doubt: Doubt) -> Bool { self.rawValue & (1 &<< UInt16(doubt.rawValue)) != 0 }

    /// The rules, in the order of their bits.
    public var rules: [Doubt] { Doubt.allCases.filter { self.contains($0) } }

    /// The names of the rules, in the order of their bits.
    public var names: [String] { self.rules.map(\.name) }
}

extension Doubts: CustomStringConvertible {
    /// The names, between commas.
    public var description: String { self.names.joined(separator: ", ") }
}

/// The doubts of a track, each until it was not raised for its `hold`: 34 bytes, no reference.
///
/// An instant is kept as its whole seconds modulo 2¹⁶ (18 hours): a track is dropped after a minute without a plot, and
/// each plot lets go what has aged.
@frozen public struct DoubtLog: Hashable, Sendable {
    /// What is doubted now.
    public private(set) var doubts: Doubts = []
    private var raisedAt = InlineArray<16, UInt16>(repeating: 0)

    @inlinable public init() {}

    /// Notes a plot: what it raises is kept from now on, what has aged is let go.
    ///
    /// - Parameters:
    ///   - raised: the doubts of the plot.
    ///   - instant: when the node received it.
    /// - Complexity: O(number of doubts); with none, one comparison.
    public mutating func note(_ raised: Doubts, at instant: Timestamp) {
        let all = self.doubts.union(raised)
        guard !all.isEmpty else { return }
        let now = UInt16(truncatingIfNeeded: instant.nanoseconds / 1_000_000_000)
        var kept: Doubts = []
        for doubt in Doubt.allCases where all.contains(doubt) {
            let bit = Int(doubt.rawValue)
            if raised.contains(doubt) { self.raisedAt[bit] = now }
            let age = Int16(bitPattern: now &- self.raisedAt[bit])
            // A plot that was received a little earlier does not make the mark old.
            if age <= Int16(doubt.hold), age > -600 { kept.insert(Doubts(doubt)) }
        }
        self.doubts = kept
    }

    public static func == (lhs: Self, rhs: Self) -> Bool {
        guard lhs.doubts == rhs.doubts else { return false }
        for bit in 0..<16 where lhs.raisedAt[bit] != rhs.raisedAt[bit] { return false }
        return true
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.doubts)
        for bit in 0..<16 { hasher.combine(self.raisedAt[bit]) }
    }
}
