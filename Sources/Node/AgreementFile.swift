public import Air
internal import Foundation
internal import Geodesy
public import Releasability

/// The words of a nation's release policy as its officer writes them: `policy.yaml`.
///
/// `docs/releasability.md` has all keys.
public struct PolicyFile: Sendable {
    public var nation: Nation
    public var realm: Realm
    public var vocabulary = Vocabulary()
    public var orders: [ClassificationOrder] = []
    public var clearances: [Clearance] = []

    /// - Throws: `ConfigurationError` with every problem: its line, its key and the remedy.
    public init(yaml: String) throws(ConfigurationError) {
        let reader = ConfigurationReader()
        var nation: Nation?, realm: Realm?
        var vocabulary = Vocabulary()
        var orders: [ClassificationOrder] = [], clearances: [Clearance] = []
        if let root = reader.root(yaml) {
            nation = root.nation("nation")
            realm = root.realm("realm")
            if !root.has("policies") {
                root.report("policies", "are missing; add `- {name: NAME, classifications: [lowest, …, highest]}`")
            }
            for section in root.sections("policies") {
                if let order = Self.order(section, &vocabulary, orders) { orders.append(order) }
                section.finish()
            }
            for section in root.sections("clearances") {
                if let clearance = Self.clearance(section, vocabulary, orders) {
                    let isSecond = clearances.contains {
                        $0.audience == clearance.audience && $0.policy == clearance.policy
                    }
                    if isSecond {
                        section.report("audience", "has two clearances of one policy; keep one of them")
                    }
                    clearances.append(clearance)
                }
                section.finish()
            }
            root.finish()
        }
        guard reader.problems.isEmpty, let nation, let realm else {
            throw ConfigurationError(problems: reader.problems.sorted { $0.line < $1.line })
        }
        self.nation = nation
        self.realm = realm
        self.vocabulary = vocabulary
        self.orders = orders
        self.clearances = clearances
    }

    private static func order(
        _ section: Section, _ vocabulary: inout Vocabulary, _ orders: [ClassificationOrder]
    ) -> ClassificationOrder? {
        let name = section.requiredText("name", example: "trilateral")
        if !section.has("classifications") {
            section.report("classifications", "are missing; add `classifications: [lowest, …, highest]`")
        }
        let names = section.texts("classifications")
        for caveat in section.texts("caveats") ?? [] where vocabulary.register(caveat: caveat) == .unknown {
            section.report("caveats", "are more than \(Vocabulary.caveatsMax) in all; keep fewer")
        }
        guard let name, let names else { return nil }
        guard Set(names).count == names.count, names.count <= 256 else {
            section.report("classifications", "has a word twice, or more than 256; keep each once")
            return nil
        }
        let policy = vocabulary.register(policy: name)
        guard policy != .unknown, !orders.contains(where: { $0.policy == policy }) else {
            section.report("name", "is `\(name)`, which stands twice (or is one too many); keep one of them")
            return nil
        }
        return ClassificationOrder(policy: policy, names: names)
    }

    private static func clearance(
        _ section: Section, _ vocabulary: Vocabulary, _ orders: [ClassificationOrder]
    ) -> Clearance? {
        let text = section.requiredText("audience", example: "us")
        let words = section.words(vocabulary, orders)
        guard let text, let words else { return nil }
        let audience: Audience
        if text == "public" {
            audience = .everybody
        } else if text.hasPrefix("operators/"), text.utf8.count > 10 {
            audience = .operators(role: String(text.dropFirst(10)))
        } else if let nation = Nation(text) {
            audience = .nation(nation)
        } else {
            section.report(
                "audience", "is `\(text)`; write two letters of a nation, `public`, or `operators/` and a role")
            return nil
        }
        return Clearance(audience, policy: words.policy, classificationMax: words.level, caveats: words.caveats)
    }
}

/// One agreement as the officers of its parties sign it: a file of its own.
public struct AgreementFile: Sendable {
    public var agreement: Agreement

    /// - Parameter policy: the words that the file may use.
    /// - Throws: `ConfigurationError` with every problem: its line, its key and the remedy.
    public init(yaml: String, policy: PolicyFile) throws(ConfigurationError) {
        let reader = ConfigurationReader()
        var agreement: Agreement?
        if let root = reader.root(yaml) {
            agreement = Self.agreement(root, policy)
            root.finish()
        }
        guard reader.problems.isEmpty, let agreement else {
            throw ConfigurationError(problems: reader.problems.sorted { $0.line < $1.line })
        }
        self.agreement = agreement
    }

