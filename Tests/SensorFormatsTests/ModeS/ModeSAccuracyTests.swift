import SensorFormats
import Testing

@Suite("Accuracy and integrity of ADS-B") struct ModeSAccuracyTests {
    /// Type code, supplements A and B (or C on the ground), version, NIC, containment in metres.
    ///
    /// RTCA DO-260B, tables 2-14 and N-1 to N-4.
    private static let rows: [(UInt8, Bool, Bool, UInt8, UInt8, Double?)] = [
        (9, false, false, 2, 11, 7.5), (10, false, false, 2, 10, 25), (11, true, true, 2, 9, 75),
        (11, false, false, 2, 8, 185.2), (12, false, false, 2, 7, 370.4), (13, false, true, 2, 6, 555.6),
        (13, false, false, 2, 6, 926), (13, true, true, 2, 6, 1111.2), (14, false, false, 2, 5, 1852),
        (15, false, false, 2, 4, 3704), (16, true, true, 2, 3, 7408), (16, false, false, 2, 2, 14816),
        (17, false, false, 2, 1, 37040), (18, false, false, 2, 0, nil), (20, false, false, 2, 11, 7.5),
        (21, false, false, 2, 10, 25), (22, false, false, 2, 0, nil), (5, false, false, 2, 11, 7.5),
        (6, false, false, 2, 10, 25), (7, true, false, 2, 9, 75), (7, false, false, 2, 8, 185.2),
        (8, true, true, 2, 7, 370.4), (8, true, false, 2, 6, 555.6), (8, false, true, 2, 6, 1111.2),
        (8, false, false, 2, 0, nil), (11, true, false, 1, 9, 75), (13, true, false, 1, 6, 1111.2),
        (16, true, false, 1, 3, 7408), (8, true, true, 1, 0, nil), (11, true, true, 0, 8, 185.2),
        (16, true, true, 0, 2, 18520),
    ]

    @Test("NIC and containment are those of the standard's tables", arguments: rows.indices)
    func integrity(index: Int) {
        let (typeCode, a, b, version, category, containment) = Self.rows[index]
        let got = ModeSAccuracy.integrity(typeCode: typeCode, a: a, bOrC: b, version: version)
        #expect(got.category == category)
        #expect((got.containment ?? -1).rounded() == (containment ?? -1).rounded())
    }

    @Test("a better category never means a larger error") func order() {
        let position = (1...11).compactMap { ModeSAccuracy.positionRadius(category: UInt8($0)) }
        #expect(position.count == 11)
        #expect(zip(position, position.dropFirst()).allSatisfy { $0 > $1 })
        #expect(ModeSAccuracy.positionRadius(category: 0) == nil)
        #expect(ModeSAccuracy.positionRadius(category: 12) == nil)
        let velocity = (1...4).map { ModeSAccuracy.velocityRadius(category: $0) }
        #expect(zip(velocity, velocity.dropFirst()).allSatisfy { $0 > $1 })
        #expect(ModeSAccuracy.velocityRadius(category: 0) == 20)
        let types = (9...18).map { ModeSAccuracy.positionRadius(typeCode: $0) }
        #expect(zip(types, types.dropFirst()).allSatisfy { $0 <= $1 })
    }
}
