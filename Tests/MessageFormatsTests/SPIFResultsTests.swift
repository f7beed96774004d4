import Air
import Releasability
import Testing

@testable import MessageFormats

/// Every expected result of surevine/spiffing 170af8c, `test-data/tests.xml`.
@Suite("Results of others for policies and labels", .enabled(if: SPIFData.isThere))
struct SPIFResultsTests {
    @Test("each policy loads, or fails for the reason that is expected", arguments: SPIFData.policies)
    func policy(_ policy: SPIFData.LoadedPolicy) throws {
        guard let exception = policy.exception else {
            _ = try SPIFData.policy(policy.file)
            return
        }
        #expect(exception == "Duplicate excluded classification in category")
        let error = #expect(throws: SecurityPolicyError.self) { try SPIFData.policy(policy.file) }
        let found = error?.problems.filter { $0.code == .duplicateExcludedClass }
        #expect(found?.map(\.text) == ["Chocolate excludes Ambrosia twice"])
    }

    @Test("a label is valid, is marked, is translated and is opened as expected", arguments: SPIFData.results)
    func result(_ test: SPIFData.Result) throws {
        var policies = PolicyCatalogue()
        for file in test.policies { try policies.add(try SPIFData.policy(file)) }
        let bytes = SPIFData.bytes(test["label"] ?? "")
        if let exception = test["exception"] {
            let error = #expect(throws: LabelError.self) { try LabelReader.label(bytes, policies: policies) }
            switch exception {
            case "No data to parse": #expect(error == .empty)
            case "Unknown policy id: 1.1": #expect(error == .unknownPolicy("1.1"))
            default: Issue.record("\(exception) is not known here")
            }
            return
        }
        var label = try LabelReader.label(bytes, policies: policies)
        var policy = try #require(policies[label.policy])
        if let valid = test["valid"] { #expect(policy.isValid(label) == (valid == "true")) }
        if let marking = test["label-marking"] {
            #expect(try policy.marking(of: label, language: test["lang"]) == marking)
        }
        if let target = test["encrypt"] {
            let other = try #require(OID(target).flatMap { policies[$0] })
            label = try policy.translate(label, to: other)
            policy = other
        }
        if let marking = test["encrypt-marking"] { #expect(try policy.marking(of: label) == marking) }
        if let file = test["clearance"] {
            let clearance = try LabelReader.clearance(SPIFData.bytes(file), policies: policies)
            if let marking = test["clearance-marking"] { #expect(try policy.marking(of: clearance) == marking) }
            #expect(policy.permits(clearance, label).isPermitted == (test["acdf-result"] == "1"))
        }
    }

    @Test("there are as many results as there are said to be")
    func count() {
        #expect(SPIFData.results.count == 25)
        #expect(SPIFData.policies.count == 6)
    }

    @Test("what stands in place of the policy's name holds in every language that has nothing else")
    func cosmic() throws {
        var policies = PolicyCatalogue()
        try policies.add(try SPIFData.policy("nato-4774-policy.xml"))
        let label = try LabelReader.label(SPIFData.bytes("nato-4774-extra-1.xml"), policies: policies)
        #expect(try policies[label.policy]?.marking(of: label, language: "fr") == "COSMIC TRES SECRET")
    }

    @Test("a file that is not well-formed is refused where it is not")
    func malformed() {
        for (file, line) in [("food-policy.xml", 81), ("bsi-commercial.xml", 54)] {
            let error = #expect(throws: SecurityPolicyError.self) { try SPIFReader.read(SPIFData.bytes(file)) }
            #expect(error?.problems.map(\.code) == [.malformed])
            #expect(error?.problems.map(\.line) == [line], "\(error?.description ?? "")")
        }
    }

    @Test("every label that its policy allows is written as STANAG 4774 and read again the same")
    func written() throws {
        for test in SPIFData.results where test["valid"] == "true" {
            var policies = PolicyCatalogue()
            for file in test.policies { try policies.add(try SPIFData.policy(file)) }
            let label = try LabelReader.label(SPIFData.bytes(test["label"] ?? ""), policies: policies)
            let policy = try #require(policies[label.policy])
            let document = try ConfidentialityLabel(
                label, policy: policy, createdAt: Timestamp(seconds: 0), reviewAt: Timestamp(seconds: 1))
            #expect(try LabelReader.label(document.xml, policies: policies) == label)
        }
    }

    @Test("labels of ASN.1 without a policy, and of one that is unknown, are refused for that")
    func ber() {
        let none = PolicyCatalogue()
        #expect(throws: LabelError.noPolicy) { try LabelReader.label(SPIFData.bytes("label-1.ber"), policies: none) }
        for file in ["label-2.ber", "label-3.ber"] {
            #expect(throws: LabelError.unknownPolicy("1.1")) {
                try LabelReader.label(SPIFData.bytes(file), policies: none)
            }
        }
    }

    @Test("no truncation of a label is one, nor any ninth of a policy, and none traps")
    func truncations() throws {
        var policies = PolicyCatalogue()
        try policies.add(try SPIFData.policy("nato-4774-policy.xml"))
        let whole = SPIFData.bytes("tlp.xml")
        let end = whole.lastIndex(of: UInt8(ascii: ">")) ?? 0
        for count in stride(from: 0, through: end, by: 9) {
            #expect(throws: SecurityPolicyError.self) { try SPIFReader.read(Array(whole[..<count])) }
        }
        for file in ["nato-4774-17-1.nato", "nato-4774-17-1.xml", "stupid-label.ber"] {
            let whole = SPIFData.bytes(file)
            let end = whole.last == 0x0A ? (whole.lastIndex(of: UInt8(ascii: ">")) ?? 0) : whole.count - 1
            for count in 0...end {
                #expect(throws: LabelError.self) { try LabelReader.label(Array(whole[..<count]), policies: policies) }
            }
        }
    }

    @Test("files that are changed anywhere are read or refused, and never trap", arguments: 0..<10 as Range<UInt64>)
    func mutations(seed: UInt64) throws {
        var policies = PolicyCatalogue()
        for file in ["uk-demo.xml", "tlp.xml", "tlp-plus.xml"] { try policies.add(try SPIFData.policy(file)) }
        let files = SPIFData.files.filter { $0 != "nato-4774-policy.xml" || seed == 0 }
        Mutations.run(files.map(SPIFData.bytes), rounds: 3, seed: seed, policies)
    }
}
