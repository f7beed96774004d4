import Releasability
import Testing

/// A policy of another harbour, and tables from the first one to it.
enum Quay {
    static let caveats = Harbour.oid("2.999.2.1")
    static let all = Harbour.oid("2.999.2.2")
    static let notes = Harbour.oid("2.999.2.4")
    static let hush = CategoryKey(tagSet: caveats, type: .restrictive, lacv: 1)
    static let shut = CategoryKey(tagSet: caveats, type: .restrictive, lacv: 2)
    static let one = CategoryKey(tagSet: all, type: .permissive, lacv: 1)
    static let two = CategoryKey(tagSet: all, type: .permissive, lacv: 2)
    static let told = CategoryKey(tagSet: notes, type: .informative, lacv: 1)

    static func policy(
        back: [(UInt32, UInt32)] = [], obsolete: Set<UInt32> = []
    ) throws -> SecurityPolicy {
        func category(_ name: String, _ lacv: UInt32) -> SecurityPolicy.Category {
            SecurityPolicy.Category(name: name, lacv: lacv)
        }
        let classifications = [UInt32(1), 2, 3].map { lacv in
            SecurityPolicy.Classification(
                name: "Q\(lacv)", lacv: lacv, hierarchy: Int32(lacv), obsolete: obsolete.contains(lacv),
                equivalents: back.filter { $0.0 == lacv }.map {
                    SecurityPolicy.EquivalentClassification(policy: "HARBOUR", lacv: $0.1, applied: .encrypt)
                })
        }
        return try SecurityPolicy(
            name: "QUAY", id: Harbour.quayID, classifications: classifications,
            tagSets: [
                SecurityPolicy.CategoryTagSet(
                    name: "Caveats", id: caveats,
                    tags: [
                        SecurityPolicy.CategoryTag(
                            name: "Caveats", type: .restrictive,
                            categories: [
                                category("HUSH", 1),
                                SecurityPolicy.Category(name: "SHUT", lacv: 2, excludedClasses: ["Q1"]),
                            ])
                    ]),
                SecurityPolicy.CategoryTagSet(
                    name: "All", id: all,
                    tags: [
                        SecurityPolicy.CategoryTag(
                            name: "All", type: .permissive, categories: [category("ONE", 1), category("TWO", 2)])
                    ]),
                SecurityPolicy.CategoryTagSet(
                    name: "Notes", id: notes,
                    tags: [
                        SecurityPolicy.CategoryTag(
                            name: "Notes", type: .informative, categories: [category("TOLD", 1)])
                    ]),
            ],
            equivalentPolicies: [SecurityPolicy.EquivalentPolicy(name: "HARBOUR", id: Harbour.id)])
    }

    /// The first harbour with equivalences: of classifications by number, of categories by key (nil: leave out).
    static func harbour(
        _ classes: [(UInt32, UInt32)], _ categories: [(CategoryKey, CategoryKey?)] = [],
        applied: SecurityPolicy.Applied = .encrypt, required: [SecurityPolicy.RequiredCategories] = []
    ) throws -> SecurityPolicy {
        var classifications = Harbour.classifications
        for (index, item) in classifications.enumerated() {
            classifications[index].equivalents = classes.filter { $0.0 == item.lacv }.map {
                SecurityPolicy.EquivalentClassification(policy: "QUAY", lacv: $0.1, applied: applied)
            }
        }
        var tagSets = Harbour.tagSets
        for set in tagSets.indices {
            for tag in tagSets[set].tags.indices {
                for index in tagSets[set].tags[tag].categories.indices {
                    let key = CategoryKey(
                        tagSet: tagSets[set].id, type: tagSets[set].tags[tag].type,
                        lacv: tagSets[set].tags[tag].categories[index].lacv)
                    tagSets[set].tags[tag].categories[index].equivalents = categories.filter { $0.0 == key }.map {
                        SecurityPolicy.EquivalentCategory(policy: "QUAY", key: $0.1, applied: applied)
                    }
                }
            }
        }
        return try Harbour.policy(
            classifications: classifications, tagSets: tagSets,
            equivalents: [
                SecurityPolicy.EquivalentPolicy(name: "QUAY", id: Harbour.quayID, required: required)
            ])
    }

    static let classes: [(UInt32, UInt32)] = [(10, 1), (11, 2), (12, 3)]
}

