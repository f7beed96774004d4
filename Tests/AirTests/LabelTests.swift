import Air
import Testing

private func nations(_ codes: String) -> NationSet { NationSet(codes.split(separator: " ").compactMap { Nation($0) }) }

/// Steele, Lea and Flood's generator: the same seed gives the same labels.
private struct Chance {
    var state: UInt64

    mutating func next(below count: Int) -> Int {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(count))
    }

    mutating func set() -> NationSet {
        var set = NationSet((0..<self.next(below: 6)).compactMap { _ in Nation(Self.codes[self.next(below: 8)]) })
        set.includesPublic = self.next(below: 8) == 0
        return set
    }

    static let codes = ["jp", "us", "kr", "au", "ph", "aa", "zz", "nz"]

    mutating func label() -> Label {
        Label(
            policy: PolicyID(rawValue: UInt16(self.next(below: 3))), classification: UInt8(self.next(below: 256)),
            originators: self.set(), releasableTo: self.next(below: 4) == 0 ? nil : self.set(),
            caveats: CaveatSet(rawValue: 1 << UInt128(self.next(below: 128)) | UInt128(self.next(below: 16))),
            onward: Onward.allCases[self.next(below: 3)])
    }
}

@Suite("Labels")
struct LabelTests {
    /// Words, levels, caveats and onward rules; sets held fast.
    static let words: [Label] = {
        var labels: [Label] = []
        for policy in 0...2 as ClosedRange<UInt16> {
            for level in 0...1 as ClosedRange<UInt8> {
                for caveats in [[], CaveatSet(Caveat(rawValue: 0))] as [CaveatSet] {
                    for onward in Onward.allCases {
                        labels.append(
                            Label(
                                policy: PolicyID(rawValue: policy), classification: level,
                                originators: nations("jp"), releasableTo: nations("us"), caveats: caveats,
                                onward: onward))
                    }
                }
            }
        }
        return labels
    }()
    /// All sets of two nations, and the set that nobody has stated; words held fast.
    static let sets: [Label] = {
        var labels: [Label] = []
        let all: [String] = ["", "jp", "us", "jp us"]
        for originators in all {
            for releasable in all.map({ nations($0) }) + [nil] as [NationSet?] {
                labels.append(
                    Label(
                        policy: PolicyID(rawValue: 1), classification: 1, originators: nations(originators),
                        releasableTo: releasable))
            }
        }
        return labels
    }()

    func laws(_ a: Label, _ b: Label, _ c: Label) -> Bool {
        let ab = a.combined(with: b)
        return ab.combined(with: c) == a.combined(with: b.combined(with: c)) && ab == b.combined(with: a)
            && a.combined(with: a) == a && ab.isAsNarrow(as: a) && ab.isAsNarrow(as: b)
            && a.isAsNarrow(as: b) == (ab == a)
            // Monotone: what is narrower before is narrower after.
            && (!a.isAsNarrow(as: b) || a.combined(with: c).isAsNarrow(as: b.combined(with: c)))
    }

    @Test(
        "combining is associative, commutative, idempotent and monotone: all of a small world",
        arguments: [words, sets])
    func smallWorld(labels: [Label]) {
        var broken = 0
        for a in labels { for b in labels { for c in labels where !self.laws(a, b, c) { broken += 1 } } }
        #expect(broken == 0)
    }

    @Test(
        "combining is associative, commutative, idempotent and monotone: labels by chance",
        arguments: 1...4 as ClosedRange<UInt64>)
    func chance(seed: UInt64) {
        var chance = Chance(state: seed)
        var broken = 0
        for _ in 0..<3000 where !self.laws(chance.label(), chance.label(), chance.label()) { broken += 1 }
        #expect(broken == 0)
    }

    @Test("what is derived is as high, as narrow and as restricted as its sources together")
    func join() {
        let us = Label(
            policy: PolicyID(rawValue: 1), classification: 3, originators: nations("us"),
            releasableTo: nations("jp kr us"), caveats: CaveatSet(Caveat(rawValue: 2)), onward: .releasable)
        let jp = Label(
            policy: PolicyID(rawValue: 1), classification: 1, originators: nations("jp"),
            releasableTo: nations("jp us au"), caveats: CaveatSet(Caveat(rawValue: 5)), onward: .originatorConsent)
        let both = us.combined(with: jp)
        #expect(both.classification == 3)
        #expect(both.originators == nations("jp us"))
        #expect(both.releasableTo == nations("jp us"))
        #expect(both.caveats.caveats.map(\.rawValue) == [2, 5])
        #expect(both.onward == .originatorConsent)
    }

