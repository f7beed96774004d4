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
    static func fields(
        _ record: Record, _ label: Label, late: LedgerHash?, in policy: Policy
    ) -> (fields: [(name: String, value: CBOR)], label: LedgerHash)? {
        guard let words = LabelWords(label, in: policy) else { return nil }
        var fields = record.fields.map { (name: $0.name, value: $0.value) }
        fields.append(("id", .text(record.id)))
        fields.append(("label", words.value))
        fields.append(("goods", .text(record.goods.description)))
        fields.append(("measured", CBOR(record.measuredAt.nanoseconds)))
        if let place = record.position {
            fields.append(
                (
                    "place",
                    .array([
                        .double(place.latitude), .double(place.longitude),
                        place.height.isFinite ? .double(place.height) : .null,
                    ])
                ))
        }
        if late != nil { fields.append(("late", .true)) }
        return (fields, LedgerHash(hashing: words.encoded.span))
    }

    /// What an entry's release rests on; nil where it is no record, or says too little.
    static func goods(of body: EntryBody, realm: Realm, in policy: Policy) -> Goods? {
        guard case .text(let name) = body["goods"], let kind = GoodsKind(name), let words = LabelWords(body["label"]),
            let measured = body["measured"]?.integer
        else { return nil }
        var position: Geodetic?
        if case .array(let place) = body["place"], place.count == 3, case .double(let latitude) = place[0],
            case .double(let longitude) = place[1]
        {
            var height = Double.nan
            if case .double(let value) = place[2] { height = value }
            position = Geodetic(latitude: latitude, longitude: longitude, height: height)
        }
        return Goods(
            kind, label: words.label(in: policy), realm: realm, position: position,
            measuredAt: Timestamp(nanoseconds: measured))
    }

    /// The copy of an own entry that its audience may see now, as it is sent.
    ///
    /// What was released when it was entered, and is not any more, goes as a leaf alone: its place in the log stays.
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
        if let goods = Self.goods(of: body, realm: entry.leaf.statement.lane.realm, in: policy),
            policy.verdict(goods, to: .nation(audience), at: now).isReleased
        {
            return (entry.encoded, false)
        }
        return (entry.withholding { _ in true }.encoded, true)
    }
}
