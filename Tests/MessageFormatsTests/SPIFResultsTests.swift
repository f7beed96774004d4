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
}
