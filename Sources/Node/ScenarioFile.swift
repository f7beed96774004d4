public import Air
public import Exercises
internal import Foundation
internal import Geodesy

/// An exercise as its director writes it: sensors with their faults, traffic, weather and jamming in a file.
///
/// The same text gives the same exercise. `docs/exercises.md` has all keys.
public struct ScenarioFile: Sendable {
    public var configuration: Scenario.Configuration
    /// Seconds.
    public var duration = 600.0
    /// Seconds between two states of truth.
    public var reportPeriod = 5.0

    public init(_ configuration: Scenario.Configuration) { self.configuration = configuration }

    /// - Throws: `ConfigurationError` with every problem: its line, its key and the remedy.
    public init(yaml: String) throws(ConfigurationError) {
        self.configuration = Scenario.Configuration(
            seed: 1, aircraftCount: 0, start: Self.usualStart, wind: nil, sites: [])
        let reader = ConfigurationReader()
        if let root = reader.root(yaml) {
            self.read(root)
            root.finish()
        }
        guard reader.problems.isEmpty else {
            throw ConfigurationError(problems: reader.problems.sorted { $0.line < $1.line })
        }
    }

    /// How many aircraft groups ask for.
    var total = 0

    /// 2026-01-01T12:00:00Z.
    private static let usualStart = Timestamp(nanoseconds: 1_767_268_800_000_000_000)

    /// The disk that flights keep to, where a group names none of its own.
    struct Area {
        var centre: Geodetic
        var radius: Double
    }

    private mutating func read(_ root: Section) {
        self.configuration.name = root.text("name") ?? "exercise"
        self.configuration.seed = UInt64(root.integer("seed", in: 0...Int.max) ?? 1)
        self.configuration.start = root.instant("start") ?? self.configuration.start
        self.duration = root.number("duration_s", in: 1...86_400, unit: "seconds") ?? self.duration
        self.reportPeriod = root.number("report_period_s", in: 0.1...60, unit: "seconds") ?? self.reportPeriod
        self.configuration.broadcastPeriod =
            root.number("adsb_period_s", in: 0.1...60, unit: "seconds") ?? self.configuration.broadcastPeriod
        if let wind = root.section("wind") {
            let towards = wind.degrees("towards_deg", in: 0...360) ?? .pi / 2
            let speed = wind.requiredNumber("speed_m_per_s", in: 0...120, unit: "metres per second")
            self.configuration.wind = speed.map { Wind(towards: towards, speedAloft: $0) }
            wind.finish()
        }
        let hasBuiltIn = root.flag("built_in_sensors") ?? false
        if hasBuiltIn { self.configuration.sites = Site.all }
        let area = self.area(root, hasBuiltIn: hasBuiltIn)
        if !hasBuiltIn, !root.has("sensors") {
            root.report("sensors", "are missing; add one at least (docs/exercises.md), or `built_in_sensors: true`")
        }
        self.readSensors(root)
        for section in root.sections("traffic") {
            self.readGroup(section, area)
            section.finish()
        }
        for section in root.sections("weather") {
            if let cell = self.weather(section) { self.configuration.weather.append(cell) }
            section.finish()
        }
        for section in root.sections("jamming") {
            self.readJamming(section)
            section.finish()
        }
    }

    private mutating func area(_ root: Section, hasBuiltIn: Bool) -> Area {
        var area = Area(centre: self.configuration.centre, radius: self.configuration.halfWidth)
        if let section = root.section("area") {
            if let read = Self.area(section) { area = read }
            section.finish()
        } else if !hasBuiltIn {
            root.report(
                "area", "is missing; add `area: {latitude_deg: 52, longitude_deg: 10, radius_m: 200000}`")
        }
        self.configuration.centre = area.centre
        self.configuration.halfWidth = area.radius
        return area
    }

    static func area(_ section: Section) -> Area? {
        let place = section.place()
        let radius = section.requiredNumber("radius_m", in: 10...5_000_000, unit: "metres")
        guard let place, let radius else { return nil }
        return Area(centre: place, radius: radius)
    }

    /// `from_s` and `to_s`, the whole exercise where they are missing.
    func time(_ section: Section) -> Range<Double> {
        let bounds = 0...86_400.0
        let from = section.number("from_s", in: bounds, unit: "seconds") ?? 0
        let to = section.number("to_s", in: bounds, unit: "seconds") ?? self.duration
        guard from < to else {
            section.report("to_s", "is not after `from_s` (\(from)); write the end of the time in seconds")
            return from..<(from + 1)
        }
        return from..<to
    }

    // MARK: Sensors

    /// The words of `kind:` and what they mean.
    private struct SensorKind {
        var word: String
        var hasPrimary = false
        var hasSecondary = false
        var hasModeS = false

