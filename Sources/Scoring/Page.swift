import Glibc

/// A report of a score: one HTML page that needs no other file, nor a network, nor a script.
public struct ScorePage: Sendable {
    private let title: String
    private let score: Score
    private let versus: (name: String, result: Versus)?

    /// A page.
    ///
    /// - Parameter versus: the name of other tracks and how they compare.
    public init(title: String, score: Score, versus: (name: String, result: Versus)? = nil) {
        self.title = title
        self.score = score
        self.versus = versus
    }

    /// The text of the page.
    public var html: String {
        let stories = Story.all(of: self.score)
        let sections = [
            self.head, self.figures, self.map, self.overTime, self.histograms, self.consistency, self.phases,
            self.comparison, self.requirements, self.worst(stories), self.falseTracks, self.all,
        ]
        return sections.joined(separator: "\n") + "\n</main>\n</html>\n"
    }

    // MARK: Parts

    private var head: String {
        let title = escaped(self.title, for: .html)
        return """
            <!doctype html>
            <html lang=en>
            <meta charset=utf-8>
            <meta name=viewport content="width=device-width, initial-scale=1">
            <title>Score: \(title)</title>
            <style>\(Self.style)</style>
            <main>
            <h1>\(title)</h1>
            """
    }

    private var figures: String {
        let score = self.score
        var tiles: [(String, String, String)] = [
            ("GOSPA", "\(fixed(score.distance.gospa, 0)) m", "localisation \(fixed(score.distance.localisation, 0)) m"),
            ("completeness", fixed(score.siap.completeness, 4), "missed \(fixed(score.distance.missed, 2)) objects"),
            ("spuriousness", fixed(score.siap.spuriousness, 4), "false \(fixed(score.distance.falseTracks, 2)) tracks"),
            ("position", "\(fixed(score.siap.positionAccuracy, 1)) m", "95 % within \(fixed(score.position95, 0)) m"),
            ("velocity", "\(fixed(score.siap.velocityAccuracy, 2)) m/s", "mean difference"),
            (
                "number changes", "\(fixed(3600 * score.siap.numberChangeRate, 2)) /h",
                "longest track \(fixed(100 * score.siap.longestSegment, 1)) %"
            ),
        ]
        if let nees = score.nees {
            tiles.append(("NEES / 4", fixed(nees.state, 3), "within bound \(fixed(100 * nees.within, 1)) %"))
        }
        let body = tiles.map { "<div><dt>\($0.0)</dt><dd><b>\($0.1)</b> \($0.2)</dd></div>" }.joined()
        let last = score.instants.last?.time ?? 0
        return """
            <p>\(score.scene.targets.count) objects and \(score.trackCount) tracks over \(fixed(last, 0)) s; \
            \(score.truthStates) true states, \(score.instants.count) report times.</p>
            <dl class=tiles>\(body)</dl>
            """
    }

    private func figure(_ svg: String, _ caption: String) -> String {
        "<figure>\(svg)<figcaption>\(caption)</figcaption></figure>"
    }

    private func key(_ name: String, _ text: String) -> String {
        "<span class=key><svg viewBox=\"0 0 24 8\" aria-hidden=true><path class=\"line \(name)\" d=\"M1 4H23\"/></svg>\(text)</span>"
    }

    private var map: String {
        let keys =
            self.key("truth", "truth") + self.key("track", "tracks that hold an object")
            + self.key("missed", "truth that no track holds") + self.key("false", "tracks that hold no object")
        return "<h2>Map</h2>\n" + self.figure(PageMap(self.score).svg, keys + " Names show on hovering.")
    }

    private var span: ClosedRange<Double> {
        let first = self.score.instants.first?.time ?? 0
        return first...max(self.score.instants.last?.time ?? 0, first)
    }

    /// The top of an axis on which nearly all can be read: tracks must begin first, and that would press down the rest.
    private func top(_ values: [Double]) -> Double {
        let top = 1.4 * Accuracy.percentile(values, 0.95)
        return top.isFinite ? max(top, 1e-9) : 1
    }

