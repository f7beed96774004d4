import Air
import Releasability
import Testing

@Suite("Labels of ours and of a security policy")
struct CrosswalkTests {
    static let onlyHere = CategoryKey(tagSet: Harbour.caveats, type: .restrictive, lacv: 4)

    static func vocabulary() -> Vocabulary {
        var words = Vocabulary()
        _ = words.register(policy: "another")
        _ = words.register(policy: "2.999.1")
        for name in ["other", "ALPHA", "BRAVO"] { _ = words.register(caveat: name) }
        return words
    }

    /// XAA is Japan, XBB Australia and the United States, XCC the Philippines; RED is of whom nothing is known.
    static func crosswalk(
        always: Set<CategoryKey> = [], otherwise: Onward = .never
    ) throws -> LabelCrosswalk {
        var tagSets = Harbour.tagSets
        tagSets[0].tags[0].categories.append(SecurityPolicy.Category(name: "ONLY HERE", lacv: 4))
        return try LabelCrosswalk(
            policy: try Harbour.policy(tagSets: tagSets), vocabulary: self.vocabulary(),
            nations: [Harbour.xaa: nations("jp"), Harbour.xbb: nations("au us"), Harbour.xcc: nations("ph")],
            releaseTagSet: Harbour.partners, always: always,
            onward: [self.onlyHere: .originatorConsent], onwardOtherwise: otherwise)
    }

    @Test("the levels of a policy are its classifications by rank")
    func order() throws {
        let order = try Self.crosswalk().order
        #expect(order.names == ["OPEN", "GUARDED", "SEALED", "OLD"])
        #expect(order.policy == PolicyID(rawValue: 2))
    }

    @Test("what is read is as narrow as it was written")
    func read() throws {
        let crosswalk = try Self.crosswalk()
        let words = Self.vocabulary()
        let label = try crosswalk.label(
            Harbour.label(11, [Harbour.alpha, Harbour.xaa, Harbour.xbb, Harbour.staff, Self.onlyHere]),
            originators: nations("jp"))
        #expect(
            label
                == Label(
                    policy: crosswalk.id, classification: 1, originators: nations("jp"),
                    releasableTo: nations("jp au us"), caveats: CaveatSet(words.caveat("ALPHA")),
                    onward: .originatorConsent))
    }

    @Test("what is not known is read as closed")
    func closed() throws {
        let crosswalk = try Self.crosswalk()
        func read(_ categories: Set<CategoryKey>) throws -> Label {
            try crosswalk.label(Harbour.label(11, categories), originators: nations("jp"))
        }
        #expect(try read([]).releasableTo == nil)
        #expect(try read([]).onward == .never)
        #expect(try read([Harbour.red]).caveats == .unknown)
        #expect(try read([Harbour.red, Harbour.xaa]).caveats == .unknown)
        #expect(try read([Harbour.charlie, Harbour.red]).caveats.contains(.unknown))
        #expect(throws: LabelFaults.self) { try read([Harbour.xbb]) }
    }

    @Test("what cannot be said in the policy's words is not written")
    func refused() throws {
        let crosswalk = try Self.crosswalk(otherwise: .releasable)
        let words = Self.vocabulary()
        let label = Label(
            policy: crosswalk.id, classification: 1, originators: nations("jp"), releasableTo: nations("jp"),
            onward: .releasable)
        #expect(try crosswalk.securityLabel(label) == Harbour.label(11, [Harbour.xaa]))
        func refusal(_ change: (inout Label) -> Void) -> CrosswalkRefusal? {
            var changed = label
            change(&changed)
            do { _ = try crosswalk.securityLabel(changed) } catch { return error }
            return nil
        }
        #expect(refusal { $0.policy = PolicyID(rawValue: 1) } == .otherPolicy)
        #expect(refusal { $0.policy = .unknown } == .otherPolicy)
        #expect(refusal { $0.classification = 4 } == .unknownLevel(4))
        #expect(refusal { $0.releasableTo = nil } == .forNobody)
        #expect(refusal { $0.releasableTo = NationSet() } == .forNobody)
        #expect(refusal { $0.releasableTo = nations("jp kr") } == .nations(nations("kr")))
        #expect(refusal { $0.releasableTo = nations("jp us") } == .nations(nations("us")))
        #expect(refusal { $0.releasableTo = nations("jp public") }?.description.contains("nobody else") == true)
        #expect(refusal { $0.caveats = CaveatSet(words.caveat("other")) } == .unknownCaveat("other"))
        #expect(refusal { $0.caveats = .unknown } == .unknownCaveat("unknown"))
        #expect(refusal { $0.onward = .never } == .onward(.never))
        #expect(refusal { $0.onward = .originatorConsent } == nil)
        #expect(
            refusal {
                $0.classification = 0
                $0.caveats = CaveatSet(words.caveat("BRAVO"))
            } == .invalid([.excludedClass(category: "BRAVO", classification: "OPEN", line: 0)]))
    }

    @Test(
        "over every label that can be written, what is read again is as narrow or narrower, and closes to nobody named")
    func roundTrip() throws {
        let words = Self.vocabulary()
        var written = 0
        for otherwise in Onward.allCases {
            let crosswalk = try Self.crosswalk(always: [Harbour.staff], otherwise: otherwise)
            for level in UInt8(0)..<5 {
                for codes in ["", "jp", "ph", "jp au us", "jp ph", "us", "jp au us ph"] {
                    for caveats in [[], ["ALPHA"], ["BRAVO"], ["ALPHA", "BRAVO"]] {
                        for onward in Onward.allCases {
                            let label = Label(
                                policy: crosswalk.id, classification: level, originators: nations("jp"),
                                releasableTo: nations(codes),
                                caveats: caveats.reduce(CaveatSet()) { $0.union(CaveatSet(words.caveat($1))) },
                                onward: onward)
                            guard let out = try? crosswalk.securityLabel(label) else { continue }
                            let back = try crosswalk.label(out, originators: label.originators)
                            #expect(back.isAsNarrow(as: label))
                            #expect(back.releasableTo == label.releasableTo)
                            #expect(out.categories.contains(Harbour.staff))
                            written += 1
                        }
                    }
                }
            }
        }
        #expect(written > 100)
    }

    @Test("a table that names what the policy does not have is refused")
    func tables() throws {
        let strange = CategoryKey(tagSet: Harbour.quayID, type: .permissive, lacv: 1)
        let error = #expect(throws: SecurityPolicyError.self) {
            try LabelCrosswalk(
                policy: try Harbour.policy(), vocabulary: Vocabulary(),
                nations: [strange: nations("jp"), Harbour.alpha: nations("jp")], releaseTagSet: Harbour.quayID)
        }
        #expect(
            Set(error?.problems.map(\.text) ?? []) == [
                "the vocabulary has no policy HARBOUR", "there is no tag set 2.999.2",
                "there is no category 2.999.2 permissive 1", "2.999.1.1 restrictive 1 is not permissive",
            ])
    }
}
