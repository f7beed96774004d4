/// Where on a page a marking stands.
///
/// Source: Open XML SPIF 2.1, `markingCode`; ADatP-4774.1 Ed. A V1, table 6.
public enum MarkingPlace: String, Hashable, Sendable, CaseIterable {
    case pageTop, pageBottom, documentStart, documentEnd, firstLineOfText, lastLineOfText, subject, xHeader
    case portionMarking, inputTitle, waterMark
}

/// How a policy, classification, tag or category is shown to people.
public struct Markings: Hashable, Sendable {
    /// Words in place of a name.
    public struct Phrase: Hashable, Sendable {
        /// RFC 5646 tag; nil for every language.
        public var language: String?
        /// Nil: the name stands.
        public var text: String?
        /// Empty: everywhere.
        public var places: Set<MarkingPlace>
        /// `noNameDisplay`: nothing is shown.
        public var hidesName: Bool
        /// `noMarkingDisplay`: the phrase is not shown, the name stands.
        public var hidesPhrase: Bool
        /// `suppressClassName`: the classification's name is left out.
        public var suppressesClassification: Bool
        /// `replacePolicy`: the phrase stands in place of the policy's name.
        public var replacesPolicy: Bool

        public init(
            language: String? = nil, text: String?, places: Set<MarkingPlace> = [], hidesName: Bool = false,
            hidesPhrase: Bool = false, suppressesClassification: Bool = false, replacesPolicy: Bool = false
        ) {
            self.language = language
            self.text = text
            self.places = places
            self.hidesName = hidesName
            self.hidesPhrase = hidesPhrase
            self.suppressesClassification = suppressesClassification
            self.replacesPolicy = replacesPolicy
        }
    }

    /// What stands before, after or between.
    public struct Qualifier: Hashable, Sendable {
        public enum Kind: String, Hashable, Sendable { case prefix, suffix, separator }

        public var language: String?
        public var kind: Kind
        public var text: String
        public var places: Set<MarkingPlace>

        public init(_ kind: Kind, _ text: String, language: String? = nil, places: Set<MarkingPlace> = []) {
            self.kind = kind
            self.text = text
            self.language = language
            self.places = places
        }
    }

    public var phrases: [Phrase]
    public var qualifiers: [Qualifier]

    public init(phrases: [Phrase] = [], qualifiers: [Qualifier] = []) {
        self.phrases = phrases
        self.qualifiers = qualifiers
    }

    /// Whether there is no word of how to show the thing itself.
    var isSilent: Bool { self.phrases.isEmpty }

    /// A language, then what it is a kind of, then no language: `fr-CA`, `fr`, none (RFC 4647, 3.4).
    static func languages(_ tag: String?) -> [String?] {
        guard var rest = tag.map({ $0[...] }), !rest.isEmpty else { return [nil] }
        var result: [String?] = [String(rest)]
        while let cut = rest.lastIndex(where: { $0 == "-" || $0 == "_" }) {
            rest = rest[..<cut]
            result.append(String(rest))
        }
        return result + [nil]
    }

    private func phrases(_ language: String?, _ place: MarkingPlace) -> some Sequence<Phrase> {
        Self.languages(language).lazy.flatMap { wanted in
            self.phrases.lazy.filter {
                Self.same($0.language, wanted) && ($0.places.isEmpty || $0.places.contains(place))
            }
        }
    }

    /// Tags of languages are compared without regard to case (RFC 5646, 2.1.1).
    private static func same(_ a: String?, _ b: String?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return a.utf8.elementsEqual(b.utf8) { SecurityPolicy.small($0) == SecurityPolicy.small($1) }
    }

    /// What is shown for a thing with a name; empty when nothing is.
    func phrase(for name: String, _ language: String?, _ place: MarkingPlace) -> String {
        for phrase in self.phrases(language, place) {
            if phrase.hidesName { return "" }
            if phrase.replacesPolicy { continue }
            return phrase.hidesPhrase ? name : phrase.text ?? name
        }
        return name
    }

    /// A phrase with what stands before and after it; empty when nothing is shown.
    func framed(_ phrase: String, _ language: String?, _ place: MarkingPlace) -> String {
        if phrase.isEmpty { return "" }
        return (self.qualifier(.prefix, language, place) ?? "") + phrase
            + (self.qualifier(.suffix, language, place) ?? "")
    }

    /// What is shown in place of the policy's name; nil when the name stands.
    func policyPhrase(for name: String, _ language: String?, _ place: MarkingPlace) -> String? {
        self.phrases(language, place).first { $0.replacesPolicy }.map { $0.text ?? name }
    }

    func suppressesClassification(_ language: String?, _ place: MarkingPlace) -> Bool {
        self.phrases(language, place).contains { $0.suppressesClassification }
    }

