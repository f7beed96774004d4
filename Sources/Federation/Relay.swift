public import Air
internal import Geodesy
public import Ledger
public import Releasability

/// Passing on to one partner what another said: the originator's own signed entry inside a record of this nation.
///
///     kind "relay.entry", field "entry": the entry as it was received
///
/// One hop: what was passed on is passed on no further, and nothing goes back to its originator. Whether it may go is decided as
/// for any other goods, by the originator's label and this nation's agreement.
extension Record {
    static let relayKind = "relay.entry"

    /// A record that passes on an entry that a partner said to this nation.
    ///
    /// - Parameters:
    ///   - entry: as it took effect: verified, and of the partner's own.
    ///   - number: as that of any record; one for each entry.
    ///   - policy: in whose words the label is judged.
    /// Nil for what was itself passed on, for statements that are of its lane alone, and for what says no label.
    public init?(passingOn entry: Entry, number: UInt64, in policy: Policy) {
        let statement = entry.leaf.statement
        guard statement.kind != Self.relayKind, statement.lane.nation != policy.nation, let id = entry.recordID,
            let goods = LaneEntry.facts(of: entry.body, realm: statement.lane.realm, in: policy)?.goods,
            goods.label?.originators == [statement.lane.nation]
        else { return nil }
        self.init(
            number: number, id: "\(statement.lane.nation)/\(id)", kind: Self.relayKind, goods: goods.kind,
            label: goods.label, position: goods.position, measuredAt: goods.measuredAt,
            fields: [Field("entry", .bytes(entry.encoded))], references: [entry.leaf.hash],
            isUrgent: goods.kind == .warnings)
        self.originator = statement.lane.nation
    }
}

/// Why what a partner passes on is not believed.
public enum RelayRefusal: Error, Hashable, Sendable {
    /// It is not passed on.
    case notRelayed
    /// The entry inside is none, or not signed by a node of its nation.
    case entry(EntryRefusal)
    /// It is this nation's own, or the partner's own: neither is passed on by the partner.
    case wrongNation(Nation)
    /// It is under another label, or of other goods, than it says outside.
    case otherGoods
}

/// What a nation said, as a partner passed it on.
public struct RelayedEntry: Hashable, Sendable {
    /// The originator's own entry.
    public let entry: Entry
    /// Who passed it on.
    public let via: Nation
    /// The originator's name for it: what comes by two ways, or directly too, is the same; the first wins.
    public let id: String

    /// Whose.
    public var originator: Nation { self.entry.leaf.statement.lane.nation }

    /// Verifies what a partner passes on.
    ///
    /// - Parameters:
    ///   - outer: the partner's entry, as it took effect.
    ///   - receiver: this nation.
    ///   - keys: of the nodes of all nations that are known.
    /// - Throws: `RelayRefusal`. One verification of Ed25519.
    public init(_ outer: Entry, for receiver: Nation, keys: KeyRing) throws(RelayRefusal) {
        guard outer.leaf.statement.kind == Record.relayKind, case .bytes(let octets) = outer.body["entry"] else {
            throw .notRelayed
        }
        let via = outer.leaf.statement.lane.nation
        do throws(EntryRefusal) {
            let entry = try Entry(parsing: octets)
            guard entry.leaf.statement.lane.realm == outer.leaf.statement.lane.realm else {
                throw .wrongRealm(entry.leaf.statement.lane.realm)
            }
            try entry.leaf.verifySignature(keys: keys)
            self.entry = entry
        } catch { throw .entry(error) }
        let originator = self.entry.leaf.statement.lane.nation
        guard originator != receiver, originator != via else { throw .wrongNation(originator) }
        // What the originator said to the partner, and to nobody else, is what can be passed on by it.
        guard self.entry.leaf.statement.lane.audience == via.description else { throw .wrongNation(originator) }
        guard let id = self.entry.recordID, outer.recordID == "\(originator)/\(id)",
            self.entry.body["goods"] == outer.body["goods"], let inside = LabelWords(self.entry.body["label"]),
            let outside = LabelWords(outer.body["label"]), outside.policy == inside.policy,
            outside.classification == inside.classification, outside.originators == inside.originators,
            outside.releasableTo == inside.releasableTo, outside.caveats == inside.caveats,
            outside.onward <= inside.onward
        else { throw .otherGoods }
        self.via = via
        self.id = id
    }
}
