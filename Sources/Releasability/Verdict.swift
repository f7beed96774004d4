public import Air
public import Geodesy

/// Why something is withheld: the first rule that it breaks.
///
/// The order is that in which the rules are asked; of several agreements, the one that came farthest is cited.
public enum Refusal: UInt8, Hashable, Comparable, Sendable, CaseIterable {
    // Of the label, the audience and the realm.
    case noLabel = 1
    case unknownPolicy
    case unknownClassification
    case unknownCaveat
    case noOriginator
    case wrongRealm
    case ownNation
    case unknownAudience
    case notCleared
    case notClearedForCaveat
    case notReleasableTo
    // Of the datum.
    case badPosition
    case badTime
    // Of each agreement.
    case noAgreement
    case otherRealm
    case noLongerInForce
    case notYetInForce
    case kindNotCovered
    case originatorNotCovered
    case policyNotCovered
    case classificationNotCovered
    case caveatNotCovered
    case onwardNever
    case originatorControl
    case forbidden
    case outsideArea
    case outsideHeights
    case tooYoung

    /// The rule's name, the same in texts, files and messages.
    public var name: String {
        switch self {
        case .noLabel: "no-label"
        case .unknownPolicy: "unknown-policy"
        case .unknownClassification: "unknown-classification"
        case .unknownCaveat: "unknown-caveat"
        case .noOriginator: "no-originator"
        case .wrongRealm: "wrong-realm"
        case .ownNation: "own-nation"
        case .unknownAudience: "unknown-audience"
        case .notCleared: "not-cleared"
        case .notClearedForCaveat: "not-cleared-for-caveat"
        case .notReleasableTo: "not-releasable-to"
        case .badPosition: "bad-position"
        case .badTime: "bad-time"
        case .noAgreement: "no-agreement"
        case .otherRealm: "other-realm"
        case .noLongerInForce: "no-longer-in-force"
        case .notYetInForce: "not-yet-in-force"
        case .kindNotCovered: "kind-not-covered"
        case .originatorNotCovered: "originator-not-covered"
        case .policyNotCovered: "policy-not-covered"
        case .classificationNotCovered: "classification-not-covered"
        case .caveatNotCovered: "caveat-not-covered"
        case .onwardNever: "onward-never"
        case .originatorControl: "originator-control"
        case .outsideArea: "outside-area"
        case .outsideHeights: "outside-heights"
        case .tooYoung: "too-young"
        case .forbidden: "forbidden"
        }
    }

    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A decision as the machine keeps it: sixteen bytes, no reference.
@frozen public struct Verdict: Hashable, Sendable {
    /// Nil where the goods may go.
    public var refusal: Refusal?
    /// What the receiver may do with them.
    public var onward: Onward
    /// The agreement that decided, an index of `Policy.agreements`; `noAgreement` where none did.
    public var agreement: UInt16
    public var redactions: Redactions

    @usableFromInline init(refusal: Refusal?, onward: Onward, agreement: UInt16, redactions: Redactions) {
        self.refusal = refusal
        self.onward = onward
        self.agreement = agreement
        self.redactions = redactions
    }

    /// The index that no agreement has.
    @inlinable public static var noAgreement: UInt16 { .max }

    /// Withheld.
    @inlinable static func withheld(_ refusal: Refusal, by agreement: UInt16 = noAgreement) -> Self {
        Self(refusal: refusal, onward: .never, agreement: agreement, redactions: Redactions())
    }

    @inlinable public var isReleased: Bool { self.refusal == nil }
}

/// What is asked for: the facts of a datum on which a decision rests.
public struct Goods: Hashable, Sendable {
    public var kind: GoodsKind
    public var label: Label?
    public var realm: Realm
    /// Nil for what has no place. A height that is not finite is not known.
    public var position: Geodetic?
    public var measuredAt: Timestamp

    public init(_ kind: GoodsKind, label: Label?, realm: Realm, position: Geodetic?, measuredAt: Timestamp) {
        self.kind = kind
        self.label = label
        self.realm = realm
        self.position = position
        self.measuredAt = measuredAt
    }
}

/// The facts of a datum that differ from one to the next, without a reference.
@frozen public struct Spot: Hashable, Sendable {
    /// Radians and metres; a height that is not finite is not known.
    public var position: Geodetic
    public var hasPosition: Bool
    public var measuredAt: Timestamp

    @inlinable public init(position: Geodetic?, measuredAt: Timestamp) {
        // Without a place there is no height either.
        self.position = position ?? Geodetic(latitude: 0, longitude: 0, height: .nan)
        self.hasPosition = position != nil
        self.measuredAt = measuredAt
    }

    /// How far ahead of the node's clock a time of measurement may be, nanoseconds: sensors' clocks differ.
    @usableFromInline static let aheadMax: Int64 = 10_000_000_000

    /// What is wrong with it, if anything.
    @inline(__always) func refusal(at time: Timestamp) -> Refusal? {
        if self.hasPosition {
            // Not a number is within no bounds.
            guard abs(self.position.latitude) <= .pi / 2, abs(self.position.longitude) <= .pi else {
                return .badPosition
            }
        }
        let (age, overflow) = time.nanoseconds.subtractingReportingOverflow(self.measuredAt.nanoseconds)
        return overflow || age < -Self.aheadMax ? .badTime : nil
    }
}
