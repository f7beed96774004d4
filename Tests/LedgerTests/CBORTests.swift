import Testing

@testable import Ledger

/// Octets by hexadecimal digits.
func octets(_ digits: String) -> [UInt8] {
    var result: [UInt8] = []
    var rest = digits.utf8.filter { $0 != UInt8(ascii: " ") }[...]
    while rest.count >= 2 {
        result.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
        rest = rest.dropFirst(2)
    }
    return result
}

@Suite("Deterministic CBOR")
struct CBORTests {
    static func map(_ pairs: (CBOR, CBOR)...) -> CBOR {
        CBORMap(pairs.map { CBORMap.Pair($0.0, $0.1) }).map(CBOR.map) ?? .null
    }

    /// RFC 8949, appendix A: what has a definite length and the shortest form.
    static let facts: [(CBOR, String)] = [
        (0, "00"), (1, "01"), (10, "0a"), (23, "17"), (24, "1818"), (25, "1819"), (100, "1864"), (1000, "1903e8"),
        (1_000_000, "1a000f4240"), (1_000_000_000_000, "1b000000e8d4a51000"), (.unsigned(.max), "1bffffffffffffffff"),
        (.negative(.max), "3bffffffffffffffff"), (-1, "20"), (-10, "29"), (-100, "3863"), (-1000, "3903e7"),
        (.tagged(2, .bytes(octets("010000000000000000"))), "c249010000000000000000"),
        (.tagged(3, .bytes(octets("010000000000000000"))), "c349010000000000000000"),
        (.double(0), "f90000"), (.double(-0.0), "f98000"), (.double(1), "f93c00"),
        (.double(1.1), "fb3ff199999999999a"), (.double(1.5), "f93e00"), (.double(65504), "f97bff"),
        (.double(100_000), "fa47c35000"), (.double(3.4028234663852886e+38), "fa7f7fffff"),
        (.double(1.0e+300), "fb7e37e43c8800759c"), (.double(5.960464477539063e-8), "f90001"),
        (.double(0.00006103515625), "f90400"), (.double(-4), "f9c400"), (.double(-4.1), "fbc010666666666666"),
        (.double(.infinity), "f97c00"), (.double(.nan), "f97e00"), (.double(-.infinity), "f9fc00"),
        (.false, "f4"), (.true, "f5"), (.null, "f6"), (.simple(23), "f7"), (.simple(16), "f0"), (.simple(255), "f8ff"),
        (.tagged(0, "2013-03-21T20:04:00Z"), "c074323031332d30332d32315432303a30343a30305a"),
        (.tagged(1, 1_363_896_240), "c11a514b67b0"), (.tagged(1, .double(1_363_896_240.5)), "c1fb41d452d9ec200000"),
        (.tagged(23, .bytes([1, 2, 3, 4])), "d74401020304"),
        (.tagged(24, .bytes(octets("6449455446"))), "d818456449455446"),
        (.tagged(32, "http://www.example.com"), "d82076687474703a2f2f7777772e6578616d706c652e636f6d"),
        (.bytes([]), "40"), (.bytes([1, 2, 3, 4]), "4401020304"), ("", "60"), ("a", "6161"), ("IETF", "6449455446"),
        ("\"\\", "62225c"), ("\u{00fc}", "62c3bc"), ("\u{6c34}", "63e6b0b4"), ("\u{10151}", "64f0908591"),
        (.array([]), "80"), (.array([1, 2, 3]), "83010203"),
        (.array([1, .array([2, 3]), .array([4, 5])]), "8301820203820405"),
        (.array((1...25).map { .unsigned($0) }), "98190102030405060708090a0b0c0d0e0f101112131415161718181819"),
        (map(), "a0"), (map((1, 2), (3, 4)), "a201020304"),
        (map(("a", 1), ("b", .array([2, 3]))), "a26161016162820203"),
        (.array(["a", map(("b", "c"))]), "826161a161626163"),
        (
            map(("a", "A"), ("b", "B"), ("c", "C"), ("d", "D"), ("e", "E")),
            "a56161614161626142616361436164614461656145"
        ),
        // §4.2.1: keys in the order of their encodings.
        (
            map((.array([-1]), 8), (.false, 8), (10, 1), (100, 2), (-1, 3), ("z", 4), ("aa", 5), (.array([100]), 6)),
            "a80a0118640220036 17a046261610581186406812008f408"
        ),
    ]

    @Test("the examples of RFC 8949, appendix A, are written and read", arguments: facts.indices)
    func examples(number: Int) throws {
        let (value, digits) = Self.facts[number]
        #expect(value.encoded == octets(digits))
        #expect(try CBOR(parsing: octets(digits)) == value)
    }