        static let all = [
            SensorKind(word: "primary", hasPrimary: true), SensorKind(word: "secondary", hasSecondary: true),
            SensorKind(word: "mode-s", hasSecondary: true, hasModeS: true),
            SensorKind(word: "primary+secondary", hasPrimary: true, hasSecondary: true),
            SensorKind(word: "primary+mode-s", hasPrimary: true, hasSecondary: true, hasModeS: true),
            SensorKind(word: "receiver"),
        ]
    }

    private mutating func readSensors(_ root: Section) {
        for section in root.sections("sensors") {
            if let site = self.site(section) {
                if self.configuration.sites.contains(where: { $0.sensor.id == site.sensor.id }) {
                    section.report("id", "\(site.sensor.id) stands twice; each sensor has one entry")
                } else if self.configuration.sites.contains(where: { $0.sensor.name == site.sensor.name }) {
                    section.report("name", "`\(site.sensor.name)` stands twice; give each sensor a name of its own")
                } else {
                    self.configuration.sites.append(site)
                }
            }
            section.finish()
        }
    }

    private func site(_ section: Section) -> Site? {
        let idText = section.requiredText("id", example: "210/1")
        let id = idText.flatMap { SensorID($0) }
        if let idText, id == nil {
            section.report("id", "is `\(idText)`; write SAC/SIC, two numbers from 0 to 255, for example 210/1")
        }
        let name = section.text("name") ?? idText
        if let name, !Self.isPlain(name) {
            section.report("name", "is `\(name)`; write letters, digits, blanks and - _ . + /")
        }
        if !section.has("kind") {
            section.report("kind", "is missing; add one of \(SensorKind.all.map(\.word).joined(separator: ", "))")
        }
        let word = section.choice("kind", of: SensorKind.all.map(\.word))
        var place = section.place()
        place?.height = section.number("height_m", in: -500...9000, unit: "metres") ?? 0
        let rangeMin = section.number("range_min_m", in: 0...1_000_000, unit: "metres") ?? 0
        let rangeMax = section.number("range_max_m", in: 1000...1_000_000, unit: "metres") ?? 400_000
        if rangeMin >= rangeMax { section.report("range_min_m", "is not below `range_max_m`; write a smaller number") }
        let elevationMax = section.degrees("elevation_max_deg", in: 1...90)
        let latency = self.latency(section)
        let failures = section.sections("failures").compactMap { self.failure($0, isRadar: word != "receiver") }
        var registration = Registration.perfect
        self.readClock(section, into: &registration)
        guard let kind = SensorKind.all.first(where: { $0.word == word }) else {
            // Without a kind it is not known which keys belong to it: they are no errors of their own.
            for key in [
                "period_s", "phase_s", "primary", "secondary", "false_plots_per_scan", "bias", "resolution",
                "detection_probability",
            ] {
                _ = section.has(key)
            }
            return nil
        }
        let isRadar = kind.hasPrimary || kind.hasSecondary
        let period = isRadar ? section.requiredNumber("period_s", in: 1...60, unit: "seconds") : 1
        let phase = isRadar ? section.number("phase_s", in: 0...60, unit: "seconds") : nil
        if let period, let phase, phase >= period {
            section.report("phase_s", "is not below `period_s`; write when the beam first passes the north")
        }
        var primary: Sensor.Channel?
        if kind.hasPrimary { primary = self.channel(section, "primary", .primary) }
        var secondary: Sensor.Channel?
        if kind.hasSecondary { secondary = self.channel(section, "secondary", .secondary) }
        var falsePlots = 0.0
        if kind.hasPrimary {
            falsePlots = section.number("false_plots_per_scan", in: 0...10_000, unit: "plots") ?? 0
        }
        if isRadar { self.readBias(section, into: &registration) }
        let resolution = kind.hasPrimary ? self.resolution(section) : nil
        let broadcasts = isRadar ? nil : section.number("detection_probability", in: 0...1, unit: "no unit")
        guard let id, let name, Self.isPlain(name), let place, let period, rangeMin < rangeMax,
            (phase ?? 0) < period
        else { return nil }
        var site = Site(
            sensor: Sensor(
                id: id, name: name, site: place, kind: isRadar ? .radar(period: period) : .receiver,
                primary: primary, secondary: secondary, coverage: rangeMin...rangeMax,
                elevationMax: elevationMax ?? (isRadar ? .pi / 4 : .pi / 2), falsePlotsPerScan: falsePlots),
            hasModeS: kind.hasModeS)
        site.firstNorth = phase
        site.broadcastProbability = broadcasts
        site.registration = registration
        site.failures = failures
        site.latency = latency
        site.resolution = resolution
        return site
    }