    private static func agreement(_ root: Section, _ policy: PolicyFile) -> Agreement? {
        let name = root.requiredText("name", example: "jp-us-air")
        let parties = Self.parties(root, policy.nation)
        let realm = root.realm("realm")
        let from = root.requiredInstant("from"), to = root.requiredInstant("to")
        let words = root.words(policy.vocabulary, policy.orders)
        var originators: NationSet?
        if root.has("originators") { originators = root.nations("originators") }
        let consents = root.has("consents") ? root.nations("consents") : []
        let onwards = Onward.allCases.map(\.name)
        if !root.has("onward") {
            root.report("onward", "is missing; add one of \(onwards.joined(separator: ", "))")
        }
        let onward = root.choice("onward", of: onwards).flatMap { word in Onward.allCases.first { $0.name == word } }
        if !root.has("clauses") { root.report("clauses", "are missing; add `- {permit: [tracks], areas: everywhere}`") }
        let clauses = root.sections("clauses").compactMap { section in
            let clause = Self.clause(section)
            section.finish()
            return clause
        }
        if let from, let to, from >= to {
            root.report("to", "is not after `from`; write the first instant at which it is no longer in force")
        }
        if root.has("clauses"), !clauses.contains(where: { $0.effect == .permit }) {
            root.report("clauses", "permit nothing; add one with `permit:`")
        }
        guard let name, let parties, let realm, let from, let to, let words, let consents, let onward else {
            return nil
        }
        return Agreement(
            name, between: parties, realm: realm, from: from, to: to, originators: originators, policy: words.policy,
            classificationMax: words.level, caveats: words.caveats, onward: onward, consents: consents,
            clauses: clauses)
    }

    private static func parties(_ root: Section, _ own: Nation) -> NationSet? {
        guard let parties = root.nations("between", takesPublic: true) else { return nil }
        if parties.count + (parties.includesPublic ? 1 : 0) < 2 {
            root.report("between", "names fewer than two; write two nations at least, or one and `public`")
        } else if !parties.contains(own) {
            root.report("between", "does not name \(own), the nation of policy.yaml; add it, or take the file away")
        }
        return parties
    }

    private static func clause(_ section: Section) -> Clause? {
        let effects: [(key: String, effect: Clause.Effect)] = [
            ("permit", .permit), ("restrict", .restrict), ("forbid", .forbid),
        ]
        let given = effects.filter { section.has($0.key) }
        guard given.count == 1, let (key, effect) = given.first else {
            section.report(
                given.first?.key ?? "permit",
                "is one of permit, restrict and forbid, of which a clause has one; write for example `permit: [tracks]`"
            )
            section.ignoreRest()
            return nil
        }
        let texts = section.texts(key)
        let kinds = (texts ?? []).compactMap { text in
            let kind = GoodsKind(text)
            if kind == nil {
                section.report(
                    key,
                    "has `\(text)`; write tracks, tracklets, plots, warnings, sensor-status or records/ and a type")
            }
            return kind
        }
        let areas = Self.areas(section)
        let heights = Self.heights(section)
        var clause = Clause(effect, Set(kinds), areas: areas ?? [], heights: heights)
        if section.isText("areas") { clause.areas = nil }
        if effect != .forbid {
            clause.delay = UInt32(section.integer("delay_s", in: 0...31_536_000) ?? 0)
            clause.redactions.positionGrid = UInt32(section.integer("position_grid_m", in: 10...1_000_000) ?? 0)
            let seconds = section.number("time_grid_s", in: 0.001...86_400, unit: "seconds") ?? 0
            clause.redactions.timeGrid = UInt32((seconds * 1000).rounded())
            for text in section.has("withhold") ? section.texts("withhold") ?? [] : [] {
                guard let part = Redactions.Parts.names.first(where: { $0.name == text })?.part else {
                    section.report("withhold", "has `\(text)`; write identities, height or sensors")
                    continue
                }
                clause.redactions.parts.insert(part)
            }
        }
        if effect == .restrict, clause.delay == 0, clause.redactions.isEmpty {
            section.report(key, "restricts nothing; add delay_s, position_grid_m, time_grid_s or withhold")
        }
        return areas != nil && texts?.count == kinds.count ? clause : nil
    }

    private static func heights(_ section: Section) -> ClosedRange<Double>? {
        let least = section.number("height_min_m", in: -1000...100_000, unit: "metres")
        let most = section.number("height_max_m", in: -1000...100_000, unit: "metres")
        guard least != nil || most != nil else { return nil }
        let bounds = (least ?? -1000, most ?? 100_000)
        guard bounds.0 <= bounds.1 else {
            section.report("height_max_m", "is below `height_min_m`; write the upper bound of the heights")
            return nil
        }
        return bounds.0...bounds.1
    }