    func qualifier(_ kind: Qualifier.Kind, _ language: String?, _ place: MarkingPlace) -> String? {
        for wanted in Self.languages(language) {
            let found = self.qualifiers.first {
                $0.kind == kind && Self.same($0.language, wanted) && ($0.places.isEmpty || $0.places.contains(place))
            }
            if let found { return found.text }
        }
        return nil
    }
}

extension SecurityPolicy {
    /// The words that people see on what carries a label: `NATO RESTRICTED Releasable to Japan`.
    ///
    /// prefix · policy · classification · for each tag: prefix, categories, suffix · suffix, parted by the policy's
    /// separator (a space), the categories of a tag by the tag's (a slash). Classification and categories may have a prefix
    /// and a suffix of their own.
    ///
    /// - Parameters:
    ///   - language: RFC 5646 tag; what has no words in it is shown in its kind (`fr` for `fr-CA`), then without one.
    ///   - place: where the marking stands.
    /// - Throws: ``LabelFaults`` when the label names what the policy does not know. A label that is only not allowed is
    ///   marked, so that it can be shown to whoever must put it right.
    ///
    /// Source: ADatP-4774.1 Ed. A V1, 3.5; the order as surevine/spiffing 170af8c, src/spif.cc, `displayMarking`.
    public func marking(
        of label: SecurityLabel, language: String? = nil, at place: MarkingPlace = .pageTop
    ) throws(LabelFaults) -> String {
        guard label.policy == self.id else { throw LabelFaults(faults: [.otherPolicy(label.policy)]) }
        guard let classification = self.classification(label.classification) else {
            throw LabelFaults(faults: [.unknownClassification(label.classification)])
        }
        let entries = try self.known(label.categories)
        let separator = self.markings.qualifier(.separator, language, place) ?? " "
        var words =
            self.markings.policyPhrase(for: self.name, language, place)
            ?? classification.markings.policyPhrase(for: classification.name, language, place)
            ?? entries.lazy.compactMap {
                $0.category.markings.policyPhrase(for: $0.category.name, language, place)
            }.first
            ?? self.markings.phrase(for: self.name, language, place)
        if !entries.contains(where: { $0.category.markings.suppressesClassification(language, place) }) {
            let markings = classification.markings
            let phrase = markings.framed(markings.phrase(for: classification.name, language, place), language, place)
            if !words.isEmpty, !phrase.isEmpty { words += separator }
            words += phrase
        }
        return self.markings.framed(self.append(entries, to: words, separator, language, place), language, place)
    }

    /// The words for a clearance: `DEMO-{OFFICIAL|SECRET} - UK EYES ONLY`.
    ///
    /// - Throws: ``LabelFaults`` when the clearance names what the policy does not know.
    public func marking(
        of clearance: SecurityClearance, language: String? = nil, at place: MarkingPlace = .pageTop
    ) throws(LabelFaults) -> String {
        guard clearance.policy == self.id else { throw LabelFaults(faults: [.otherPolicy(clearance.policy)]) }
        if let unknown = clearance.classifications.filter({ self.classification($0) == nil }).min() {
            throw LabelFaults(faults: [.unknownClassification(unknown)])
        }
        let entries = try self.known(clearance.categories)
        let names = self.classifications.filter { clearance.classifications.contains($0.lacv) }.map(\.name)
        let words = "{" + names.joined(separator: "|") + "}"
        let separator = self.markings.qualifier(.separator, language, place) ?? " "
        return self.markings.framed(self.append(entries, to: words, separator, language, place), language, place)
    }

    private func known(_ keys: Set<CategoryKey>) throws(LabelFaults) -> [Entry] {
        let entries = self.orderedEntries(keys)
        if entries.count != keys.count {
            let unknown = keys.filter { self.entry($0) == nil }.sorted { ($0.tagSet, $0.lacv) < ($1.tagSet, $1.lacv) }
            throw LabelFaults(faults: unknown.map { .unknownCategory($0) })
        }
        return entries
    }

    private func append(
        _ entries: [Entry], to words: String, _ separator: String, _ language: String?, _ place: MarkingPlace
    ) -> String {
        var words = words
        var current: Int?
        var suffix = ""
        for entry in entries {
            let tag = self.tags[entry.tag]
            let markings = entry.category.markings.isSilent ? tag.markings : entry.category.markings
            let phrase = entry.category.markings.framed(
                markings.phrase(for: entry.category.name, language, place), language, place)
            if phrase.isEmpty { continue }
            if current == entry.tag {
                words += tag.markings.qualifier(.separator, language, place) ?? "/"
            } else {
                words += suffix
                if !words.isEmpty { words += separator }
                words += tag.markings.qualifier(.prefix, language, place) ?? ""
                suffix = tag.markings.qualifier(.suffix, language, place) ?? ""
                current = entry.tag
            }
            words += phrase
        }
        return words + suffix
    }
}