    @Test(
        "what a deterministic encoder does not write is refused, with place and reason",
        arguments: [
            ("", .truncated, 0), ("0000", .trailing, 1), ("1817", .notShortest, 0), ("1900ff", .notShortest, 0),
            ("1a0000ffff", .notShortest, 0), ("1b00000000ffffffff", .notShortest, 0), ("3800", .notShortest, 0),
            ("580101", .notShortest, 0), ("7801 61", .notShortest, 0), ("980100", .notShortest, 0),
            ("d80100", .notShortest, 0), ("18", .truncated, 0), ("1903", .truncated, 0),
            ("1b00000000000000", .truncated, 0),
            ("4401", .truncated, 0), ("6261", .truncated, 0), ("8201", .truncated, 0), ("a201", .truncated, 0),
            ("9bffffffffffffffff", .truncated, 0), ("5bffffffffffffffff", .truncated, 0),
            ("bbffffffffffffffff", .truncated, 0), ("1c", .reserved, 0), ("3d", .reserved, 0), ("fe", .reserved, 0),
            ("fc", .reserved, 0), ("f800", .reserved, 0), ("f81f", .reserved, 0), ("f818", .reserved, 0),
            ("5f42010243030405ff", .indefinite, 0), ("7f657374726561646d696e67ff", .indefinite, 0),
            ("9fff", .indefinite, 0), ("83018202039f0405ff", .indefinite, 5),
            ("bf61610161629f0203ffff", .indefinite, 0),
            ("ff", .indefinite, 0), ("fa7f800000", .notShortest, 0), ("fa7fc00000", .notANumber, 0),
            ("faff800000", .notShortest, 0), ("fb7ff0000000000000", .notShortest, 0),
            ("fb7ff8000000000000", .notANumber, 0), ("f97e01", .notANumber, 0), ("f9fe00", .notANumber, 0),
            ("fb3ff8000000000000", .notShortest, 0), ("fa3fc00000", .notShortest, 0),
            ("fb40f86a0000000000", .notShortest, 0), ("61ff", .notUTF8, 0), ("62c328", .notUTF8, 0),
            ("63eda080", .notUTF8, 0), ("a20a010a02", .duplicateKey, 3), ("a2616101616102", .duplicateKey, 4),
            ("a203040102", .unsortedKeys, 3), ("a262616101617a02", .unsortedKeys, 5), ("8200ff", .indefinite, 2),
        ] as [(String, CBORError.Reason, Int)])
    func refusals(digits: String, reason: CBORError.Reason, offset: Int) {
        #expect(throws: CBORError(reason: reason, offset: offset)) { try CBOR(parsing: octets(digits)) }
    }

    @Test("items nest sixteen deep and no deeper; more octets than allowed are refused")
    func depth() throws {
        let deep = [UInt8](repeating: 0x81, count: 15) + [0x80]
        #expect(try CBOR(parsing: deep).encoded == deep)
        #expect(throws: CBORError(reason: .tooDeep, offset: 16)) { try CBOR(parsing: [0x81] + deep) }
        #expect(throws: CBORError(reason: .tooDeep, offset: 16)) {
            try CBOR(parsing: [UInt8](repeating: 0xC1, count: 100_000))
        }
        #expect(throws: CBORError(reason: .tooLong, offset: 4)) {
            try CBOR(parsing: octets("8401020304"), octetsMax: 4)
        }
    }

    @Test("a map keeps no key twice, and text is equal by its octets alone")
    func equality() {
        #expect(CBORMap([.init("a", 1), .init("a", 2)]) == nil)
        #expect(CBORMap([.init("b", 1), .init("a", 2)])?["b"] == 1)
        #expect(CBOR.text("\u{e9}") != .text("e\u{301}"))
        #expect(CBOR.double(.nan) == .double(.nan))
        #expect(CBOR.double(0) != .double(-0.0))
        #expect(CBOR(.min).integer == .min && CBOR(.max).integer == .max)
        #expect(CBOR.unsigned(.max).integer == nil && CBOR.null.integer == nil)
    }

    @Test("what is read is written as it was read, whatever the octets", arguments: [1, 2] as [UInt64])
    func canonical(seed: UInt64) {
        var chance = Seeded(seed)
        let seeds = Self.facts.map { $0.0.encoded }
        var read = 0
        for _ in 0..<10_000 {
            var octets = (seeds.randomElement(using: &chance) ?? []).mutated(using: &chance)
            if Bool.random(using: &chance) { octets = octets.mutated(using: &chance) }
            guard let value = try? CBOR(parsing: octets) else { continue }
            read += 1
            #expect(value.encoded == octets)
        }
        #expect(read > 500)
    }
}