    private var overTime: String {
        let instants = self.score.instants
        func points(_ value: (Score.Instant) -> Double?) -> [(Double, Double?)] {
            instants.map { ($0.time, value($0)) }
        }
        let most = self.top(instants.map(\.distance.gospa))
        var distance = Chart(x: self.span, y: 0...most, xTitle: "time, s", yTitle: "metres")
        distance.line(points { $0.distance.localisation }, class: "b")
        distance.line(points { $0.distance.ospa }, class: "c")
        distance.line(points { $0.distance.gospa }, class: "a")
        let count = self.top(instants.map { max($0.distance.missed, $0.distance.falseTracks) })
        var numbers = Chart(x: self.span, y: 0...max(count, 2), xTitle: "time, s", yTitle: "objects, tracks")
        numbers.line(points { $0.distance.missed }, class: "missed")
        numbers.line(points { $0.distance.falseTracks }, class: "false")
        let error = self.top(instants.compactMap(\.positionError))
        var position = Chart(x: self.span, y: 0...error, xTitle: "time, s", yTitle: "metres")
        position.line(points { $0.positionError }, class: "a")
        return "<h2>Over time</h2>\n<div class=pair>"
            + self.figure(
                distance.svg("GOSPA, its localisation part and OSPA over time"),
                self.key("a", "GOSPA") + self.key("b", "localisation") + self.key("c", "OSPA")
                    + "What passes the top is cut off.")
            + self.figure(
                numbers.svg("Missed objects and false tracks over time"),
                self.key("missed", "missed objects") + self.key("false", "false tracks"))
            + self.figure(
                position.svg("RMS horizontal error over time"), self.key("a", "RMS horizontal error of held objects"))
            + "</div>"
    }

    /// A histogram with six bars to the decade; what is below the first stands in it.
    private func histogram(_ values: [Double], _ title: String, _ unit: String) -> String {
        let values = values.filter(\.isFinite)
        guard let most = values.max(), most > 0 else { return self.figure("", "\(title): no figure") }
        let perDecade = 6.0
        let low = (log10(max(Accuracy.percentile(values, 0.02), most * 1e-5)) * perDecade).rounded(.down)
        let high = max((log10(most) * perDecade).rounded(.up), low + 1)
        let bins = Int(min(high - low, 60))
        var counts = [Int](repeating: 0, count: bins)
        for value in values {
            let place = value > 0 ? (log10(value) * perDecade - low).rounded(.down) : 0
            counts[Int(min(max(place, 0), Double(bins - 1)))] += 1
        }
        let top = Double(counts.max() ?? 1)
        let end = (low + Double(bins)) / perDecade
        var chart = Chart(
            x: low / perDecade...end, y: 0...top * 1.05, xTitle: "\(title)\(unit.isEmpty ? "" : ", \(unit)")",
            yTitle: "reports", isDecades: true)
        for (bin, count) in counts.enumerated() {
            let from = (low + Double(bin)) / perDecade, to = (low + Double(bin) + 1) / perDecade
            let range =
                bin == 0
                ? "up to \(significant(pow(10, to), 3))"
                : "\(significant(pow(10, from), 3))–\(significant(pow(10, to), 3))"
            chart.bar(
                from: from, to: to, height: Double(count), class: "fill",
                title: "\(range)\(unit.isEmpty ? "" : " \(unit)"): \(count) reports")
        }
        let mean = values.reduce(0, +) / Double(values.count)
        return self.figure(
            chart.svg("Histogram of \(title)"),
            "\(title): mean \(significant(mean, 3))\(unit.isEmpty ? "" : " \(unit)"), half below \(significant(Accuracy.percentile(values, 0.5), 3)), "
                + "95 % below \(significant(Accuracy.percentile(values, 0.95), 3)), largest \(significant(most, 4))")
    }

    private var histograms: String {
        let samples = self.score.samples
        return "<h2>Errors</h2>\n<div class=pair>"
            + self.histogram(samples.map(\.position), "horizontal error", "m")
            + self.histogram(samples.map(\.velocity), "velocity error", "m/s")
            + self.histogram(samples.compactMap { $0.altitude.map { abs($0) } }, "height error", "m") + "</div>"
    }

