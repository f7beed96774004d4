public import Air
public import Ledger
public import Releasability

/// On what terms something is shown: a change of any of them is a change of verdict.
public struct DisclosureTerms: Hashable, Sendable {
    /// What kind of goods.
    public var kind: GoodsKind
    /// The name of the agreement that permits it.
    public var rule: String
    /// What is taken out.
    public var redactions: Redactions
    /// What the audience may do with it.
    public var onward: Onward
    /// The digest of its label.
    public var label: LedgerHash

    public init(kind: GoodsKind, rule: String, redactions: Redactions, onward: Onward, label: LedgerHash) {
        self.kind = kind
        self.rule = rule
        self.redactions = redactions
        self.onward = onward
        self.label = label
    }

    /// What is taken out, in words.
    public var taken: String {
        var parts: [String] = []
        if self.redactions.positionGrid > 0 { parts.append("places within \(self.redactions.positionGrid) m") }
        if self.redactions.timeGrid > 0 { parts.append("times within \(self.redactions.timeGrid) ms") }
        for (name, part) in Redactions.Parts.names where self.redactions.parts.contains(part) { parts.append(name) }
        return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
    }

    /// `[ kind, rule, [ position grid m, time grid ms, parts ], onward, label ]`
    var value: CBOR {
        .array([
            .text(self.kind.description), .text(self.rule),
            .array([
                .unsigned(UInt64(self.redactions.positionGrid)), .unsigned(UInt64(self.redactions.timeGrid)),
                .unsigned(UInt64(self.redactions.parts.rawValue)),
            ]), .unsigned(UInt64(self.onward.rawValue)), .bytes(self.label.octets),
        ])
    }

    init?(_ value: CBOR) {
        guard case .array(let items) = value, items.count == 5, case .text(let name) = items[0],
            let kind = GoodsKind(name), kind.description == name, case .text(let rule) = items[1],
            1...Self.ruleMax ~= rule.utf8.count, case .array(let taken) = items[2], taken.count == 3,
            case .unsigned(let grid) = taken[0], let positionGrid = UInt32(exactly: grid),
            case .unsigned(let step) = taken[1], let timeGrid = UInt32(exactly: step),
            case .unsigned(let bits) = taken[2], bits < 8, case .unsigned(let way) = items[3],
            let onward = UInt8(exactly: way).flatMap({ Onward(rawValue: $0) }), case .bytes(let octets) = items[4],
            let label = LedgerHash(octets)
        else { return nil }
        self.init(
            kind: kind, rule: rule,
            redactions: Redactions(
                positionGrid: positionGrid, timeGrid: timeGrid, parts: Redactions.Parts(rawValue: UInt8(bits))),
            onward: onward, label: label)
    }

    /// Octets of the name of a rule at most.
    static var ruleMax: Int { 256 }
}

/// The number of terms in one book, so that they are compared at once. It is never sent or stored.
public struct TermsID: Hashable, Sendable {
    let rawValue: UInt32
}
