public import Air
public import Releasability

extension Configuration {
    /// What may go to whom, and the label of what has no other.
    public struct Release: Sendable {
        public var policy: Policy
        /// The label of data whose sensor and feed have none; nil: they are withheld from every partner.
        public var label: Label?
        /// How labels are written for others; nil: they are not.
        public var crosswalk: Crosswalk?

        public init(policy: Policy, label: Label? = nil, crosswalk: Crosswalk? = nil) {
            self.policy = policy
            self.label = label
            self.crosswalk = crosswalk
        }
    }

    mutating func readRelease(_ root: Section, _ policy: (String) throws(PolicyFolderError) -> Policy) {
        guard let section = root.section("release") else { return }
        defer { section.finish() }
        guard let folder = section.requiredText("agreements", example: "agreements") else {
            section.ignoreRest()
            return
        }
        do throws(PolicyFolderError) {
            let policy = try policy(folder)
            self.release = Release(
                policy: policy, crosswalk: Self.crosswalk(section, of: policy))
            if let nation = self.nation, nation != policy.nation {
                section.report(
                    "agreements",
                    "are of nation \(policy.nation), and this node is of \(nation); mend node.nation or policy.yaml")
            } else if self.nation == nil {
                section.report("agreements", "need a nation; add `nation: \(policy.nation)` under node:")
            }
            if self.realm != policy.realm {
                section.report(
                    "agreements",
                    "are of realm \(policy.realm), and this node is of \(self.realm); mend node.realm or policy.yaml")
            }
        } catch {
            for problem in error.problems { section.report("agreements", "in \(folder): \(problem)") }
            self.hasBadAgreements = true
            section.ignoreRest()
            return
        }
        let label = self.label(section)
        self.release?.label = label
    }

    /// The label of a section, if it has one.
    func label(_ section: Section) -> Label? {
        guard section.has("label") else { return nil }
        guard let release = self.release else {
            // Its words cannot be checked until the agreements are mended.
            guard !self.hasBadAgreements else { return nil }
            section.report("label", "has no meaning without agreements; add `release: {agreements: FOLDER}`")
            return nil
        }
        guard let own = section.section("label") else { return nil }
        defer { own.finish() }
        return Label(own, policy: release.policy)
    }
}

extension Label {
    /// Reads a label as files have it: `{policy: trilateral, classification: restricted, releasable_to: [us]}`.
    ///
    /// - Parameter policy: the words that it may use, and the nation that it is of if it names no originator.
    /// - Throws: `ConfigurationError` with every problem.
    public init(yaml: String, policy: Policy) throws(ConfigurationError) {
        let reader = ConfigurationReader()
        var label: Label?
        if let root = reader.root(yaml) {
            label = Label(root, policy: policy)
            root.finish()
        }
        guard reader.problems.isEmpty, let label else { throw ConfigurationError(problems: reader.problems) }
        self = label
    }

    init?(_ section: Section, policy: Policy) {
        let words = section.words(policy.vocabulary, policy.orders, level: "classification")
        let originators = section.has("originators") ? section.nations("originators") : [policy.nation]
        let onwards = Onward.allCases.map(\.name)
        let onward =
            section.choice("onward", of: onwards).flatMap { word in Onward.allCases.first { $0.name == word } }
        // Not said is nobody; a list must have somebody in it.
        let releasableTo = section.has("releasable_to") ? section.nations("releasable_to", takesPublic: true) : nil
        guard let words, let originators else { return nil }
        self.init(
            policy: words.policy, classification: words.level, originators: originators, releasableTo: releasableTo,
            caveats: words.caveats, onward: onward ?? .never)
    }
}
