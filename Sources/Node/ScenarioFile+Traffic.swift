internal import Air
internal import Exercises
internal import Geodesy

/// What flies.
extension ScenarioFile {
    /// What `group:` of a piece of traffic may be, and the kind of aircraft that flies so if none is named.
    private static let patterns: [(word: String, kind: Aircraft.Kind)] = [
        ("random", .airliner), ("airway", .airliner), ("formation", .fast), ("crossing", .airliner),
        ("helicopter", .helicopter), ("drone-swarm", .drone), ("supersonic", .supersonic), ("balloon", .balloon),
        ("japan-and-korea", .airliner),
    ]

    mutating func readGroup(_ section: Section, _ area: Area) {
        let words = Self.patterns.map(\.word)
        if !section.has("group") {
            section.report("group", "is missing; add one of \(words.joined(separator: ", "))")
        }
        guard let word = section.choice("group", of: words) else {
            section.ignoreRest()
            return
        }
        let usualCount = ["airway": 10_000, "formation": 4, "drone-swarm": 20, "japan-and-korea": 300][word] ?? 1
        let count = section.integer("count", in: 0...100_000) ?? usualCount
        if word != "airway" { self.total += count }
        if self.total > 200_000 {
            section.report("count", "makes more than 200000 aircraft in all; write fewer")
            section.ignoreRest()
            return
        }
        if word == "japan-and-korea" {
            self.configuration.aircraftCount += count
            return
        }
        var own = area
        if let place = section.section("area") {
            if let read = Self.area(place) { own = read }
            place.finish()
        }
        let isChoosable = !["helicopter", "drone-swarm", "supersonic", "balloon"].contains(word)
        let usual = Self.patterns.first { $0.word == word }?.kind ?? .airliner
        let kinds = isChoosable ? self.kinds(section) : nil
        let heights = word == "airway" ? nil : section.span("height_m", in: 0...30_000, unit: "metres")
        var speeds: ClosedRange<Double>?
        if word != "airway", word != "balloon" {
            speeds = section.span("speed_m_per_s", in: 1...1500, unit: "metres per second")
        }
        let track = ["airway", "balloon"].contains(word) ? nil : section.degrees("track_deg", in: 0...360)
        let time = self.time(section)
        let equipment = self.equipment(section)
        let pattern: TrafficGroup.Pattern? =
            switch word {
            case "airway": self.airway(section)
            case "formation": self.formation(section)
            case "crossing":
                .crossing(
                    angle: section.degrees("angle_deg", in: 0...180) ?? 15 * .pi / 180,
                    missDistance: section.number("miss_distance_m", in: 0...50_000, unit: "metres") ?? 200,
                    heightDifference: section.number("height_difference_m", in: -5000...5000, unit: "metres") ?? 0)
            case "helicopter": .hovering
            case "balloon": .drifting
            default: .random
            }
        let leaderReplies = word == "formation" ? section.flag("only_leader_replies") ?? true : true
        guard let pattern else { return }
        self.configuration.groups.append(
            TrafficGroup(
                pattern, kinds: kinds ?? [usual: 1], count: count, centre: own.centre,
                radius: own.radius, heights: heights, speeds: speeds, track: track, time: time,
                equipment: equipment, leaderReplies: leaderReplies))
    }

    /// `kind:` of all, or `kinds:` with weights.
    private func kinds(_ section: Section) -> [Aircraft.Kind: Double]? {
        let words = Aircraft.Kind.allCases.map(\.rawValue)
        if let word = section.choice("kind", of: words), let kind = Aircraft.Kind(rawValue: word) {
            if section.has("kinds") { section.report("kinds", "stands beside `kind`; keep one of them") }
            return [kind: 1]
        }
        guard let shares = section.section("kinds") else { return nil }
        var kinds: [Aircraft.Kind: Double] = [:]
        for kind in Aircraft.Kind.allCases {
            let weight = shares.number(kind.rawValue, in: 0...1_000_000, unit: "no unit")
            if let weight, weight > 0 { kinds[kind] = weight }
        }
        if kinds.isEmpty { section.report("kinds", "names no kind; write for example `kinds: {airliner: 3, fast: 1}`") }
        shares.finish()
        return kinds
    }

    private func airway(_ section: Section) -> TrafficGroup.Pattern? {
        let interval = section.requiredNumber("interval_s", in: 1...86_400, unit: "seconds")
        let sections = section.sections("points")
        let points = sections.compactMap { point -> Geodetic? in
            defer { point.finish() }
            guard var place = point.place() else { return nil }
            place.height = point.number("height_m", in: 0...30_000, unit: "metres") ?? 10_000
            return place
        }
        guard points.count == sections.count else { return nil }
        guard points.count >= 2 else {
            section.report(
                "points",
                "needs two points at least; write each as `- {latitude_deg: 52, longitude_deg: 10, height_m: 10000}`")
            return nil
        }
        return interval.map { .airway(points: points, interval: $0) }
    }

    private func formation(_ section: Section) -> TrafficGroup.Pattern? {
        let spacing = section.number("spacing_m", in: 1...20_000, unit: "metres") ?? 500
        guard section.has("splits_at_s") else { return .formation(spacing: spacing, splits: []) }
        let splits = section.numbers("splits_at_s", in: 0...86_400, unit: "seconds")
        return splits.map { .formation(spacing: spacing, splits: $0) }
    }

    private func equipment(_ section: Section) -> TrafficGroup.Equipment {
        var equipment = TrafficGroup.Equipment()
        let words = ["adsb", "mode-s", "mode-ac", "none"]
        if section.isText("equipment") {
            switch section.choice("equipment", of: words) {
            case "adsb": equipment.shares = .init(broadcast: 1)
            case "mode-s": equipment.shares = .init(modeS: 1)
            case "mode-ac": equipment.shares = .init(modeAC: 1)
            case "none": equipment.shares = .init(none: 1)
            default: break
            }
        } else if let shares = section.section("equipment") {
            let weights = words.map { shares.number($0, in: 0...1_000_000, unit: "no unit") ?? 0 }
            if weights.allSatisfy({ $0 == 0 }) {
                section.report("equipment", "has no weight; write for example `equipment: {adsb: 3, mode-ac: 1}`")
            }
            equipment.shares = .init(
                broadcast: weights[0], modeS: weights[1], modeAC: weights[2], none: weights[3])
            shares.finish()
        }
        if let text = section.text("code") {
            equipment.code = Mode3A(octal: text)
            if equipment.code == nil {
                section.report("code", "is `\(text)`; write four octal digits in quotes, for example \"7000\"")
            }
        }
        equipment.duplicateCodeShare = section.number("duplicate_code_share", in: 0...1, unit: "no unit") ?? 0
        equipment.garbledCodeProbability =
            section.number("garbled_code_probability", in: 0...1, unit: "no unit") ?? 0
        return equipment
    }
}