    @Test("a missing label is for nobody, and so is what is derived from it")
    func missing() {
        let label = Self.words[0]
        #expect(Label.combine([label, nil]) == nil)
        #expect(Label.combine([Label?]()) == nil)
        #expect(Label.combine([label, label]) == label)
        var unsaid = label
        unsaid.releasableTo = nil
        #expect(label.combined(with: unsaid).releasableTo == nil)
    }

    @Test("words of two policies have no common policy")
    func policies() {
        var other = Self.words[12]
        other.policy = PolicyID(rawValue: 2)
        #expect(Self.words[12].combined(with: other).policy == .unknown)
    }
}

@Suite("Sets of nations")
struct NationSetTests {
    @Test("every pair of letters has its own place")
    func places() {
        var all = NationSet()
        var codes: [String] = []
        for first in "abcdefghijklmnopqrstuvwxyz" {
            for second in "abcdefghijklmnopqrstuvwxyz" {
                guard let nation = Nation("\(first)\(second)") else { continue }
                #expect(!all.contains(nation))
                all.insert(nation)
                codes.append("\(first)\(second)")
            }
        }
        #expect(all.count == 676)
        #expect(all.nations.map(\.description) == codes)
        #expect(!all.includesPublic)
    }

    @Test("sets behave as the standard library's", arguments: 1...3 as ClosedRange<UInt64>)
    func likeSet(seed: UInt64) {
        var chance = Chance(state: seed)
        for _ in 0..<300 {
            let a = chance.set(), b = chance.set()
            let (x, y) = (Set(a.nations), Set(b.nations))
            #expect(Set(a.union(b).nations) == x.union(y))
            #expect(Set(a.intersection(b).nations) == x.intersection(y))
            #expect(Set(a.subtracting(b).nations) == x.subtracting(y))
            #expect(a.union(b).includesPublic == (a.includesPublic || b.includesPublic))
            #expect(a.isSubset(of: b) == (x.isSubset(of: y) && (!a.includesPublic || b.includesPublic)))
            #expect((a == b) == (x == y && a.includesPublic == b.includesPublic))
            #expect(a.count == x.count)
        }
    }

    @Test("the public is no nation, and is named last")
    func everybody() {
        var set = nations("us jp")
        set.includesPublic = true
        #expect(set.description == "jp us public")
        #expect(set.count == 2)
        set.includesPublic = false
        if let us = Nation("us") { set.remove(us) }
        #expect(set == nations("jp"))
    }
}

@Suite("Vocabularies")
struct VocabularyTests {
    @Test("a name keeps its number, and an unknown one has none")
    func names() {
        var words = Vocabulary()
        let policy = words.register(policy: "1.2.3"), caveat = words.register(caveat: "crypto")
        #expect(words.register(policy: "1.2.3") == policy)
        #expect(words.name(of: policy) == "1.2.3")
        #expect(words.policy("other") == .unknown)
        #expect(words.name(of: PolicyID.unknown) == nil)
        #expect(words.caveat("crypto") == caveat)
        #expect(words.caveat("noforn") == .unknown)
        #expect(words.known == CaveatSet(caveat))
    }

    @Test("what has no room is unknown, and never takes another's number")
    func full() {
        var words = Vocabulary()
        let caveats = (0..<200).map { words.register(caveat: "caveat \($0)") }
        #expect(Set(caveats.prefix(127)).count == 127)
        #expect(caveats.dropFirst(127).allSatisfy { $0 == .unknown })
        #expect(!words.known.contains(Caveat.unknown))
        let policies = (0..<1100).map { words.register(policy: "policy \($0)") }
        #expect(Set(policies.prefix(1024)).count == 1024)
        #expect(policies.dropFirst(1024).allSatisfy { $0 == .unknown })
        #expect(words.register(caveat: "") == .unknown)
    }
}
