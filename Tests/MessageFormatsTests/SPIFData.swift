import Foundation
import Releasability
import Testing

@testable import MessageFormats

/// The policies, labels and expected results of surevine/spiffing beside the checkout; tests that need them are skipped
/// where they are absent.
enum SPIFData {
    /// `KUMIKO_DATA`, or `../shared/data` of the package.
    static let root: URL = {
        if let path = ProcessInfo.processInfo.environment["KUMIKO_DATA"] {
            return URL(fileURLWithPath: path).appendingPathComponent("spif")
        }
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        for parent in [package, package.deletingLastPathComponent()] {
            let folder = parent.deletingLastPathComponent().appendingPathComponent("shared/data/spif")
            if FileManager.default.fileExists(atPath: folder.path) { return folder }
        }
        return package.deletingLastPathComponent().appendingPathComponent("shared/data/spif")
    }()

    static let isThere: Bool = {
        let exists = FileManager.default.fileExists(atPath: root.appendingPathComponent("tests.xml").path)
        if !exists { print("skipped: there is no \(root.path)/tests.xml") }
        return exists
    }()

    static let files: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.filter { $0.hasSuffix(".xml") || $0.hasSuffix(".nato") || $0.hasSuffix(".ber") }.sorted()
    }()

    /// No bytes when there is no file, as `this-file-does-not-exist.ber` wants it.
    static func bytes(_ name: String) -> [UInt8] {
        (try? Data(contentsOf: self.root.appendingPathComponent(name))).map { [UInt8]($0) } ?? []
    }

    /// A policy; `food-policy.xml` closes one element under a misspelt name, which is put right here.
    static func policy(_ name: String) throws(SecurityPolicyError) -> SecurityPolicy {
        let text = String(decoding: self.bytes(name), as: UTF8.self)
        return try SPIFReader.read(
            Array(text.replacing("</securityCategiryTagSet>", with: "</securityCategoryTagSet>").utf8))
    }

    /// One `<test>` of tests.xml, and the policies of its sequence.
    struct Result: CustomTestStringConvertible, Sendable {
        var number: Int
        var policies: [String]
        var values: [String: String]

        subscript(name: String) -> String? { self.values[name] }
        var testDescription: String {
            "\(self.number): "
                + self.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                .joined(separator: " ")
        }
    }

    struct LoadedPolicy: CustomTestStringConvertible, Sendable {
        var file: String
        var exception: String?
        var testDescription: String { self.file }
    }

    static let sequences: [XMLElement] =
        isThere ? ((try? XMLElement(parsing: bytes("tests.xml")))?.children("sequence") ?? []) : []

    static let results: [Result] = {
        var results: [Result] = []
        for sequence in sequences {
            let policies = sequence.children("policy").filter { $0["exception"] == nil }.compactMap { $0["spif"] }
            for test in sequence.children("test") {
                var values: [String: String] = [:]
                for attribute in test.attributes {
                    values[attribute.namespace.isEmpty ? attribute.name : "lang"] = attribute.value
                }
                results.append(Result(number: results.count + 1, policies: policies, values: values))
            }
        }
        return results
    }()

    static let policies: [LoadedPolicy] = sequences.flatMap { sequence in
        sequence.children("policy").map { LoadedPolicy(file: $0["spif"] ?? "", exception: $0["exception"]) }
    }
}

/// A small generator for tests: a failing seed prints itself.
///
/// Source: S. Vigna, splitmix64.c (public domain).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { self.state = seed }
    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