    /// Whether a name can stand in any file as it is.
    private static func isPlain(_ name: String) -> Bool {
        name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
    }

    private func channel(_ section: Section, _ key: String, _ usual: Sensor.Channel) -> Sensor.Channel {
        guard let own = section.section(key) else { return usual }
        var channel = usual
        channel.rangeDeviation = own.number("range_m", in: 0...10_000, unit: "metres") ?? channel.rangeDeviation
        channel.azimuthDeviation = own.degrees("azimuth_deg", in: 0...10) ?? channel.azimuthDeviation
        channel.elevationDeviation = own.degrees("elevation_deg", in: 0...10)
        channel.detectionProbability =
            own.number("detection_probability", in: 0...1, unit: "no unit") ?? channel.detectionProbability
        own.finish()
        return channel
    }

    private static func offset(_ section: Section) -> Registration.Offset {
        Registration.Offset(
            range: section.number("range_m", in: -50_000...50_000, unit: "metres") ?? 0,
            azimuth: section.degrees("azimuth_deg", in: -180...180) ?? 0,
            elevation: section.degrees("elevation_deg", in: -45...45) ?? 0,
            rangeGain: section.number("range_gain", in: -0.1...0.1, unit: "no unit (0.001 is a thousandth)") ?? 0)
    }

    private func readBias(_ section: Section, into registration: inout Registration) {
        guard let bias = section.section("bias") else { return }
        let time = registration.offset.time
        registration.offset = Self.offset(bias)
        registration.offset.time = time
        if let drift = bias.section("drift_per_hour") {
            let time = registration.hourlyDrift.time
            registration.hourlyDrift = Self.offset(drift)
            registration.hourlyDrift.time = time
            drift.finish()
        }
        for jump in bias.sections("jumps") {
            let at = jump.requiredNumber("at_s", in: 0...86_400, unit: "seconds")
            let change = Self.offset(jump)
            if let at { registration.jumps.append(.init(at: at, change: change)) }
            jump.finish()
        }
        bias.finish()
    }

    private func readClock(_ section: Section, into registration: inout Registration) {
        guard let clock = section.section("clock") else { return }
        let bounds = -3600...3600.0
        registration.offset.time = clock.number("offset_s", in: bounds, unit: "seconds") ?? 0
        registration.hourlyDrift.time = clock.number("drift_s_per_hour", in: bounds, unit: "seconds an hour") ?? 0
        for jump in clock.sections("jumps") {
            let at = jump.requiredNumber("at_s", in: 0...86_400, unit: "seconds")
            let change = jump.requiredNumber("offset_s", in: bounds, unit: "seconds")
            if let at, let change { registration.jumps.append(.init(at: at, change: .init(time: change))) }
            jump.finish()
        }
        clock.finish()
    }

    private func latency(_ section: Section) -> Latency {
        guard let latency = section.section("latency") else { return Latency() }
        defer { latency.finish() }
        return Latency(
            fixed: latency.number("fixed_s", in: 0...600, unit: "seconds") ?? 0,
            exponentialMean: latency.number("exponential_mean_s", in: 0...600, unit: "seconds") ?? 0)
    }

    private func resolution(_ section: Section) -> Resolution? {
        guard let resolution = section.section("resolution") else { return nil }
        let range = resolution.requiredNumber("range_m", in: 0...10_000, unit: "metres")
        let azimuth = resolution.requiredNumber("azimuth_deg", in: 0...10, unit: "degrees")
        resolution.finish()
        guard let range, let azimuth else { return nil }
        return Resolution(range: range, azimuth: azimuth * .pi / 180)
    }

    private func failure(_ section: Section, isRadar: Bool) -> SensorFailure? {
        defer { section.finish() }
        let words =
            isRadar ? ["outage", "silent", "no-go", "primary-lost", "secondary-lost", "blind"] : ["silent"]
        if !section.has("kind") { section.report("kind", "is missing; add one of \(words.joined(separator: ", "))") }
        let word = section.choice("kind", of: words)
        let time = self.time(section)
        let kinds: [String: SensorFailure.Kind] = [
            "outage": .outage, "silent": .silent, "no-go": .noGo, "primary-lost": .primaryLost,
            "secondary-lost": .secondaryLost,
        ]
        if let kind = word.flatMap({ kinds[$0] }) { return SensorFailure(kind, time: time) }
        let from = section.degrees("from_deg", in: 0...360)
        let to = section.degrees("to_deg", in: 0...360)
        guard word == "blind" else { return nil }
        guard let from, let to else {
            section.report("from_deg", "and `to_deg` are needed for a blind sector; write both, clockwise")
            return nil
        }
        return SensorFailure(.blind(from: from, to: to), time: time)
    }

