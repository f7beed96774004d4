import Testing

@testable import SensorFormats

/// What the unchecked code relies on, said above `AsterixFieldWriter` and `AsterixOctetWriter`, held against each table.
@Suite("Bounds of the generated code") struct AsterixBoundsTests {
    private typealias Kind = AsterixLayout.Kind

    /// The room that the octets' writer has for each field, less the word that is stored beyond its end.
    private static let roomForField = 280 - 8

    /// Goes through a node and those within it; `opened` octets of lengths and specifications stand before it.
    private func check(_ index: Int, of plan: AsterixEncodePlan, opened: Int, _ parts: inout Int) {
        let node = plan.node(index)
        func check(parts range: Range<Int>) {
            for index in range {
                let part = plan.part(index)
                let chunks = (0..<Int(part.chunkCount)).map { plan.chunk(Int(part.chunks) + $0) }
                let fields = chunks.reduce(0) { $0 + Int($1.fieldCount) }
                parts += 1
                #expect(fields >= 1 && part.octets >= 1, "part \(part.id)")
                #expect(fields + Int(part.spareCount) <= 8 * Int(part.octets), "part \(part.id)")
                #expect(opened + Int(part.octets) <= Self.roomForField, "part \(part.id)")
                for chunk in chunks { #expect(chunk.isPlace ? chunk.octets <= 254 : chunk.octets <= 8) }
            }
        }
        let first = Int(node.first)
        switch node.kind {
        case Kind.fixed, Kind.extended: check(parts: first..<first + Int(node.count))
        case Kind.repetitiveFX: check(parts: first..<first + 1)
        case Kind.repetitive:
            #expect((1...2).contains(node.octets), "count \(node.firstID)")
            self.check(first, of: plan, opened: opened + Int(node.octets), &parts)
        case Kind.compound:
            let octets = node.octets == 0 ? (Int(node.count) + 6) / 7 : Int(node.octets)
            #expect((1...8).contains(octets), "specification \(node.firstID)")
            for slot in 0..<Int(node.count) where plan.child(first + slot) >= 0 {
                self.check(plan.child(first + slot), of: plan, opened: opened + octets, &parts)
            }
        case Kind.explicit:
            if first >= 0 { self.check(first, of: plan, opened: opened + 1, &parts) }
        default: Issue.record("a node of kind \(node.kind) has no code")
        }
    }

    @Test(
        "no octet gives more than eight fields, and what stands before and in a part has room",
        arguments: AsterixEditions.known.filter { AsterixGenerated.number(of: $0) != 0 })
    func bounds(edition: AsterixEdition) throws {
        let plan = AsterixEncodePlan(try #require(AsterixLayouts.all[edition]))
        var parts = 0
        let profile = plan.profiles[0]
        for slot in 0..<profile.count where plan.child(profile.children + slot) >= 0 {
            self.check(plan.child(profile.children + slot), of: plan, opened: (profile.count + 6) / 7, &parts)
        }
        #expect(parts > 5)
    }
}
