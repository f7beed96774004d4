import Releasability
import Testing

/// A policy of a harbour that is nobody's: each kind of rule once.
enum Harbour {
    static func oid(_ text: String) -> OID {
        guard let oid = OID(text) else { preconditionFailure("\(text) is no identifier") }
        return oid
    }

    static let id = oid("2.999.1")
    static let quayID = oid("2.999.2")
    static let caveats = oid("2.999.1.1")
    static let partners = oid("2.999.1.2")
    static let groups = oid("2.999.1.3")
    static let notes = oid("2.999.1.4")

    static let alpha = CategoryKey(tagSet: caveats, type: .restrictive, lacv: 1)
    static let bravo = CategoryKey(tagSet: caveats, type: .restrictive, lacv: 2)
    static let charlie = CategoryKey(tagSet: caveats, type: .restrictive, lacv: 3)
    static let xaa = CategoryKey(tagSet: partners, type: .enumeratedPermissive, lacv: 1)
    static let xbb = CategoryKey(tagSet: partners, type: .enumeratedPermissive, lacv: 2)
    static let xcc = CategoryKey(tagSet: partners, type: .enumeratedPermissive, lacv: 3)
    static let red = CategoryKey(tagSet: groups, type: .permissive, lacv: 1)
    static let blue = CategoryKey(tagSet: groups, type: .permissive, lacv: 2)
    static let staff = CategoryKey(tagSet: notes, type: .informative, lacv: 1)
    static let draft = CategoryKey(tagSet: notes, type: .informative, lacv: 2)

    static let classifications = [
        SecurityPolicy.Classification(
            name: "SEALED", lacv: 12, hierarchy: 2,
            markings: Markings(phrases: [Markings.Phrase(text: "HARBOUR MASTER", replacesPolicy: true)]),
            required: [
                SecurityPolicy.RequiredCategories(
                    .oneOrMore,
                    [
                        SecurityPolicy.CategoryMatch(tagSet: "Partners", type: .enumeratedPermissive, lacv: nil),
                        SecurityPolicy.CategoryMatch(tagSet: "Groups", type: .permissive, lacv: 1),
                    ])
            ]),
        SecurityPolicy.Classification(name: "OPEN", lacv: 10, hierarchy: 0),
        SecurityPolicy.Classification(
            name: "GUARDED", lacv: 11, hierarchy: 1,
            markings: Markings(phrases: [Markings.Phrase(language: "fr", text: "GARDÉ", places: [.pageTop])])),
        SecurityPolicy.Classification(name: "OLD", lacv: 13, hierarchy: 3, obsolete: true),
    ]

    static let tagSets = [
        SecurityPolicy.CategoryTagSet(
            name: "Caveats", id: caveats,
            tags: [
                SecurityPolicy.CategoryTag(
                    name: "Caveats", type: .restrictive,
                    markings: Markings(qualifiers: [Markings.Qualifier(.separator, "+")]),
                    categories: [
                        SecurityPolicy.Category(name: "ALPHA", lacv: 1, requiredClass: "GUARDED"),
                        SecurityPolicy.Category(
                            name: "BRAVO", lacv: 2, excludedClasses: ["OPEN"],
                            excluded: [
                                SecurityPolicy.CategoryMatch(tagSet: "Groups", type: .permissive, lacv: nil)
                            ]),
                        SecurityPolicy.Category(
                            name: "CHARLIE", lacv: 3, obsolete: true,
                            required: [
                                SecurityPolicy.RequiredCategories(
                                    .onlyOne,
                                    [
                                        SecurityPolicy.CategoryMatch(tagSet: "Groups", type: .permissive, lacv: 1),
                                        SecurityPolicy.CategoryMatch(tagSet: "Groups", type: .permissive, lacv: 2),
                                    ])
                            ]),
                    ])
            ]),
        SecurityPolicy.CategoryTagSet(
            name: "Partners", id: partners,
            tags: [
                SecurityPolicy.CategoryTag(
                    name: "Partners", type: .enumeratedPermissive, selectionMax: 2,
                    markings: Markings(qualifiers: [
                        Markings.Qualifier(.prefix, "for "), Markings.Qualifier(.prefix, "pour ", language: "fr"),
                        Markings.Qualifier(.separator, ", "), Markings.Qualifier(.suffix, " only"),
                    ]),
                    categories: [
                        SecurityPolicy.Category(name: "XAA", lacv: 1),
                        SecurityPolicy.Category(
                            name: "XBB", lacv: 2,
                            required: [
                                SecurityPolicy.RequiredCategories(
                                    .all,
                                    [
                                        SecurityPolicy.CategoryMatch(
                                            tagSet: "Partners", type: .enumeratedPermissive, lacv: 1)
                                    ])
                            ]),
                        SecurityPolicy.Category(
                            name: "XCC", lacv: 3,
                            markings: Markings(phrases: [Markings.Phrase(text: nil, hidesName: true)])),
                    ])
            ]),
        SecurityPolicy.CategoryTagSet(
            name: "Groups", id: groups,
            tags: [
                SecurityPolicy.CategoryTag(
                    name: "Groups", type: .permissive,
                    categories: [
                        SecurityPolicy.Category(name: "RED", lacv: 1),
                        SecurityPolicy.Category(
                            name: "BLUE", lacv: 2,
                            markings: Markings(phrases: [
                                Markings.Phrase(text: "GUARDED-BLUE", suppressesClassification: true)
                            ])),
                    ])
            ]),
        SecurityPolicy.CategoryTagSet(
            name: "Notes", id: notes,
            tags: [
                SecurityPolicy.CategoryTag(
                    name: "Notes", type: .informative,
                    categories: [
                        SecurityPolicy.Category(name: "STAFF", lacv: 1),
                        SecurityPolicy.Category(
                            name: "DRAFT", lacv: 2,
                            markings: Markings(phrases: [Markings.Phrase(text: "(draft)", places: [.pageBottom])])),
                    ])
            ]),
    ]

