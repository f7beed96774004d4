public import Air
public import Releasability
internal import Synchronization

/// What has changed of what an audience may see.
enum ReleasedChange: Sendable {
    case updated(Released<Track>)
    case dropped(TrackID, at: Timestamp)
}

/// The picture as one audience may see it now: its tracks redacted and numbered for it, and nothing else.
///
/// What is in it was released: nothing enters but as `Released<Track>` for this audience.
public final class ReleasedPicture: Sendable {
    /// What goes beside a track.
    public struct Terms: Sendable {
        public var label: Label
        /// The agreement under which it is shown.
        public var agreement: String?
        public var redactions: Redactions
    }

    public let audience: Audience
    /// The name of the audience in addresses and files: `au`, `public`.
    public let name: String
    /// The tracks. Whoever holds it can read only; it is entered here alone.
    public let picture = Picture()
    private let terms = Mutex<[TrackID: Terms]>([:])
    private let policy: Policy

    init(_ audience: Audience, policy: Policy) {
        self.audience = audience
        self.name = audience.name
        self.policy = policy
    }

    /// Enters what was decided for this audience; what is for another one is left out.
    func apply(_ changes: [ReleasedChange]) {
        var entered: [TrackChange] = []
        entered.reserveCapacity(changes.count)
        self.terms.withLock { terms in
            for change in changes {
                switch change {
                case .updated(let released):
                    guard released.audience == self.audience else { continue }
                    let agreement = Int(released.verdict.agreement)
                    terms[released.payload.id] = Terms(
                        label: released.label,
                        agreement: self.policy.agreements.indices.contains(agreement)
                            ? self.policy.agreements[agreement].name : nil,
                        redactions: released.verdict.redactions)
                    entered.append(.updated(released.payload))
                case .dropped(let id, let instant):
                    terms[id] = nil
                    entered.append(.dropped(id, at: instant))
                }
            }
        }
        self.picture.apply(entered)
    }

    /// What goes beside a track; nil if the audience is shown no such track.
    public func terms(of track: TrackID) -> Terms? { self.terms.withLock { $0[track] } }

    /// What goes beside each track.
    public var allTerms: [TrackID: Terms] { self.terms.withLock { $0 } }
}

extension Audience {
    /// The name in addresses and files: `au`, `public`, `operators/ROLE`.
    public var name: String {
        switch self {
        case .nation(let nation): nation.description
        case .everybody: "public"
        case .operators(let role): "operators/\(role)"
        }
    }

    /// An audience by its name; nil for what is none.
    public init?(name: some StringProtocol) {
        if name == "public" {
            self = .everybody
        } else if name.hasPrefix("operators/"), name.utf8.count > 10 {
            self = .operators(role: String(name.dropFirst(10)))
        } else if let nation = Nation(name) {
            self = .nation(nation)
        } else {
            return nil
        }
    }
}
