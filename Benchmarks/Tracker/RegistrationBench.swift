import Air
import BenchSupport
import Exercises
import Foundation
import Tracking

/// `kumiko-bench-tracker registration DIRECTORY… [--each] [--mode off|estimate|correct] [--jump …]`: estimated less true biases of the
/// sensors of a scenario, whose `hidden.json` has them.
enum RegistrationBench {
    /// Errors of one kind over sensors.
    struct Errors {
        var sum = 0.0
        var most = 0.0
        var count = 0
        /// Sum of squared errors by their own variances.
        var normalised = 0.0

        mutating func add(_ error: Double, deviation: Double) {
            self.sum += error * error
            self.most = max(self.most, abs(error))
            self.count += 1
            self.normalised += error * error / (deviation * deviation)
        }

        /// Root mean square, largest, and the mean of the normalised squares, which should be one.
        func text(_ decimals: Int) -> String {
            guard self.count > 0 else { return "–" }
            let n = Double(self.count)
            return String(
                format: "%.\(decimals)f/%.\(decimals)f (%.1f)", (self.sum / n).squareRoot(), self.most,
                self.normalised / n)
        }
    }

    /// An error that a sensor has from some second on, beside its others.
    private struct Jump {
        var name: String
        var second: Double
        var range: Double
        var azimuth: Double
        var time: Double

        init?(_ text: String) {
            let parts = text.split(separator: ",")
            let numbers = parts.dropFirst().compactMap { Double($0) }
            guard parts.count == 5, numbers.count == 4 else { return nil }
            self.name = String(parts[0])
            (self.second, self.range, self.azimuth, self.time) = (
                numbers[0], numbers[1], numbers[2] * .pi / 180, numbers[3]
            )
        }

        func apply(to report: SensorReport, of sensor: SensorID) -> SensorReport {
            guard report.sensor == sensor, case .plot(var plot) = report,
                plot.measuredAt >= Timestamp(seconds: self.second)
            else { return report }
            plot.measuredAt = plot.measuredAt.advanced(by: self.time)
            if case .polar(let range, let azimuth, let elevation) = plot.measurement {
                plot.measurement = .polar(
                    range: range + self.range, azimuth: azimuth + self.azimuth, elevation: elevation)
            }
            return .plot(plot)
        }
    }

    private struct Hidden: Decodable {
        struct Bias: Decodable {
            var range: Double?
            var azimuth: Double?
            var elevation: Double?
            var time: Double

            mutating func add(_ jump: Jump) {
                self.range = (self.range ?? 0) + jump.range
                self.azimuth = (self.azimuth ?? 0) + jump.azimuth * 180 / .pi
                self.time += jump.time
            }
        }

        var biases: [String: Bias]
    }

    static func run(_ arguments: ArraySlice<String>) throws {
        var directories: [String] = []
        var printsEach = false
        var parameters = TrackerParameters()
        var rest = arguments
        var jump: Jump?
        while let next = rest.popFirst() {
            switch next {
            case "--jump":
                jump = rest.popFirst().flatMap(Jump.init)
                guard jump != nil else {
                    say("--jump is NAME,second,range m,azimuth °,time s")
                    exit(64)
                }
            case "--each": printsEach = true
            case "--mode":
                guard let mode = rest.popFirst().flatMap(SensorRegistration.Mode.init(rawValue:)) else {
                    say("--mode is off, estimate or correct")
                    exit(64)
                }
                parameters.registration.mode = mode
            default:
                guard !next.hasPrefix("--") else { Main.usage() }
                directories.append(next)
            }
        }
        guard !directories.isEmpty else { Main.usage() }
        say(
            "RMS/largest (mean normalised square) of estimated less true bias; time less what all clocks have in common"
        )
        say("scenario | sensors | at s | range m | azimuth ° | elevation ° | time ms | common ms | registered")
        say("---|---|---|---|---|---|---|---|---")
        for directory in directories { try self.run(directory, parameters, jump, printsEach) }
    }