    private var consistency: String {
        guard let nees = self.score.nees else {
            return "<h2>Consistency</h2>\n<p>The tracks tell no covariance: NEES is not to be had.</p>"
        }
        let instants = self.score.instants.filter { $0.neesCount > 0 }
        let bands = instants.map { instant in
            let n = 4 * Double(instant.neesCount)
            return (x: instant.time, low: chiSquared(-1.96, n) / n, high: chiSquared(1.96, n) / n)
        }
        let most = max(self.top(instants.compactMap(\.nees)), 1.5)
        var chart = Chart(x: self.span, y: 0...most, xTitle: "time, s", yTitle: "NEES / 4")
        chart.band(bands, class: "band")
        chart.level(1, class: "ideal")
        chart.line(self.score.instants.map { ($0.time, $0.nees) }, class: "a")
        let singular = self.score.singularCovariances
        return "<h2>Consistency</h2>\n<div class=pair>"
            + self.figure(
                chart.svg("NEES over time with the bounds of a consistent tracker"),
                self.key("a", "mean NEES / 4 of the tracks that hold an object") + self.key("ideal", "ideal")
                    + "<span class=key><svg viewBox=\"0 0 24 8\" aria-hidden=true><path class=band d=\"M1 0H23V8H1Z\"/></svg>"
                    + "95 % of a consistent tracker's, were the errors independent</span> "
                    + "Over all NEES / 4 is \(fixed(nees.state, 3)), of the position NEES / 2 \(fixed(nees.position, 3)); "
                    + "\(fixed(100 * nees.within, 1)) % lie below the 95 % bound. Above 1 the errors are larger than told."
                    + (singular > 0 ? " \(singular) covariances have no inverse and are left out." : ""))
            + self.histogram(self.score.samples.compactMap { $0.nees.map { $0 / 4 } }, "NEES / 4", "") + "</div>"
    }

    // MARK: Tables

    private func table(
        _ caption: String, _ head: [String], _ rows: [[String]], words: Set<Int> = [0], isHtml: Bool = false
    ) -> String {
        func cell(_ text: String) -> String { isHtml ? text : escaped(text, for: .html) }
        var result = "<div class=scroll><table><caption>\(escaped(caption, for: .html))</caption><thead><tr>"
        for (column, name) in head.enumerated() {
            result += "<th scope=col\(words.contains(column) ? " class=word" : "")>\(name)</th>"
        }
        result += "</tr></thead><tbody>"
        for row in rows {
            result += "<tr>"
            for (column, text) in row.enumerated() {
                let kind = words.contains(column) ? " class=word" : ""
                result += column == 0 ? "<th scope=row\(kind)>\(cell(text))</th>" : "<td\(kind)>\(cell(text))</td>"
            }
            result += "</tr>\n"
        }
        return result + "</tbody></table></div>"
    }

    private var phases: String {
        let rows = self.score.errors.map { phase, errors in
            [
                phase, fixed(errors.position, 1), fixed(errors.velocity, 2), errors.nees.map { fixed($0, 3) } ?? "–",
                "\(errors.count)",
            ]
        }
        return "<h2>By phase and kind</h2>\n"
            + self.table(
                "Root mean squares of the errors", ["", "position m", "velocity m/s", "NEES / 4", "reports"], rows)
    }

    private var comparison: String {
        guard let versus = self.versus else { return "" }
        func cells(_ pair: (Double, Double), _ decimals: Int) -> [String] {
            [fixed(pair.0, decimals), fixed(pair.1, decimals), fixed(pair.0 / pair.1, 3)]
        }
        let rows = versus.result.rows.map { row in
            [row.phase] + cells(row.position, 1) + cells(row.velocity, 2) + ["\(row.count)"]
        }
        return "<h2>Against \(escaped(versus.name, for: .html))</h2>\n"
            + self.table(
                "Root mean squares over the true states that both hold",
                ["", "position m", "other", "ratio", "velocity m/s", "other", "ratio", "states"], rows)
    }

