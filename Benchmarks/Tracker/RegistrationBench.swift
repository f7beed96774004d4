import Air
import BenchSupport
import Exercises
import Foundation
import Tracking

/// `kumiko-bench-tracker registration DIRECTORY… [--each] [--mode off|estimate|correct]`: estimated less true biases of the
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

    private struct Hidden: Decodable {
        struct Bias: Decodable {
            var range: Double?
            var azimuth: Double?
            var elevation: Double?
            var time: Double
        }

        var biases: [String: Bias]
    }

    static func run(_ arguments: ArraySlice<String>) throws {
        var directories: [String] = []
        var printsEach = false
        var parameters = TrackerParameters()
        var rest = arguments
        while let next = rest.popFirst() {
            switch next {
            case "--each": printsEach = true
            case "--mode":
                guard let mode = rest.popFirst().flatMap(RegistrationParameters.Mode.init(rawValue:)) else {
                    say("--mode is off, estimate or correct")
                    exit(64)
                }
                parameters.registration.mode = mode
            default: directories.append(next)
            }
        }
        say(
            "RMS/largest (mean normalised square) of estimated less true bias; time less what all clocks have in common"
        )
        say("scenario | sensors | at s | range m | azimuth ° | elevation ° | time ms | common ms | registered")
        say("---|---|---|---|---|---|---|---|---")
        for directory in directories { try self.run(directory, parameters, printsEach) }
    }

    private static func run(_ directory: String, _ parameters: TrackerParameters, _ printsEach: Bool) throws {
        let scenario = try RefereeScenario(directory: directory)
        let hidden = try JSONDecoder().decode(
            Hidden.self, from: Data(contentsOf: URL(filePath: "\(directory)/hidden.json")))
        var tracker = Tracker(sensors: scenario.sensors, parameters: parameters)
        var changes: [TrackChange] = []
        var instants = [60.0, 120, 300, 600].filter { $0 <= scenario.duration }[...]
        scenario.play { reports, now in
            tracker.process(reports, now: now, into: &changes)
            changes.removeAll(keepingCapacity: true)
        } tell: { _, time in
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
