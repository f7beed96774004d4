import Air
import Releasability
import Testing

@testable import MessageFormats

@Suite("Policies and labels in the formats of others")
struct LabelTests {
    let policies: PolicyCatalogue
    let policy: SecurityPolicy
    init() throws {
        self.policies = try Documents.policies()
        self.policy = try #require(self.policies[Documents.id])
    }

    // MARK: SPIF

    @Test("a policy has what its file says")
    func policyRead() throws {
        #expect(self.policy.name == "LIGHTHOUSE")
        #expect(self.policy.classifications.map(\.name) == ["OPEN", "DIM", "DARK"])
        #expect(self.policy.classifications.map(\.color) == ["green", "#FF8C00", nil])
        #expect(self.policy.classifications.map(\.obsolete) == [false, false, true])
        #expect(self.policy.classification(2)?.equivalents.first?.required.first?.choices.first?.lacv == 1)
        #expect(self.policy.category(Documents.night)?.category.obsolete == true)
        #expect(self.policy.category(Documents.xbb)?.category.name == "XBB & Sons")
        #expect(self.policy.category(Documents.xbb)?.tag.selectionMax == 2)
        #expect(self.policy.category(Documents.fresnel)?.tag.selectionMax == 1)
        #expect(self.policy.category(Documents.log)?.category.equivalents.map(\.key) == [nil])
        #expect(self.policy.category(Documents.fresnel)?.category.line == 28)
        #expect(try self.policy.marking(of: Documents.said) == "- LIGHTHOUSE DIM FRESNEL COLZA for XBB & Sons LOG")
        #expect(
            try self.policy.marking(of: Documents.said, language: "fr")
                == "- LIGHTHOUSE FAIBLE FRESNEL COLZA pour XBB & Sons LOG")
        #expect(
            try self.policy.marking(of: Documents.said, at: .portionMarking)
                == "- LIGHTHOUSE D FRESNEL COLZA XBB & Sons LOG")
    }

    @Test(
        "what would change a policy's meaning and is not read is refused with its line",
        arguments: [
            (
                "schemaVersion=\"2.1\"", "schemaVersion=\"3.0\"",
                "line 2: schema version 3.0 is not read; 1.0, 2.0 and 2.1 are"
            ),
            (" requiredClass=\"DIM\"", " notAfter=\"2027\"", "line 29: notAfter of <tagCategory> is not read"),
            (
                "<s:excludedClass>OPEN</s:excludedClass>", "<s:excludesClass/>",
                "line 28: <excludesClass> in <tagCategory> is not read"
            ),
            ("<s:excludedClass>OPEN<", "<s:excludedClass>OPEM<", "line 28: there is no classification named OPEM"),
            ("lacv=\"002\"", "lacv=\"-2\"", "line 10: lacv \"-2\" is no number of 0 to 2147483647"),
            ("lacv=\"002\"", "lacv=\"1\"", "line 10: a second classification has lacv 1"),
            ("hierarchy=\"3\"", "hierarchy=\"2\"", "line 19: a second classification has hierarchy 2"),
            ("operation=\"oneOrMore\"", "operation=\"some\"", "line 20: operation is onlyOne, oneOrMore or all"),
            ("all=\"true\"", "all=\"true\" lacv=\"1\"", "line 21: lacv and all stand together"),
            ("singleSelection=\"true\"", "singleSelection=\"yes\"", "line 27: singleSelection is true or false"),
            ("id=\"2.999.5.2\"", "id=\"2.999.5.1\"", "line 35: a second tag set has id 2.999.5.1"),
            ("id=\"2.999.5.2\"", "id=\"2,999\"", "line 35: id \"2,999\" is no object identifier"),
            (
                "policyRef=\"QUAY\" lacv=\"1\"", "policyRef=\"KEY\" lacv=\"1\"",
                "line 8: KEY is not among the equivalent policies"
            ),
            ("applied=\"both\"", "applied=\"never\"", "line 8: applied is encrypt, decrypt or both"),
            ("portionMarking", "footer", "line 17: footer is no marking code"),
            ("</s:SPIF>", "</s:SPLIF>", "line 68: column 1: </s:SPIF> is expected, not </s:SPLIF>"),
            (
                "<s:SPIF xmlns:s=\"http://www.xmlspif.org/spif\"", "<s:SPIF xmlns:s=\"urn:s\"",
                "line 2: <SPIF> is expected"
            ),
        ])
    func policyRefused(old: String, new: String, problem: String) {
        let text = Documents.policy.replacing(old, with: new, maxReplacements: 1)
        #expect(text != Documents.policy)
        let error = #expect(throws: SecurityPolicyError.self) { try SPIFReader.read(Array(text.utf8)) }
        #expect(error?.problems.map(\.description).contains(problem) == true, "\(error?.description ?? "")")
    }

    @Test("what stands before and after a policy, a classification and a category is shown")
    func qualifiers() throws {
        func qualifier(_ prefix: String, _ suffix: String) -> String {
            """
            <s:markingQualifier markingCode="pageTop"><s:qualifier qualifierCode="prefix" markingQualifier="\(prefix)"/>\
            <s:qualifier qualifierCode="suffix" xml:lang="" markingQualifier="\(suffix)"/></s:markingQualifier>
            """
        }
        let text = Documents.policy
            .replacing(
                "name=\"LIGHTHOUSE\" id=\"2.999.5\"/>",
                with: "name=\"LIGHTHOUSE\" id=\"2.999.5\">"
                    + "<s:markingData phrase=\"PHARE\" xml:lang=\"fr\"/></s:securityPolicyId>"
            )
            .replacing("<s:markingData phrase=\"D\">", with: qualifier("(", ")") + "<s:markingData phrase=\"D\">")
            .replacing("<s:excludedClass>", with: qualifier("&lt;", "&gt;") + "<s:excludedClass>")
        let policy = try SPIFReader.read(Array(text.utf8))
        let label = SecurityLabel(policy: Documents.id, classification: 2, categories: [Documents.fresnel])
        #expect(try policy.marking(of: label) == "- LIGHTHOUSE (DIM) <FRESNEL>")
        #expect(try policy.marking(of: label, language: "fr") == "- PHARE (FAIBLE) <FRESNEL>")
        #expect(try policy.marking(of: label, at: .pageBottom) == "- LIGHTHOUSE DIM FRESNEL")
    }

    @Test("all problems of a file are found at once")
    func allProblems() {
        let text = Documents.policy.replacing("lacv=\"002\"", with: "lacv=\"x\"").replacing(
            "singleSelection=\"true\"", with: "singleSelection=\"yes\"")
        let error = #expect(throws: SecurityPolicyError.self) { try SPIFReader.read(Array(text.utf8)) }
        #expect(error?.problems.map(\.line) == [10, 27, 29])
    }

    // MARK: STANAG 4774

    @Test("a label of STANAG 4774 has what its document says")
    func labelRead() throws {
        let label = try ConfidentialityLabel(Array(Documents.label.utf8))
        #expect(label.kind == .originator)
        #expect(label.originator == ConfidentialityLabel.Originator(.rfc822Name, "keeper@lighthouse.example"))
        #expect(label.createdAt?.description == "2026-01-01T00:00:00.500Z")
        #expect(label.reviewAt?.description == "2031-01-01T00:00:00.000Z")
        #expect(try label.label(policies: self.policies) == Documents.said)
        #expect(try LabelReader.label(Array(Documents.label.utf8), policies: self.policies) == Documents.said)
    }

    @Test("a clearance of STANAG 4774 opens the label that it holds")
    func clearanceRead() throws {
        let clearance = try LabelReader.clearance(Array(Documents.clearance.utf8), policies: self.policies)
        #expect(clearance.classifications == [1, 2])
        #expect(clearance.categories == [Documents.fresnel, Documents.colza, Documents.xbb])
        #expect(self.policy.permits(clearance, Documents.said) == .permitted)
        let less = Documents.clearance.replacing("<l:GenericValue>COLZA</l:GenericValue>", with: "")
        #expect(
            self.policy.permits(try LabelReader.clearance(Array(less.utf8), policies: self.policies), Documents.said)
                == .categoryNotHeld("COLZA"))
    }

    @Test(
        "a label that says what is unknown, forbidden or not read here is no label",
        arguments: [
            (">LIGHTHOUSE<", ">LIGHTSHIP<", "the policy LIGHTSHIP is unknown"),
            ("urn:oid:2.999.5\"", "urn:oid:2.999.6\"", "the policy LIGHTHOUSE is not 2.999.6"),
            ("urn:oid:2.999.5\"", "oid:2.999.5\"", "line 4, column 5: \"oid:2.999.5\" is not a value that is allowed"),
            ("urn:oid:2.999.5.1", "urn:oid:2.999.5.2", "the policy has no category Lamps: FRESNEL"),
            (">DIM<", ">dim<", "the policy has no classification dim"),
            (">DIM<", "><", "line 5, column 5: the text of <Classification> is missing"),
            (
                "<l:Classification>", "<l:Classification URI='urn:oid:1.2'>",
                "line 5, column 23: URI of <Classification> is not accepted"
            ),
            (">FRESNEL<", ">ARGANT<", "the policy has no category Lamps: ARGANT"),
            ("RESTRICTIVE", "PERMISSIVE", "the policy has no category Lamps: FRESNEL"),
            ("RESTRICTIVE", "restrictive", "line 7, column 5: Type is not a value that is allowed"),
            ("<l:GenericValue>LOG</l:GenericValue>", "", "line 12, column 5: <GenericValue> is missing"),
            (
                "<l:GenericValue>LOG</l:GenericValue>", "<l:IntegerValue>3</l:IntegerValue>",
                "line 12, column 52: <IntegerValue> is not accepted"
            ),
            (
                "<l:PrivacyMark>by hand</l:PrivacyMark>", "<l:Classification>OPEN</l:Classification>",
                "line 6, column 5: a second <Classification> is not accepted"
            ),
            (
                "<l:CreationDateTime>2026", "<l:CreationDateTime>26",
                "line 15, column 3: the time is not a value that is allowed"
            ),
            (
                "<l:CreationDateTime>2026-01-01T01:00:00.5+01:00</l:CreationDateTime>", "<l:SuccessionHandling/>",
                "line 15, column 3: <SuccessionHandling> is not accepted"
            ),
            ("rfc822Name", "phone", "line 14, column 3: IDType is not a value that is allowed"),
        ])
    func labelRefused(old: String, new: String, error: String) {
        let text = Documents.label.replacing(old, with: new, maxReplacements: 1)
        #expect(text != Documents.label)
        let found = #expect(throws: LabelError.self) {
            try LabelReader.label(Array(text.utf8), policies: self.policies)
        }
        #expect(found?.description == error)
    }

    @Test("an unknown element of another namespace, and a label without its time, are read")
    func tolerated() throws {
        let text = Documents.label.replacing("<l:PrivacyMark>", with: "<x:m xmlns:x='urn:x'/><l:PrivacyMark>")
            .replacing("<l:CreationDateTime>2026-01-01T01:00:00.5+01:00</l:CreationDateTime>", with: "")
        #expect(try LabelReader.label(Array(text.utf8), policies: self.policies) == Documents.said)
    }

    @Test("every valid label of the policy that is written is read again, byte for byte the same each time")
    func roundTrip() throws {
        let keys = [Documents.fresnel, Documents.colza, Documents.xaa, Documents.xbb, Documents.night, Documents.log]
        var written = 0
        for lacv in [UInt32(1), 2, 3] {
            for bits in 0..<1 << keys.count {
                let label = SecurityLabel(
                    policy: Documents.id, classification: lacv,
                    categories: Set(keys.indices.filter { bits >> $0 & 1 == 1 }.map { keys[$0] }),
                    privacyMark: bits % 2 == 0 ? nil : " a <b> & \"c\"\r\n ")
                let created = Timestamp(nanoseconds: 1_800_000_000_250_000_000)
                let review = Timestamp(nanoseconds: 1_900_000_000_000_000_000)
                guard self.policy.isValid(label) else {
                    #expect(throws: LabelFaults.self) {
                        try ConfidentialityLabel(label, policy: self.policy, createdAt: created, reviewAt: review)
                    }
                    continue
                }
                let document = try ConfidentialityLabel(
                    label, policy: self.policy, kind: bits % 3 == 0 ? .alternative : .originator,
                    originator: ConfidentialityLabel.Originator(.jID, "o'<x>"), createdAt: created, reviewAt: review)
                #expect(try ConfidentialityLabel(document.xml) == document)
                #expect(try ConfidentialityLabel(document.xml).xml == document.xml)
                #expect(try LabelReader.label(document.xml, policies: self.policies) == label)
                written += 1
            }
        }
        #expect(written == 104)
    }

    @Test(
        "an instant is read with its zone, and only when it is one",
        arguments: [
            ("2026-11-21T13:00:00Z", "2026-11-21T13:00:00.000Z"),
            ("2024-02-29T23:59:59.9999-00:30", "2024-03-01T00:29:59.999Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("2261-12-31T23:59:59.999999999Z", "2261-12-31T23:59:59.999Z"),
            ("2023-02-29T00:00:00Z", nil), ("2026-13-01T00:00:00Z", nil), ("2026-11-21T13:00:00", nil),
            ("2026-11-21T24:00:00Z", nil), ("2026-11-21T13:00:00.Z", nil), ("2026-11-21 13:00:00Z", nil),
            ("9999-11-21T13:00:00Z", nil), ("2026-11-21T13:00:00+1:00", nil), ("2026-11-21T13:00:00Zx", nil), ("", nil),
        ] as [(String, String?)])
    func time(text: String, expected: String?) { #expect(XMLDateTime.read(text)?.description == expected) }

    // MARK: BER

    @Test("a label in BER has what its octets say, in each form of category")
    func berRead() throws {
        #expect(try LabelReader.label(Documents.ber, policies: self.policies) == Documents.said)
        let integers = Documents.value(
            0x31, Documents.value(0x06, [0x88, 0x37, 0x05]), Documents.value(0x02, [0x01]),
            Documents.value(
                0x31,
                Documents.value(
                    0x30, Documents.value(0x80, [0x60, 0x86, 0x48, 0x01, 0x65, 0x02, 0x01, 0x08, 0x03, 0x02]),
                    Documents.value(
                        0xA1,
                        Documents.value(
                            0x30, Documents.value(0x06, [0x88, 0x37, 0x05, 0x03]),
                            Documents.value(0x03, [0x03, 0x00, 0x08]))))))
        #expect(
            try LabelReader.label(integers, policies: self.policies)
                == SecurityLabel(policy: Documents.id, classification: 1, categories: [Documents.night]))
    }

    @Test(
        "octets that are no label, or hide something, are refused",
        arguments: [
            ([0x31, 0x00], .noPolicy), ([0x31, 0x04, 0x06, 0x02, 0x29, 0x01], .unknownPolicy("1.1.1")),
            ([0x31, 0x05, 0x06, 0x03, 0x88, 0x37, 0x05], .unknownClassification("none")),
            ([0x31, 0x08, 0x02, 0x01, 0x07, 0x06, 0x03, 0x88, 0x37, 0x05], .unknownClassification("7")),
            ([0x31, 0x03, 0x02, 0x01], .ber(BERError(code: .endsEarly, offset: 0))),
            ([0x31, 0x80, 0x00, 0x00], .ber(BERError(code: .indefiniteLength, offset: 0))),
            ([0x31, 0x81, 0x00], .ber(BERError(code: .length, offset: 0))),
            ([0x31, 0x84, 0x00, 0x00, 0x00, 0x00], .ber(BERError(code: .length, offset: 0))),
            ([0x31, 0x00, 0x00], .ber(BERError(code: .trailingOctets, offset: 2))),
            ([0x31, 0x04, 0x02, 0x02, 0x00, 0x01], .ber(BERError(code: .value, offset: 4))),
            ([0x31, 0x03, 0x02, 0x01, 0xFF], .ber(BERError(code: .value, offset: 4))),
            ([0x31, 0x02, 0x02, 0x00], .ber(BERError(code: .value, offset: 4))),
            ([0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01], .ber(BERError(code: .twice, offset: 7))),
            ([0x31, 0x03, 0x06, 0x01, 0x80], .ber(BERError(code: .value, offset: 4))),
            ([0x31, 0x03, 0x06, 0x01, 0x88], .ber(BERError(code: .value, offset: 4))),
            ([0x31, 0x03, 0x0C, 0x01, 0xFF], .ber(BERError(code: .value, offset: 4))),
            ([0x31, 0x03, 0x13, 0x01, 0x40], .ber(BERError(code: .value, offset: 4))),
            ([0x31, 0x03, 0x04, 0x01, 0x40], .ber(BERError(code: .tag, offset: 4))),
            ([0x02, 0x01, 0x01], .xml(XMLError(code: .malformed("an element"), place: TextPlace(line: 1, column: 1)))),
        ] as [([UInt8], LabelError)])
    func berRefused(bytes: [UInt8], expected: LabelError) {
        #expect(throws: expected) { try LabelReader.label(bytes, policies: self.policies) }
    }

    // MARK: Any bytes

    @Test("no truncation of a label is one, nor any seventh of a policy, and none traps")
    func truncations() throws {
        let whole = Array(Documents.policy.utf8)
        for count in stride(from: 0, to: whole.count, by: 7) {
            #expect(throws: SecurityPolicyError.self) { try SPIFReader.read(Array(whole[..<count])) }
        }
        for document in [Array(Documents.label.utf8), Documents.ber] {
            for count in 0..<document.count {
                #expect(throws: LabelError.self) {
                    try LabelReader.label(Array(document[..<count]), policies: self.policies)
                }
            }
        }
    }

    @Test("a document that is changed anywhere is read or refused, and never traps", arguments: 0..<40 as Range<UInt64>)
    func mutations(seed: UInt64) {
        Mutations.run(
            [
                Array(Documents.policy.utf8), Array(Documents.label.utf8), Array(Documents.clearance.utf8),
                Documents.ber,
            ],
            rounds: 12, seed: seed, self.policies)
    }
}