    static func policy(
        classifications: [SecurityPolicy.Classification] = classifications,
        tagSets: [SecurityPolicy.CategoryTagSet] = tagSets, equivalents: [SecurityPolicy.EquivalentPolicy] = []
    ) throws -> SecurityPolicy {
        try SecurityPolicy(
            name: "HARBOUR", id: id, classifications: classifications, tagSets: tagSets, equivalentPolicies: equivalents
        )
    }

    static func label(_ lacv: UInt32, _ categories: Set<CategoryKey> = []) -> SecurityLabel {
        SecurityLabel(policy: id, classification: lacv, categories: categories)
    }

    static let keys = [alpha, bravo, charlie, xaa, xbb, xcc, red, blue, staff, draft]

    /// Every label of the policy, allowed or not: 4 classifications by 2¹⁰ sets of categories.
    static let labels: [SecurityLabel] = classifications.flatMap { classification in
        (0..<1 << keys.count).map { bits in
            label(classification.lacv, Set(keys.indices.filter { bits >> $0 & 1 == 1 }.map { keys[$0] }))
        }
    }
}

extension Harbour {
    static let valid: [SecurityLabel] = {
        guard let policy = try? policy() else { return [] }
        return labels.filter { policy.isValid($0) }
    }()
}

@Suite("Security policy")
struct PolicyTests {
    let policy: SecurityPolicy
    init() throws { self.policy = try Harbour.policy() }

    @Test(
        "each rule that a label breaks is said, in words",
        arguments: [
            (Harbour.label(10), false, []),
            (Harbour.label(99), false, ["the policy has no classification 99"]),
            (
                Harbour.label(10, [CategoryKey(tagSet: Harbour.groups, type: .restrictive, lacv: 1)]), false,
                ["the policy has no category 2.999.1.3 restrictive 1"]
            ),
            (Harbour.label(10, [Harbour.alpha]), false, ["ALPHA may stand on GUARDED only"]),
            (Harbour.label(11, [Harbour.alpha]), false, []),
            (Harbour.label(10, [Harbour.bravo]), false, ["BRAVO may not stand on OPEN"]),
            (Harbour.label(11, [Harbour.bravo, Harbour.red]), false, ["BRAVO excludes RED"]),
            (Harbour.label(11, [Harbour.bravo, Harbour.staff]), false, []),
            (
                Harbour.label(11, [Harbour.charlie]), false,
                ["CHARLIE requires onlyOne of Groups permissive 1, Groups permissive 2"]
            ),
            (
                Harbour.label(11, [Harbour.charlie, Harbour.red, Harbour.blue]), false,
                ["CHARLIE requires onlyOne of Groups permissive 1, Groups permissive 2"]
            ),
            (Harbour.label(11, [Harbour.charlie, Harbour.red]), false, []),
            (
                Harbour.label(11, [Harbour.charlie, Harbour.red]), true,
                ["CHARLIE is obsolete, and not for new labels"]
            ),
            (Harbour.label(13), false, []),
            (Harbour.label(13), true, ["OLD is obsolete, and not for new labels"]),
            (Harbour.label(11, [Harbour.xbb]), false, ["XBB requires all of Partners enumeratedPermissive 1"]),
            (Harbour.label(11, [Harbour.xaa, Harbour.xbb]), false, []),
            (
                Harbour.label(11, [Harbour.xaa, Harbour.xbb, Harbour.xcc]), false,
                ["3 categories of Partners are not allowed"]
            ),
            (
                Harbour.label(12), false,
                ["SEALED requires oneOrMore of Partners enumeratedPermissive, Groups permissive 1"]
            ),
            (Harbour.label(12, [Harbour.xcc]), false, []),
            (Harbour.label(12, [Harbour.red]), false, []),
            (SecurityLabel(policy: Harbour.quayID, classification: 10), false, ["the label is of policy 2.999.2"]),
        ] as [(SecurityLabel, Bool, [String])])
    func faults(label: SecurityLabel, asNew: Bool, expected: [String]) {
        #expect(self.policy.faults(of: label, asNew: asNew).map(\.description) == expected)
        #expect(self.policy.isValid(label, asNew: asNew) == expected.isEmpty)
    }