    private static func run(
        _ directory: String, _ parameters: TrackerParameters, _ jump: Jump?, _ printsEach: Bool
    ) throws {
        let scenario = try RefereeScenario(directory: directory)
        var hidden = try JSONDecoder().decode(
            Hidden.self, from: Data(contentsOf: URL(filePath: "\(directory)/hidden.json")))
        var tracker = Tracker(sensors: scenario.sensors, parameters: parameters)
        var changes: [TrackChange] = []
        var instants = [60.0, 120, 300, 600].filter { $0 <= scenario.duration }[...]
        let jumping = jump.flatMap { jump in scenario.names.firstIndex(of: jump.name).map { scenario.sensors[$0].id } }
        var state = SensorRegistration.State.unknown
        var hasJumped = false
        scenario.play { reports, now in
            if let jump, let jumping {
                let moved = (0..<reports.count).map { jump.apply(to: reports[$0], of: jumping) }
                tracker.process(moved.span, now: now, into: &changes)
            } else {
                tracker.process(reports, now: now, into: &changes)
            }
            changes.removeAll(keepingCapacity: true)
        } tell: { _, time in
            for (sensor, name) in zip(scenario.sensors, scenario.names) {
                guard let told = tracker.registration(of: sensor.id) else { continue }
                if sensor.id == jumping {
                    if told.state != state { say("  \(Int(time)) s: \(name) \(told.state.name)") }
                    state = told.state
                } else if told.state == .quarantined, jump != nil,
                    told.since.seconds(since: Timestamp(seconds: time)) > -5
                {
                    say("  \(Int(time)) s: \(name) \(told.state.name), wrongly")
                }
            }
            if let jump, !hasJumped, time > jump.second {
                hasJumped = true
                hidden.biases[jump.name]?.add(jump)
            }
            if let next = instants.first, time >= next {
                instants.removeFirst()
                self.tell(directory, scenario, hidden, tracker, time, printsEach)
            }
        }
    }

    private static func tell(
        _ directory: String, _ scenario: RefereeScenario, _ hidden: Hidden, _ tracker: Tracker, _ time: Double,
        _ printsEach: Bool
    ) {
        let degree = Double.pi / 180
        var range = Errors(), azimuth = Errors(), elevation = Errors(), clock = Errors()
        var shift = 0.0, clocks = 0.0, registered = 0
        for (sensor, name) in zip(scenario.sensors, scenario.names) {
            guard let told = tracker.registration(of: sensor.id), let truth = hidden.biases[name],
                told.state != .unknown
            else { continue }
            shift += told.time.value - truth.time
            clocks += 1
            if told.state == .registered { registered += 1 }
        }
        shift /= max(clocks, 1)
        for (sensor, name) in zip(scenario.sensors, scenario.names) {
            guard let told = tracker.registration(of: sensor.id), let truth = hidden.biases[name],
                told.state != .unknown
            else { continue }
            var line = "  \(name) \(told.state.name) \(told.stretches) stretches:"
            func add(_ estimate: SensorRegistration.Estimate?, _ truth: Double, _ unit: Double, _ errors: inout Errors)
            {
                guard let estimate else { return }
                let error = (estimate.value - truth) / unit
                errors.add(error, deviation: estimate.deviation / unit)
                line += String(format: " %.3f±%.3f", error, estimate.deviation / unit)
            }
            add(told.range, truth.range ?? 0, 1, &range)
            add(told.azimuth, (truth.azimuth ?? 0) * degree, degree, &azimuth)
            add(told.elevation, (truth.elevation ?? 0) * degree, degree, &elevation)
            add(told.time, truth.time + shift, 1e-3, &clock)
            if let gain = told.gain { line += String(format: " gain %.1e", gain.value) }
            if printsEach { say(line) }
        }
        if printsEach { say("  \(tracker.registrationTally)") }
        say(
            "\(directory.split(separator: "/").last ?? "") | \(Int(clocks)) | \(Int(time)) | \(range.text(1)) | "
                + "\(azimuth.text(4)) | \(elevation.text(4)) | \(clock.text(1)) | \(String(format: "%.1f", 1e3 * shift)) | "
                + "\(registered)")
    }
}
