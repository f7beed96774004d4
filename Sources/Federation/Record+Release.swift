internal import Air
internal import Disclosure
internal import Geodesy
internal import Ledger
public import Releasability

extension Record: Releasable {
    /// Of no kind by its type: each says its own.
    public static var goodsKind: GoodsKind { .records("any") }

    public var spot: Spot { Spot(position: self.position, measuredAt: self.measuredAt) }

    /// The record without the fields that tell what is taken out. They are not even committed to: what an audience receives
    /// depends on nothing that it may not see.
    public func redacted(_ redactions: Redactions, numbered number: Void) -> Record? {
        guard !redactions.isEmpty else { return self }
        // What another nation signed goes as it was signed, or not at all.
        guard self.originator == nil else { return nil }
        var out: Field.Parts = []
        if redactions.parts.contains(.identities) { out.insert(.identity) }
        if redactions.parts.contains(.height) { out.insert(.height) }
        if redactions.parts.contains(.sensors) { out.insert(.sensors) }
        if redactions.positionGrid > 0 { out.insert(.place) }
        if redactions.timeGrid > 0 { out.insert(.time) }
        var record = self
        record.fields.removeAll { !$0.parts.isDisjoint(with: out) }
        if out.contains(.place) { record.position = nil }
        if out.contains(.height) { record.position?.height = .nan }
        let step = Int64(redactions.timeGrid) * 1_000_000
        if step > 0 {
            let rest = self.measuredAt.nanoseconds % step
            record.measuredAt.nanoseconds &-= rest < 0 ? rest + step : rest
        }
        return record
    }
}

/// What stands in a lane: how it is written, and how it is judged again.
enum LaneEntry {
    /// The fields of a record's body, and the digest of its label; nil where the label has no words.
    ///
    /// What was taken out, and the place and time before, stand in a field that is the originator's alone: by it the entry is
    /// judged again when it is sent. The partner has its commitment.
    static func fields(
        _ record: Record, _ label: Label, late: LedgerHash?, of original: Record, taken: Redactions, in policy: Policy
    ) -> (fields: [(name: String, value: CBOR)], label: LedgerHash)? {
        guard let words = LabelWords(label, in: policy) else { return nil }
        var fields = record.fields.map { (name: $0.name, value: $0.value) }
        fields.append(("id", .text(record.id)))
        fields.append(("label", words.value))
        fields.append(("goods", .text(record.goods.description)))
        fields.append(("measured", CBOR(record.measuredAt.nanoseconds)))
        if let place = record.position { fields.append(("place", Self.value(place))) }
        if !taken.isEmpty {
            fields.append(
                (
                    Self.own,
                    .array([
                        original.position.map { Self.value($0) } ?? .null, CBOR(original.measuredAt.nanoseconds),
                        .unsigned(UInt64(taken.positionGrid)), .unsigned(UInt64(taken.timeGrid)),
                        .unsigned(UInt64(taken.parts.rawValue)),
                    ])
                ))
        }
        if late != nil { fields.append(("late", .true)) }
        return (fields, LedgerHash(hashing: words.encoded.span))
    }

    /// The field that is the originator's alone.
    static let own = "release"

    private static func value(_ place: Geodetic) -> CBOR {
        .array([
            .double(place.latitude), .double(place.longitude), place.height.isFinite ? .double(place.height) : .null,
        ])
    }

    private static func place(_ value: CBOR?) -> Geodetic? {
        guard case .array(let place) = value, place.count == 3, case .double(let latitude) = place[0],
            case .double(let longitude) = place[1]
        else { return nil }
        var height = Double.nan
        if case .double(let value) = place[2] { height = value }
        return Geodetic(latitude: latitude, longitude: longitude, height: height)
    }

    /// What an entry's release rests on, and what was taken out of it.
    struct Facts: Sendable {
        var goods: Goods
        var taken = Redactions()

        /// Whether the entry as it was written may be seen now.
        func mayGo(to audience: Nation, by policy: Policy, at now: Timestamp) -> Bool {
            let verdict = policy.verdict(self.goods, to: .nation(audience), at: now)
            return verdict.isReleased && verdict.redactions.positionGrid <= self.taken.positionGrid
                && verdict.redactions.timeGrid <= self.taken.timeGrid
                && verdict.redactions.parts.isSubset(of: self.taken.parts)
        }
    }

    /// The facts of an own entry; nil where it is no record, or says too little.
    static func facts(of body: EntryBody, realm: Realm, in policy: Policy) -> Facts? {
        guard case .text(let name) = body["goods"], let kind = GoodsKind(name), let words = LabelWords(body["label"]),
            let measured = body["measured"]?.integer
        else { return nil }
        var facts = Facts(
            goods: Goods(
                kind, label: words.label(in: policy), realm: realm, position: Self.place(body["place"]),
                measuredAt: Timestamp(nanoseconds: measured)))
        guard let own = body[Self.own] else { return facts }
        guard case .array(let values) = own, values.count == 5, let time = values[1].integer,
            case .unsigned(let grid) = values[2], let positionGrid = UInt32(exactly: grid),
            case .unsigned(let step) = values[3], let timeGrid = UInt32(exactly: step),
            case .unsigned(let bits) = values[4], let parts = UInt8(exactly: bits)
        else { return nil }
        facts.goods.position = Self.place(values[0])
        facts.goods.measuredAt = Timestamp(nanoseconds: time)
        facts.taken = Redactions(
            positionGrid: positionGrid, timeGrid: timeGrid, parts: Redactions.Parts(rawValue: parts))
        return facts
    }

    /// The copy of an own entry that its audience may see now, as it is sent.
    ///
    /// What was released when it was entered, and is not any more or not as it was, goes as a leaf alone: its place in the log
    /// stays.
    static func copy(
        _ entry: Entry, for audience: Nation, in policy: Policy, at now: Timestamp
    ) -> (octets: [UInt8], isWithheld: Bool) {
        if DisclosureStatement.isKind(entry.leaf.statement.kind) {
            return (entry.withholding(DisclosureStatement.isPrivate).encoded, false)
        }
        // What is passed on is under its originator's own label, of which the one outside is the narrower.
        var body = entry.body
        if entry.leaf.statement.kind == Record.relayKind, case .bytes(let octets) = body["entry"],
            let inner = try? Entry(parsing: octets)
        {
            body = inner.body
        }
        let facts = Self.facts(of: body, realm: entry.leaf.statement.lane.realm, in: policy)
        return Self.copy(entry, facts, for: audience, in: policy, at: now)
    }

    /// The same, of a record whose facts are known.
    static func copy(
        _ entry: Entry, _ facts: Facts?, for audience: Nation, in policy: Policy, at now: Timestamp
    ) -> (octets: [UInt8], isWithheld: Bool) {
        if facts?.mayGo(to: audience, by: policy, at: now) == true {
            return (facts?.taken.isEmpty == true ? entry.encoded : entry.withholding { $0 == Self.own }.encoded, false)
        }
        return (entry.withholding { _ in true }.encoded, true)
    }
}