    @Test(
        "a clearance opens a label when class, every restrictive and one of each permissive tag are held",
        arguments: [
            (Set<UInt32>([10, 11]), [], Harbour.label(10), "permitted"),
            ([11], [], Harbour.label(10), "the clearance does not hold OPEN"),
            (
                [11], [Harbour.alpha], Harbour.label(11, [Harbour.alpha, Harbour.bravo]),
                "the clearance does not hold BRAVO"
            ),
            ([11], [Harbour.alpha, Harbour.bravo], Harbour.label(11, [Harbour.alpha, Harbour.bravo]), "permitted"),
            ([11], [Harbour.xbb], Harbour.label(11, [Harbour.xaa, Harbour.xbb]), "permitted"),
            (
                [11], [Harbour.xcc], Harbour.label(11, [Harbour.xaa, Harbour.xbb]),
                "the clearance holds none of the label's categories of Partners"
            ),
            (
                [11], [Harbour.xaa], Harbour.label(11, [Harbour.xaa, Harbour.red]),
                "the clearance holds none of the label's categories of Groups"
            ),
            (
                [11], [Harbour.xaa, Harbour.red], Harbour.label(11, [Harbour.xaa, Harbour.red, Harbour.blue]),
                "permitted"
            ),
            ([11], [], Harbour.label(11, [Harbour.staff]), "permitted"),
            (
                [10, 11], [Harbour.bravo], Harbour.label(10, [Harbour.bravo]),
                "the label is not valid: BRAVO may not stand on OPEN"
            ),
        ] as [(Set<UInt32>, Set<CategoryKey>, SecurityLabel, String)])
    func access(classes: Set<UInt32>, categories: Set<CategoryKey>, label: SecurityLabel, expected: String) {
        let clearance = SecurityClearance(policy: Harbour.id, classifications: classes, categories: categories)
        #expect(self.policy.permits(clearance, label).description == expected)
    }

    @Test("a clearance of another policy opens nothing")
    func otherClearance() {
        let clearance = SecurityClearance(policy: Harbour.quayID, classifications: [10])
        #expect(self.policy.permits(clearance, Harbour.label(10)) == .otherPolicy(Harbour.quayID))
    }