    private var requirements: String {
        var result = """
            <h2>Surveillance performance (ESASSP)</h2>
            """
        for table in Esassp.tables(self.score) {
            // Flights without an address have requirements of their own: nothing to set beside theirs.
            let all =
                table.flights == .cooperative ? Esassp(self.score, separation: table.separation, flights: .all) : nil
            let rows = table.requirements.enumerated().map { place, requirement in
                var cells = requirement.cells.map { escaped($0, for: .html) }
                let mark = requirement.isMet.map { $0 ? "good" : "bad" } ?? "open"
                cells[4] = "<span class=\(mark)>\(cells[4])</span>"
                let other = all?.requirements[place]
                let whole = escaped(other?.cells[2] ?? "", for: .html)
                let verdict = other?.isMet == false ? " <span class=bad>not met</span>" : ""
                cells.insert(whole + verdict, at: 5)
                return [requirement.id] + cells
            }
            result += "\n<p>\(table.caution)</p>"
            result +=
                "\n"
                + self.table(
                    table.title,
                    ["", "requirement", "bound", "measured", "margin", "", "all flights", ""], rows,
                    words: [0, 1, 5, 7], isHtml: true)
        }
        return result
    }

    private func worst(_ stories: [Story]) -> String {
        let scene = self.score.scene
        let rows = stories.prefix(25).map { story in
            let target = scene.targets[story.target]
            return [
                escaped(target.name, for: .html), escaped(target.kind, for: .html),
                story.error.map { fixed($0.rms, 0) } ?? "–", story.error.map { fixed($0.most, 0) } ?? "–",
                "\(story.missed) of \(story.errors.count)", "\(story.changes)", self.spark(story),
                escaped(story.words(limit: 8), for: .html),
            ]
        }
        return "<h2>The worst objects</h2>\n"
            + self.table(
                "Those that add most to the errors and misses",
                ["object", "kind", "RMS m", "most m", "missed states", "changes", "error over its life", "story"], rows,
                words: [0, 1, 7], isHtml: true)
    }

    /// A small drawing of an object's error over its life; what was missed is marked below.
    private func spark(_ story: Story) -> String {
        let count = max(story.errors.count - 1, 1)
        let most = max(story.error?.most ?? 1, 1)
        var path = "", gaps = ""
        var isDrawing = false
        for (index, error) in story.errors.enumerated() {
            let x = short(120 * Double(index) / Double(count))
            if let error {
                path += "\(isDrawing ? "L" : "M")\(x) \(short(22 - 20 * error / most))"
                isDrawing = true
            } else {
                gaps += "M\(x) 25h\(short(120 / Double(count)))"
                isDrawing = false
            }
        }
        return "<svg class=spark viewBox=\"0 0 122 28\" aria-hidden=true><path class=\"line a\" d=\"\(path)\"/>"
            + "<path class=\"line missed\" d=\"\(gaps)\"/></svg>"
    }

    private var falseTracks: String {
        let scene = self.score.scene
        let holds = self.score.holdsTarget
        let tracks = scene.pieces.filter { piece in !piece.reports.contains { holds[$0] } }
            .sorted { ($0.reports.count, $1.firstTime) > ($1.reports.count, $0.firstTime) }
        guard !tracks.isEmpty else { return "<h2>False tracks</h2>\n<p>Every track held an object at some time.</p>" }
        let rows = tracks.prefix(25).map { piece in
            let told = scene.told[piece.reports.lowerBound]
            return [
                piece.track, fixed(Double(scene.grid[piece.firstTime]) / 1000, 0),
                fixed(Double(scene.grid[piece.times.upperBound - 1]) / 1000, 0), "\(piece.reports.count)",
                fixed(told.latitude * 180 / .pi, 4), fixed(told.longitude * 180 / .pi, 4), told.identity ?? "none",
            ]
        }
        return "<h2>False tracks</h2>\n"
            + self.table(
                "\(tracks.count) tracks never held an object" + (tracks.count > 25 ? "; the longest 25" : ""),
                ["track", "from s", "to s", "reports", "latitude °", "longitude °", "identity"], rows, words: [0, 6])
    }