/// Documents changed at random, by octets and by pieces of themselves.
enum Mutations {
    static let words: [[UInt8]] = [
        "<", ">", "&", "\"", "'", "/", "]]>", "<!--", "<!DOCTYPE", "&#x", "xmlns:", "-1", "99999999999999999999",
        "\u{0}",
    ].map { Array($0.utf8) }

    static func mutated(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            let until = min(bytes.count, at + Int.random(in: 1...24, using: &random))
            switch UInt8.random(in: 0...5, using: &random) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 2: bytes.removeSubrange(at..<until)
            case 3: bytes.insert(contentsOf: bytes[at..<until], at: Int.random(in: 0...bytes.count, using: &random))
            case 4: bytes.insert(contentsOf: self.words.randomElement(using: &random) ?? [], at: at)
            default: bytes.removeLast(bytes.count - at)
            }
        }
        return bytes
    }

    /// Every reader sees every document: what one is written for is foreign to the others.
    static func run(_ documents: [[UInt8]], rounds: Int, seed: UInt64, _ policies: PolicyCatalogue) {
        var random = SeededRandom(seed: seed)
        for document in documents {
            for _ in 0..<rounds {
                let bytes = Self.mutated(document, &random)
                _ = try? SPIFReader.read(bytes)
                _ = try? LabelReader.clearance(bytes, policies: policies)
                _ = try? ESSLabel(ber: bytes)
                guard let label = try? LabelReader.label(bytes, policies: policies),
                    let policy = policies[label.policy]
                else { continue }
                // What is read can be judged, shown and refused, and what is valid can be written.
                _ = try? policy.marking(of: label, language: "fr")
                let written = try? ConfidentialityLabel(
                    label, policy: policy, createdAt: Timestamp(seconds: 0), reviewAt: Timestamp(seconds: 1))
                #expect((written != nil) == policy.isValid(label))
            }
        }
    }
}
