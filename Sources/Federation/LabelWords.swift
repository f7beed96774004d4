public import Air
internal import Ledger
public import Releasability

extension LabelWords {
    /// Names of caveats or nations at most.
    static var namesMax: Int { 702 }
    /// Octets of a name at most.
    static var nameMax: Int { 256 }

    /// A label in the words of a policy; nil where it has one that the policy does not know: such goods are not released.
    public init?(_ label: Label, in policy: Policy) {
        guard let name = policy.vocabulary.name(of: label.policy),
            let level = policy.name(ofClassification: label.classification, in: label.policy)
        else { return nil }
        var caveats: [String] = []
        for caveat in label.caveats.caveats {
            guard let name = policy.vocabulary.name(of: caveat) else { return nil }
            caveats.append(name)
        }
        caveats.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        guard ([name, level] + caveats).allSatisfy({ $0.utf8.count <= Self.nameMax }) else { return nil }
        self.init(
            policy: name, classification: level, originators: label.originators.nations,
            releasableTo: label.releasableTo?.nations,
            isReleasableToPublic: label.releasableTo?.includesPublic ?? false, caveats: caveats, onward: label.onward)
    }

    /// The label in a policy's own numbers: a word that it does not know is unknown, and goods under it go nowhere.
    public func label(in policy: Policy) -> Label {
        var id = policy.vocabulary.policy(self.policy)
        var level: UInt8 = .max
        if let names = policy.orders.first(where: { $0.policy == id })?.names,
            let place = names.firstIndex(where: { $0.utf8.elementsEqual(self.classification.utf8) }), place < 256
        {
            level = UInt8(place)
        } else {
            id = .unknown
        }
        var caveats: CaveatSet = []
        for name in self.caveats { caveats.formUnion(CaveatSet(policy.vocabulary.caveat(name))) }
        var releasableTo = self.releasableTo.map { NationSet($0) }
        if self.isReleasableToPublic { releasableTo?.includesPublic = true }
        return Label(
            policy: id, classification: level, originators: NationSet(self.originators), releasableTo: releasableTo,
            caveats: caveats, onward: self.onward)
    }

    /// The deterministic encoding: `[ policy, level, [ originator … ], nil or [ nation … ], public, [ caveat … ], onward ]`.
    public var encoded: [UInt8] {
        var writer = PlainWriter()
        writer.head(4, 7)
        writer.text(self.policy)
        writer.text(self.classification)
        writer.head(4, UInt64(self.originators.count))
        for nation in self.originators { writer.text(nation.description) }
        if let releasableTo {
            writer.head(4, UInt64(releasableTo.count))
            for nation in releasableTo { writer.text(nation.description) }
        } else {
            writer.null()
        }
        writer.unsigned(self.isReleasableToPublic ? 1 : 0)
        writer.head(4, UInt64(self.caveats.count))
        for caveat in self.caveats { writer.text(caveat) }
        writer.unsigned(UInt64(self.onward.rawValue))
        return writer.octets
    }

    /// Reads the encoding; nil for anything else.
    public init?(encoded octets: [UInt8]) {
        var reader = PlainReader(octets, from: 0)
        do throws(PlainError) {
            try self.init(&reader)
            try reader.end()
        } catch { return nil }
    }

    init(_ reader: inout PlainReader) throws(PlainError) {
        try reader.array(7)
        let policy = try reader.text(countMax: Self.nameMax)
        let classification = try reader.text(countMax: Self.nameMax)
        let originators = try Self.nations(&reader)
        let releasableTo = reader.null() ? nil : try Self.nations(&reader)
        let isPublic = try reader.unsigned(max: 1) == 1
        // Nobody has said it, or somebody has.
        guard releasableTo != nil || !isPublic else { throw reader.error }
        var caveats: [String] = []
        for _ in 0..<(try reader.unsignedCount(4, Self.namesMax)) {
            let caveat = try reader.text(countMax: Self.nameMax)
            if let last = caveats.last, !last.utf8.lexicographicallyPrecedes(caveat.utf8) { throw reader.error }
            caveats.append(caveat)
        }
        guard let onward = Onward(rawValue: UInt8(try reader.unsigned(max: 255))) else { throw reader.error }
        self.init(
            policy: policy, classification: classification, originators: originators, releasableTo: releasableTo,
            isReleasableToPublic: isPublic, caveats: caveats, onward: onward)
    }

    private static func nations(_ reader: inout PlainReader) throws(PlainError) -> [Nation] {
        var nations: [Nation] = []
        for _ in 0..<(try reader.unsignedCount(4, Self.namesMax)) {
            let code = try reader.text(countMax: 2)
            guard let nation = Nation(code), nation.description == code, nations.last.map({ $0 < nation }) ?? true
            else { throw reader.error }
            nations.append(nation)
        }
        return nations
    }

    /// The same as a value for the body of an entry.
    var value: CBOR {
        .array([
            .text(self.policy), .text(self.classification), .array(self.originators.map { .text($0.description) }),
            self.releasableTo.map { .array($0.map { .text($0.description) }) } ?? .null,
            .unsigned(self.isReleasableToPublic ? 1 : 0), .array(self.caveats.map { .text($0) }),
            .unsigned(UInt64(self.onward.rawValue)),
        ])
    }

    init?(_ value: CBOR?) {
        guard let value else { return nil }
        self.init(encoded: value.encoded)
    }
}
