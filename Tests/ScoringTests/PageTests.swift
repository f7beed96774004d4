import Foundation
import Geodesy
import Testing

@testable import Scoring

@Suite("The page")
struct PageTests {
    static let score = Score(truth: SmallSky.truth, tracks: SmallSky.tracks)

    @Test("the page needs no other file, no network and no script")
    func alone() {
        let html = ScorePage(title: "small", score: Self.score, versus: ("other", Versus(Self.score, Self.score))).html
        for word in [
            "http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link", "<iframe", "nan", "inf ",
        ] {
            #expect(!html.contains(word), "\(word)")
        }
        #expect(html.hasPrefix("<!doctype html>") && html.hasSuffix("</html>\n"))
        #expect(html.contains("prefers-color-scheme:dark"))
        // Each table has a caption and named columns; each drawing says what it shows or is left out for those who hear.
        let tables = html.components(separatedBy: "<table>").count
        #expect(html.components(separatedBy: "<caption>").count == tables)
        let drawings = html.components(separatedBy: "<svg ").dropFirst()
        #expect(
            drawings.allSatisfy {
                $0.prefix(200).contains("aria-label=") || $0.prefix(200).contains("aria-hidden=true")
            })
    }

    @Test("names from files cannot become elements")
    func hostile() {
        let name = "\"><script>alert(1)</script>&"
        let truth = SmallSky.truth.map {
            var s = $0; s.target += name; s.kind += name; s.identity = name; return s
        }
        let tracks = SmallSky.tracks.map {
            var r = $0; r.track += name; r.identity = name; return r
        }
        let score = Score(truth: truth, tracks: tracks)
        let page = ScorePage(title: name, score: score, versus: (name: name, result: Versus(score, score)))
        #expect(!page.html.contains("<script"))
        let json = try? JSONSerialization.jsonObject(with: Data(score.json.utf8)) as? [String: Any]
        #expect(json?["RMS position airliner\(name)"] != nil)
        let pair = try? JSONSerialization.jsonObject(with: Data(Versus(score, score).json.utf8)) as? [String: Any]
        #expect(pair?["states in common"] as? Int == 198)
    }

    @Test("a story tells who held an object and when nobody did")
    func story() throws {
        let stories = Story.all(of: Self.score)
        func words(_ target: Int) throws -> String {
            try #require(stories.first { $0.target == target }).words(limit: 8)
        }
        #expect(try words(0) == "0–120 s held by 0; 125–195 s held by 1, a new number")
        #expect(try words(5) == "25–55 s missed; 60–145 s held by 5")
        #expect(
            try words(2) == "0–45 s held by 2; at 50 s missed; 55–95 s held by 2; 100–115 s missed; 120–195 s held by 2"
        )
        #expect(stories.first?.target == 5)
    }

    @Test(
        "figures have the digits of C's %.5g", arguments: [0.0042553, 209.28123, 0.94286, 1, 0, 12345.6, 1430.1, 0.1])
    func digits(value: Double) {
        #expect(significant(value, 5) == String(format: "%.5g", value))
    }

    @Test("the bounds of χ² are within half a percent of the tables")
    func chi() {
        // 95 % of χ² with 4 and with 100 degrees of freedom: 9.488 and 124.342.
        #expect(abs(chiSquared(1.644854, 4) - 9.488) < 0.04)
        #expect(abs(chiSquared(1.644854, 100) - 124.342) < 0.05)
    }
}