    /// Areas of a clause; nil (and a problem) where they cannot be told. Everywhere is an empty list here.
    private static func areas(_ section: Section) -> [Area]? {
        guard section.has("areas") else {
            section.report("areas", "are missing; add `areas: everywhere`, or a list of `- box:` and `- polygon:`")
            return nil
        }
        if section.isText("areas") { return section.choice("areas", of: ["everywhere"]) == nil ? nil : [] }
        let sections = section.sections("areas")
        if sections.isEmpty { section.report("areas", "is empty; write `everywhere`, or take the clause away") }
        let areas = sections.compactMap { item in
            let area = Self.area(item)
            item.finish()
            return area
        }
        return areas.count == sections.count && !areas.isEmpty ? areas : nil
    }

    private static func area(_ section: Section) -> Area? {
        guard section.has("box") != section.has("polygon") else {
            section.report("box", "or `polygon` must be there, and not both; split it into two areas")
            section.ignoreRest()
            return nil
        }
        do throws(Area.Failure) {
            if let box = section.section("box") {
                let south = box.requiredNumber("south_deg", in: -90...90, unit: "degrees")
                let west = box.requiredNumber("west_deg", in: -180...180, unit: "degrees")
                let north = box.requiredNumber("north_deg", in: -90...90, unit: "degrees")
                let east = box.requiredNumber("east_deg", in: -180...180, unit: "degrees")
                box.finish()
                guard let south, let west, let north, let east else { return nil }
                let radians = Double.pi / 180
                return try Area(
                    south: south * radians, west: west * radians, north: north * radians, east: east * radians)
            }
            let sections = section.sections("polygon")
            let corners = sections.compactMap { corner -> Geodetic? in
                let latitude = corner.requiredNumber("latitude_deg", in: -89.9...89.9, unit: "degrees")
                let longitude = corner.requiredNumber("longitude_deg", in: -180...180, unit: "degrees")
                corner.finish()
                guard let latitude, let longitude else { return nil }
                return Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude)
            }
            guard corners.count == sections.count else { return nil }
            return try Area(corners: corners)
        } catch {
            section.report(section.has("box") ? "box" : "polygon", Self.text(error))
            return nil
        }
    }

    private static func text(_ failure: Area.Failure) -> String {
        switch failure {
        case .notFinite, .beyondTheGlobe: "leaves the globe; write latitudes within ±90° and longitudes within ±180°"
        case .upsideDown: "has its north below its south; change them"
        case .fewerThanThreeCorners:
            "needs three corners at least; write each as `{latitude_deg: 35, longitude_deg: 140}`"
        case .side(let side): "has a side, after corner \(side + 1), of no length or above 5000 km; mend or split it"
        case .aroundPole: "goes around a pole, or has no width; split it into boxes"
        }
    }
}

/// One thing wrong in a folder of agreements: in which file.
public struct PolicyProblem: Hashable, Sendable, CustomStringConvertible {
    public var file: String
    /// Nil where it is not of one line.
    public var problem: ConfigurationProblem?
    /// What is wrong with the file as a whole, and the remedy.
    public var text: String?

    public var description: String {
        "\(self.file): \(self.problem?.description ?? self.text ?? "")"
    }
}

/// A folder of agreements that cannot be used; every problem at once.
public struct PolicyFolderError: Error, CustomStringConvertible {
    public var problems: [PolicyProblem]

    public var description: String { self.problems.map(\.description).joined(separator: "\n") }
}