    // MARK: Weather and jamming

    private func weather(_ section: Section) -> WeatherCell? {
        let place = section.place()
        let radius = section.requiredNumber("radius_m", in: 10...500_000, unit: "metres")
        let top = section.number("top_m", in: 0...20_000, unit: "metres") ?? 6000
        let speed = section.number("speed_m_per_s", in: 0...100, unit: "metres per second") ?? 0
        let towards = section.degrees("towards_deg", in: 0...360) ?? 0
        let plots = section.requiredNumber("plots_per_scan", in: 0...10_000, unit: "plots")
        let time = self.time(section)
        guard var place, let radius, let plots else { return nil }
        place.height = top
        return WeatherCell(
            centre: place, radius: radius, speed: speed, towards: towards, plotsPerScan: plots, time: time)
    }

    private mutating func readJamming(_ section: Section) {
        let text = section.requiredText("sensor", example: "210/1")
        let azimuth = section.requiredNumber("azimuth_deg", in: 0...360, unit: "degrees")
        let width = section.requiredNumber("width_deg", in: 0.1...360, unit: "degrees")
        let plots = section.number("plots_per_scan", in: 0...10_000, unit: "plots") ?? 0
        let loss = section.number("primary_loss", in: 0...1, unit: "no unit") ?? 0.7
        let secondaryLoss = section.number("secondary_loss", in: 0...1, unit: "no unit") ?? 0
        let time = self.time(section)
        guard let text, let azimuth, let width else { return }
        let sites = self.configuration.sites
        guard let index = sites.firstIndex(where: { "\($0.sensor.id)" == text || $0.sensor.name == text }),
            sites[index].sensor.primary != nil
        else {
            section.report(
                "sensor", "is `\(text)`; write the id or name of a radar under sensors: with a primary channel")
            return
        }
        self.configuration.sites[index].jamming.append(
            JammingStrobe(
                time: time, azimuth: azimuth * .pi / 180, width: width * .pi / 180, plotsPerScan: plots,
                primaryLoss: loss, secondaryLoss: secondaryLoss))
    }
}

extension Section {
    /// An angle in degrees, as radians.
    func degrees(_ key: String, in bounds: ClosedRange<Double>) -> Double? {
        self.number(key, in: bounds, unit: "degrees").map { $0 * .pi / 180 }
    }

    /// `latitude_deg` and `longitude_deg`.
    func place() -> Geodetic? {
        let latitude = self.requiredNumber("latitude_deg", in: -89...89, unit: "degrees")
        let longitude = self.requiredNumber("longitude_deg", in: -180...180, unit: "degrees")
        guard let latitude, let longitude else { return nil }
        return Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude)
    }

    /// A list of numbers.
    func numbers(_ key: String, in bounds: ClosedRange<Double>, unit: String) -> [Double]? {
        guard let texts = self.texts(key) else { return nil }
        let numbers = texts.compactMap { Double($0) }.filter { bounds.contains($0) }
        guard numbers.count == texts.count else {
            self.report(
                key,
                "is `\(texts.joined(separator: ", "))`; write numbers of \(unit) from \(bounds.lowerBound) to "
                    + "\(bounds.upperBound)")
            return nil
        }
        return numbers
    }

    /// One number, or the least and the largest.
    func span(_ key: String, in bounds: ClosedRange<Double>, unit: String) -> ClosedRange<Double>? {
        guard self.has(key), let numbers = self.numbers(key, in: bounds, unit: unit) else { return nil }
        guard let first = numbers.first, let last = numbers.last, numbers.count <= 2, first <= last else {
            self.report(key, "must be one number of \(unit), or the least and the largest: `\(key): [100, 200]`")
            return nil
        }
        return first...last
    }

    /// An instant as ISO 8601 writes it.
    func instant(_ key: String) -> Timestamp? {
        guard let text = self.text(key) else { return nil }
        guard let instant = Timestamp(iso8601: text) else {
            self.report(key, "is `\(text)`; write an instant in UTC before 2190, for example 2026-03-01T08:00:00Z")
            return nil
        }
        return instant
    }
}

extension Timestamp {
    /// An instant as ISO 8601 writes it, with or without a fraction of the second; nil for anything else, and for years
    /// beyond 2190: times of day and plots' stamps need room on both sides of what a timestamp holds.
    public init?(iso8601 text: String) {
        let exact = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        guard let date = (try? Date(text, strategy: .iso8601)) ?? (try? Date(text, strategy: exact)),
            (1e5...7e9).contains(date.timeIntervalSince1970)
        else { return nil }
        self.init(seconds: date.timeIntervalSince1970)
    }
}