@Suite("Translation of labels")
struct TranslationTests {
    @Test("classification and categories come out in the terms of the other policy, with what it requires")
    func translated() throws {
        let harbour = try Quay.harbour(
            Quay.classes, [(Harbour.alpha, Quay.hush), (Harbour.xaa, Quay.one), (Harbour.staff, nil)],
            required: [
                SecurityPolicy.RequiredCategories(
                    .all, [SecurityPolicy.CategoryMatch(tagSet: "Notes", type: .informative, lacv: 1)])
            ])
        var label = Harbour.label(11, [Harbour.alpha, Harbour.xaa, Harbour.staff])
        label.privacyMark = "by hand"
        let result = try harbour.translate(label, to: try Quay.policy())
        #expect(
            result
                == SecurityLabel(
                    policy: Harbour.quayID, classification: 2,
                    categories: [Quay.hush, Quay.one, Quay.told], privacyMark: "by hand"))
        #expect(try harbour.translate(label, to: harbour) == label)
    }

    @Test("of several equivalents the highest is taken")
    func highest() throws {
        let harbour = try Quay.harbour([(10, 1), (11, 2), (11, 3), (11, 1)])
        #expect(try harbour.translate(Harbour.label(11), to: try Quay.policy()).classification == 3)
    }

    @Test("what no equivalence covers is refused")
    func uncovered() throws {
        let quay = try Quay.policy()
        #expect(throws: TranslationRefusal.notEquivalent("QUAY")) {
            try Harbour.policy().translate(Harbour.label(10), to: quay)
        }
        #expect(throws: TranslationRefusal.noClassification("GUARDED")) {
            try Quay.harbour([(10, 1)]).translate(Harbour.label(11), to: quay)
        }
        #expect(throws: TranslationRefusal.noClassification("OPEN")) {
            try Quay.harbour([(10, 1)], applied: .decrypt).translate(Harbour.label(10), to: quay)
        }
        #expect(throws: TranslationRefusal.noCategory("STAFF")) {
            try Quay.harbour(Quay.classes).translate(Harbour.label(10, [Harbour.staff]), to: quay)
        }
        #expect(throws: TranslationRefusal.unresolved("classification 9")) {
            try Quay.harbour([(10, 9)]).translate(Harbour.label(10), to: quay)
        }
        #expect(throws: TranslationRefusal.unresolved("classification 1")) {
            try Quay.harbour([(10, 1)]).translate(Harbour.label(10), to: try Quay.policy(obsolete: [1]))
        }
        let invalid = Harbour.label(10, [Harbour.bravo])
        #expect(throws: TranslationRefusal.self) { try Quay.harbour(Quay.classes).translate(invalid, to: quay) }
    }

    @Test(
        "a category that decides is never dropped, nor made to decide nothing",
        arguments: [
            (Harbour.alpha, nil), (Harbour.alpha, Quay.told), (Harbour.alpha, Quay.one), (Harbour.xaa, nil),
            (Harbour.xaa, Quay.told),
        ] as [(CategoryKey, CategoryKey?)])
    func dropped(key: CategoryKey, target: CategoryKey?) throws {
        let harbour = try Quay.harbour(Quay.classes, [(key, target)])
        let name = harbour.category(key)?.category.name ?? ""
        #expect(throws: TranslationRefusal.lowersCategory(name)) {
            try harbour.translate(Harbour.label(11, [key]), to: try Quay.policy())
        }
    }

    @Test("a table that turns the order round is refused")
    func order() throws {
        let harbour = try Quay.harbour([(10, 3), (11, 2)])
        #expect(throws: TranslationRefusal.lowersClassification(from: "GUARDED", to: "Q2")) {
            try harbour.translate(Harbour.label(11), to: try Quay.policy())
        }
        #expect(try harbour.translate(Harbour.label(10), to: try Quay.policy()).classification == 3)
    }

    @Test("two tables that together would bring a label back lower are refused, and higher is no harm")
    func back() throws {
        let harbour = try Quay.harbour(Quay.classes)
        #expect(throws: TranslationRefusal.lowersClassification(from: "GUARDED", to: "Q2")) {
            try harbour.translate(Harbour.label(11), to: try Quay.policy(back: [(2, 10)]))
        }
        for back in [UInt32(11), 12] {
            #expect(
                try harbour.translate(Harbour.label(11), to: try Quay.policy(back: [(2, back)])).classification == 2)
        }
    }

    @Test("two permissive tags do not become one")
    func widened() throws {
        let harbour = try Quay.harbour(Quay.classes, [(Harbour.xaa, Quay.one), (Harbour.red, Quay.two)])
        let quay = try Quay.policy()
        #expect(throws: TranslationRefusal.widensTag("All")) {
            try harbour.translate(Harbour.label(11, [Harbour.xaa, Harbour.red]), to: quay)
        }
        #expect(try harbour.translate(Harbour.label(11, [Harbour.red]), to: quay).categories == [Quay.two])
    }

    @Test("a requirement adds what it names, and nothing when it leaves a choice or would widen")
    func required() throws {
        let quay = try Quay.policy()
        let any = SecurityPolicy.RequiredCategories(
            .oneOrMore,
            [
                SecurityPolicy.CategoryMatch(tagSet: "All", type: .permissive, lacv: 1),
                SecurityPolicy.CategoryMatch(tagSet: "All", type: .permissive, lacv: 2),
            ])
        let harbour = try Quay.harbour(Quay.classes, [(Harbour.xaa, Quay.one)], required: [any])
        #expect(throws: TranslationRefusal.choice(by: "QUAY")) { try harbour.translate(Harbour.label(10), to: quay) }
        #expect(try harbour.translate(Harbour.label(10, [Harbour.xaa]), to: quay).categories == [Quay.one])

        let two = SecurityPolicy.RequiredCategories(
            .all, [SecurityPolicy.CategoryMatch(tagSet: "All", type: .permissive, lacv: 2)])
        let widening = try Quay.harbour(Quay.classes, [(Harbour.xaa, Quay.one)], required: [two])
        #expect(try widening.translate(Harbour.label(10), to: quay).categories == [Quay.two])
        #expect(throws: TranslationRefusal.widensTag("All")) {
            try widening.translate(Harbour.label(10, [Harbour.xaa]), to: quay)
        }
    }

    @Test("a result that the other policy does not allow is refused")
    func resultInvalid() throws {
        let harbour = try Quay.harbour([(10, 1), (11, 1)], [(Harbour.alpha, Quay.shut)])
        let error = #expect(throws: TranslationRefusal.self) {
            try harbour.translate(Harbour.label(11, [Harbour.alpha]), to: try Quay.policy())
        }
        #expect(error?.description == "the result is not valid: SHUT may not stand on Q1")
    }

    /// The tables are drawn; where a translation succeeds, whoever may see the result could, by the same tables read the
    /// other way and at their widest, have seen the label.
    @Test(
        "over random tables, no translation opens a label to a clearance that the label closes it to",
        arguments: 0..<40 as Range<UInt64>)
    func neverLowers(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        let sources = [Harbour.alpha, Harbour.bravo, Harbour.xaa, Harbour.xcc, Harbour.red, Harbour.blue]
        let targets: [CategoryKey?] = [Quay.hush, Quay.shut, Quay.one, Quay.two, Quay.told, nil]
        var table: [(CategoryKey, CategoryKey?)] = []
        for key in sources {
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                table.append((key, targets.randomElement(using: &random) ?? nil))
            }
        }
        let classes = [UInt32(10), 11, 12].map { ($0, UInt32.random(in: 1...3, using: &random)) }
        let harbour = try Quay.harbour(classes, table)
        let quay = try Quay.policy()
        let held: [CategoryKey] = [Quay.hush, Quay.shut, Quay.one, Quay.two]
        for bits in 0..<1 << sources.count {
            let keys = Set(sources.indices.filter { bits >> $0 & 1 == 1 }.map { sources[$0] })
            for lacv in [UInt32(10), 11, 12] {
                guard let result = try? harbour.translate(Harbour.label(lacv, keys), to: quay) else { continue }
                for mask in 0..<1 << held.count {
                    let reader = Set(held.indices.filter { mask >> $0 & 1 == 1 }.map { held[$0] })
                    let there = SecurityClearance(
                        policy: Harbour.quayID, classifications: [result.classification], categories: reader)
                    guard quay.permits(there, result).isPermitted else { continue }
                    // Who holds an equivalent of a category holds the category.
                    let here = SecurityClearance(
                        policy: Harbour.id, classifications: [lacv],
                        categories: Set(table.compactMap { $0.1.map(reader.contains) == true ? $0.0 : nil }))
                    #expect(harbour.permits(here, Harbour.label(lacv, keys)).isPermitted)
                }
            }
        }
    }
}
