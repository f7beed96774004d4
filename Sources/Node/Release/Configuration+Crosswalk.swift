internal import Air
internal import Foundation
internal import MessageFormats
public import Releasability

extension Configuration {
    /// How labels are said in the words of a security policy of others, as STANAG 4774 has them.
    public struct Crosswalk: Sendable {
        public var table: LabelCrosswalk
        /// Days until the originator looks at a label again, which the standard asks for.
        public var reviewDays: Int

        public init(table: LabelCrosswalk, reviewDays: Int = 3650) {
            self.table = table
            self.reviewDays = reviewDays
        }
    }

    /// - Parameter file: reads the bytes of a file.
    static func crosswalk(
        _ section: Section, of policy: Policy, file: (String) throws -> [UInt8] = Self.bytes
    ) -> Crosswalk? {
        guard let own = section.section("crosswalk") else { return nil }
        defer { own.finish() }
        guard let path = own.requiredText("policy", example: "policy.spif.xml"),
            let words = self.securityPolicy(path, own, file)
        else {
            own.ignoreRest()
            return nil
        }
        let name = own.requiredText("releaseTagSet", example: words.tagSets.first?.name ?? "Release")
        let tagSet = words.tagSets.first { $0.name == name }
        if name != nil, tagSet == nil {
            own.report(
                "releaseTagSet",
                "is no tag set of the policy; write one of \(words.tagSets.map(\.name).joined(separator: ", "))")
        }
        var nations: [CategoryKey: NationSet] = [:]
        if let table = own.section("nations"), let tagSet {
            for category in table.keys {
                let key = words.category(named: category, tagSet: tagSet.name, rule: .any)
                if key == nil { table.report(category, "is no permissive category of tag set \(tagSet.name)") }
                if let key, let set = table.nations(category) { nations[key] = set }
            }
        } else if name != nil {
            own.report(
                "nations", "are missing; add for example `nations: {JPN: [jp]}`, each category and whom it means")
        }
        var onward: [CategoryKey: Onward] = [:]
        if let table = own.section("onward") {
            for category in table.keys {
                let rule = table.choice(category, of: Onward.allCases.map(\.name))
                if let key = self.category(category, table, words), let rule {
                    onward[key] = Onward.allCases.first { $0.name == rule }
                }
            }
        }
        let otherwise = own.choice("onwardOtherwise", of: Onward.allCases.map(\.name))
        let days = own.integer("reviewDays", in: 1...36_500)
        guard let tagSet else { return nil }
        do throws(SecurityPolicyError) {
            let table = try LabelCrosswalk(
                policy: words, vocabulary: policy.vocabulary, nations: nations, releaseTagSet: tagSet.id,
                onward: onward,
                onwardOtherwise: Onward.allCases.first { $0.name == otherwise } ?? .never)
            // A level is a rank on both sides: the words must be the same, or a label would be written lower.
            if policy.orders.first(where: { $0.policy == table.id })?.names != table.order.names {
                own.report(
                    "policy",
                    "has the classifications \(table.order.names.joined(separator: ", ")); write the same in policy.yaml"
                )
            }
            return Crosswalk(table: table, reviewDays: days ?? 3650)
        } catch {
            for problem in error.problems { own.report("policy", problem.text) }
            return nil
        }
    }

    private static func bytes(of path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path)))
    }

    private static func securityPolicy(
        _ path: String, _ section: Section, _ file: (String) throws -> [UInt8]
    ) -> SecurityPolicy? {
        guard let bytes = try? file(path) else {
            section.report("policy", "cannot be read: \(path); check path and rights")
            return nil
        }
        do throws(SecurityPolicyError) { return try SPIFReader.read(bytes) } catch {
            for problem in error.problems { section.report("policy", "in \(path): \(problem)") }
            return nil
        }
    }

    /// A category that decides: `TAG SET/CATEGORY`.
    private static func category(_ text: String, _ section: Section, _ policy: SecurityPolicy) -> CategoryKey? {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        if parts.count == 2 {
            for rule in [TagType.Rule.all, .none] {
                if let key = policy.category(named: parts[1], tagSet: parts[0], rule: rule) { return key }
            }
        }
        section.report(text, "is no restrictive or informative category; write `TAG SET/CATEGORY: originator-consent`")
        return nil
    }
}