    @Test(
        "more clearance never closes, and more restriction never opens, over every label",
        arguments: 0..<8 as Range<UInt64>)
    func monotone(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let held = Set(Harbour.keys.filter { _ in Bool.random(using: &random) })
        let less = SecurityClearance(policy: Harbour.id, classifications: [10, 11], categories: held)
        let extra = Harbour.keys.randomElement(using: &random) ?? Harbour.alpha
        let more = SecurityClearance(
            policy: Harbour.id, classifications: [10, 11, 12], categories: held.union([extra]))
        for label in Harbour.valid {
            if self.policy.permits(less, label).isPermitted { #expect(self.policy.permits(more, label).isPermitted) }
            for caveat in [Harbour.alpha, Harbour.bravo] {
                var narrower = label
                narrower.categories.insert(caveat)
                if !self.policy.permits(less, label).isPermitted {
                    #expect(!self.policy.permits(less, narrower).isPermitted)
                }
            }
        }
    }

    @Test(
        "a marking shows policy, class and categories in the language that is asked for",
        arguments: [
            (Harbour.label(11), nil, "HARBOUR GUARDED"),
            (Harbour.label(11), "fr", "HARBOUR GARDÉ"),
            (Harbour.label(11), "FR-ca", "HARBOUR GARDÉ"),
            (Harbour.label(11), "de", "HARBOUR GUARDED"),
            (Harbour.label(12, [Harbour.xaa]), nil, "HARBOUR MASTER SEALED for XAA only"),
            (Harbour.label(11, [Harbour.xbb, Harbour.xaa]), "fr", "HARBOUR GARDÉ pour XAA, XBB only"),
            (Harbour.label(11, [Harbour.bravo, Harbour.alpha, Harbour.xcc]), nil, "HARBOUR GUARDED ALPHA+BRAVO"),
            (Harbour.label(11, [Harbour.red, Harbour.blue]), nil, "HARBOUR RED/GUARDED-BLUE"),
            (Harbour.label(10, [Harbour.staff, Harbour.draft]), nil, "HARBOUR OPEN STAFF/DRAFT"),
        ] as [(SecurityLabel, String?, String)])
    func marking(label: SecurityLabel, language: String?, expected: String) throws {
        #expect(try self.policy.marking(of: label, language: language) == expected)
    }

    @Test("a phrase stands only where its codes put it")
    func place() throws {
        let label = Harbour.label(10, [Harbour.draft])
        #expect(try self.policy.marking(of: label, at: .pageBottom) == "HARBOUR OPEN (draft)")
        #expect(try self.policy.marking(of: label, at: .pageTop) == "HARBOUR OPEN DRAFT")
    }

    @Test("what the policy does not know is not marked")
    func unmarked() {
        let strange = CategoryKey(tagSet: Harbour.quayID, type: .informative, lacv: 7)
        #expect(throws: LabelFaults(faults: [.unknownCategory(strange)])) {
            try self.policy.marking(of: Harbour.label(10, [strange]))
        }
        #expect(throws: LabelFaults(faults: [.unknownClassification(5)])) {
            try self.policy.marking(of: Harbour.label(5))
        }
    }

    @Test("a clearance is marked by its classes in their order, and its categories")
    func clearanceMarking() throws {
        let clearance = SecurityClearance(
            policy: Harbour.id, classifications: [12, 10], categories: [Harbour.bravo, Harbour.xaa])
        #expect(try self.policy.marking(of: clearance) == "{OPEN|SEALED} BRAVO for XAA only")
    }

    @Test("a policy that contradicts itself is refused with every contradiction and its line")
    func contradictions() {
        let error = #expect(throws: SecurityPolicyError.self) {
            try SecurityPolicy(
                name: "P", id: Harbour.id,
                classifications: [
                    SecurityPolicy.Classification(name: "A", lacv: 1, hierarchy: 1, line: 2),
                    SecurityPolicy.Classification(name: "A", lacv: 1, hierarchy: 1, line: 3),
                ],
                tagSets: [
                    SecurityPolicy.CategoryTagSet(
                        name: "T", id: Harbour.caveats,
                        tags: [
                            SecurityPolicy.CategoryTag(
                                name: "T", type: .permissive,
                                categories: [
                                    SecurityPolicy.Category(name: "x", lacv: 1, excludedClasses: ["B"], line: 4),
                                    SecurityPolicy.Category(
                                        name: "x", lacv: 1,
                                        excluded: [
                                            SecurityPolicy.CategoryMatch(
                                                tagSet: "U", type: .permissive, lacv: 1, line: 6)
                                        ], line: 5),
                                ])
                        ])
                ])
        }
        #expect(
            error?.problems.map(\.description) == [
                "line 3: a second classification is named A", "line 3: a second classification has lacv 1",
                "line 3: a second classification has hierarchy 1", "line 4: there is no classification named B",
                "line 5: a second permissive category of T has lacv 1", "line 5: a second category of T is named x",
                "line 6: there is no tag set named U",
            ])
    }

    @Test(
        "an identifier has two arcs at least, in numbers without leading zeros",
        arguments: [
            ("1.3.26.1.3.1", true), ("2.999", true), ("2.25.283505922519774543341581604402970826256", true),
            ("1", false), ("", false), ("3.1", false), ("1.40", false), ("1.02", false), ("1..2", false),
            ("1.2.", false), ("1.+2", false), ("1.2a", false), ("1.٣", false),
        ])
    func oid(text: String, isOne: Bool) { #expect((OID(text) != nil) == isOne) }

    @Test("a catalogue holds a policy once, and NATO by any case")
    func catalogue() throws {
        var catalogue = PolicyCatalogue()
        try catalogue.add(self.policy)
        #expect(throws: SecurityPolicyError.self) { try catalogue.add(self.policy) }
        try catalogue.add(
            try SecurityPolicy(
                name: "NATO", id: Harbour.quayID,
                classifications: [SecurityPolicy.Classification(name: "SECRET", lacv: 4, hierarchy: 4)]))
        #expect(catalogue[named: "nato"]?.classification(named: "Secret")?.lacv == 4)
        #expect(catalogue[named: "harbour"] == nil)
        #expect(catalogue[named: "HARBOUR"]?.classification(named: "open") == nil)
    }
}

/// Source: S. Vigna, splitmix64.c (public domain).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