    private var all: String {
        "<h2>All measures</h2>\n"
            + self.table(
                "Names as the referee has them", ["measure", "value"],
                self.score.measures.map { [$0.name, $0.value.text] })
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--paper:#fff;--panel:#f5f7fa;--rule:#dde3ea;\
        --a:#1d5fd0;--b:#8a5cd6;--c:#0f8a7a;--missed:#d97706;--false:#d02c3a;--truth:#b9c3cf;--good:#147a3d;--bad:#c0202f}
        @media(prefers-color-scheme:dark){:root{--ink:#e5eaf1;--soft:#9aa7b8;--paper:#11161d;--panel:#1a212b;--rule:#2d3744;\
        --a:#6ea3ff;--b:#b99bff;--c:#4fd0bd;--missed:#f5a742;--false:#ff6b77;--truth:#4d5969;--good:#5fd38d;--bad:#ff8089}}
        body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
        main{max-width:1320px;margin:0 auto;padding:1rem 1.25rem 4rem}
        h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}p{color:var(--soft);margin:.4rem 0}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:.75rem;margin:1rem 0}
        .tiles div{background:var(--panel);border-radius:8px;padding:.7rem .9rem}
        dt{color:var(--soft);font-size:.85rem}dd{margin:0;color:var(--soft);font-size:.8rem}
        dd b{display:block;color:var(--ink);font-size:1.35rem;font-variant-numeric:tabular-nums}
        figure{margin:0;background:var(--panel);border-radius:8px;padding:.8rem}
        figcaption{color:var(--soft);font-size:.85rem;margin-top:.4rem}
        .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));gap:1rem}
        svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font-size:11px}
        .map{max-height:92vh}
        .key{margin-right:1rem;white-space:nowrap}.key svg{display:inline-block;width:24px;height:8px;margin-right:.35rem}
        .line{fill:none;stroke-width:1.6;stroke-linejoin:round}path.a{stroke:var(--a)}path.b{stroke:var(--b)}path.c{stroke:var(--c)}
        path.ideal{stroke:var(--soft);stroke-dasharray:5 4}.band{fill:var(--c);opacity:.18}
        .fill{fill:var(--a)}
        .grid,.grid path{stroke:var(--rule);stroke-width:1;fill:none}.bar{stroke:var(--soft);fill:none}
        g.truth,g.track,g.missed,g.false{fill:none;stroke-linecap:round;stroke-linejoin:round}
        g.truth,path.truth{stroke:var(--truth)}g.truth{stroke-width:4}g.track{stroke-width:1.1}path.track,g.track{stroke:var(--a)}
        g.missed{stroke-width:4}path.missed,g.missed{stroke:var(--missed)}g.false{stroke-width:2.2}path.false,g.false{stroke:var(--false)}
        .scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.87rem;font-variant-numeric:tabular-nums;margin:.4rem 0 1rem;width:100%}
        caption{text-align:left;color:var(--soft);padding:.3rem 0}
        th,td{padding:.3rem .6rem;border-bottom:1px solid var(--rule);text-align:right;vertical-align:top}
        td:not(.word),td span{white-space:nowrap}.word{text-align:left}thead th{color:var(--soft);font-weight:600}tbody th{font-weight:600;white-space:nowrap}
        .good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:700}.open{color:var(--soft)}
        .spark{width:122px;height:28px}
        @media print{main{max-width:none}figure,.tiles div{break-inside:avoid}}
        """
}

/// The value that χ² with `n` degrees of freedom is below as often as a normal variable is below `z`.
///
/// χ² ≈ n (1 − 2/9n + z √(2/9n))³
///
/// Source: E. B. Wilson, M. M. Hilferty, "The distribution of chi-square", PNAS 17 (1931).
func chiSquared(_ z: Double, _ n: Double) -> Double {
    let a = 2 / (9 * n)
    let root = 1 - a + z * a.squareRoot()
    return n * root * root * root
}