extension Policy {
    /// The release policy of a folder: `policy.yaml`, and one agreement in each other file that ends in `.yaml`.
    ///
    /// - Throws: `PolicyFolderError` with every problem of every file. One bad file is no policy: what is not understood must
    ///   not silently be left out, nor silently apply.
    public init(folder: String) throws(PolicyFolderError) {
        var files: [(name: String, yaml: String)] = []
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            where name.hasSuffix(".yaml") {
                files.append((name, try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)))
            }
        } catch {
            throw PolicyFolderError(problems: [
                PolicyProblem(
                    file: folder, text: "cannot be read: \(error.localizedDescription); check path and rights")
            ])
        }
        try self.init(files: files)
    }

    /// The release policy of files that were read.
    init(files: [(name: String, yaml: String)]) throws(PolicyFolderError) {
        guard let first = files.first(where: { $0.name == "policy.yaml" }) else {
            throw PolicyFolderError(problems: [
                PolicyProblem(
                    file: "policy.yaml", text: "is missing; it names the nation, the policies and the clearances")
            ])
        }
        var problems: [PolicyProblem] = []
        let words: PolicyFile
        do throws(ConfigurationError) {
            words = try PolicyFile(yaml: first.yaml)
        } catch {
            throw PolicyFolderError(problems: error.problems.map { PolicyProblem(file: first.name, problem: $0) })
        }
        var agreements: [Agreement] = []
        var names: [String: String] = [:]
        for file in files where file.name != first.name {
            do throws(ConfigurationError) {
                let agreement = try AgreementFile(yaml: file.yaml, policy: words).agreement
                if let other = names[agreement.name] {
                    problems.append(
                        PolicyProblem(
                            file: file.name, text: "is named `\(agreement.name)` as \(other) is; rename one of them"))
                }
                names[agreement.name] = file.name
                agreements.append(agreement)
            } catch {
                problems += error.problems.map { PolicyProblem(file: file.name, problem: $0) }
            }
        }
        guard problems.isEmpty else { throw PolicyFolderError(problems: problems) }
        do throws(PolicyError) {
            try self.init(
                nation: words.nation, realm: words.realm, vocabulary: words.vocabulary, orders: words.orders,
                clearances: words.clearances, agreements: agreements)
        } catch {
            throw PolicyFolderError(problems: [PolicyProblem(file: first.name, text: "\(error)")])
        }
    }
}

// MARK: - Values

extension Section {
    fileprivate func nation(_ key: String) -> Nation? {
        guard let text = self.requiredText(key, example: "jp") else { return nil }
        guard let nation = Nation(text) else {
            self.report(key, "is `\(text)`; write the two letters of ISO 3166-1, for example jp")
            return nil
        }
        return nation
    }

    /// A list of nations.
    func nations(_ key: String, takesPublic: Bool = false) -> NationSet? {
        guard self.has(key) else {
            self.report(key, "is missing; add `\(key): [jp, us]`")
            return nil
        }
        guard let texts = self.texts(key) else { return nil }
        var set = NationSet()
        for text in texts {
            if let nation = Nation(text) {
                set.insert(nation)
            } else if takesPublic, text == "public" {
                set.includesPublic = true
            } else {
                self.report(key, "has `\(text)`; write the two letters of ISO 3166-1, for example jp")
                return nil
            }
        }
        return set
    }

    fileprivate func realm(_ key: String) -> Realm? {
        guard let text = self.requiredText(key, example: "live") else { return nil }
        guard let realm = Realm(text) else {
            self.report(key, "is `\(text)`; write live, test, or exercise(NAME)")
            return nil
        }
        return realm
    }

    /// An instant that has to be there.
    fileprivate func requiredInstant(_ key: String) -> Timestamp? {
        self.requiredText(key, example: "2026-12-01T00:00:00Z") == nil ? nil : self.instant(key)
    }

    /// `policy`, a level and `caveats`, in the words that are known.
    func words(
        _ vocabulary: Vocabulary, _ orders: [ClassificationOrder], level key: String = "classification_max"
    ) -> (policy: PolicyID, level: UInt8, caveats: CaveatSet)? {
        let name = self.requiredText("policy", example: vocabulary.policies.first ?? "trilateral")
        let level = self.requiredText(key, example: orders.first?.names.first ?? "unclassified")
        var caveats: CaveatSet = []
        for caveat in self.has("caveats") ? self.texts("caveats") ?? [] : [] {
            let known = vocabulary.caveat(caveat)
            guard known != .unknown else {
                self.report(
                    "caveats",
                    "has `\(caveat)`, which policy.yaml does not know; write one of "
                        + "\(vocabulary.caveats.joined(separator: ", ")), or add it there")
                return nil
            }
            caveats.formUnion(CaveatSet(known))
        }
        guard let name, let level else { return nil }
        let policy = vocabulary.policy(name)
        guard policy != .unknown, let order = orders.first(where: { $0.policy == policy }) else {
            self.report(
                "policy",
                "is `\(name)`, which policy.yaml does not know; write one of "
                    + "\(vocabulary.policies.joined(separator: ", ")), or add it there")
            return nil
        }
        guard let index = order.names.firstIndex(of: level) else {
            self.report(
                key, "is `\(level)`; write one of \(order.names.joined(separator: ", "))")
            return nil
        }
        return (policy, UInt8(index), caveats)
    }
}
