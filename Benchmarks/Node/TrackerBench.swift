import Air
import BenchSupport
import Exercises
import Foundation
import Geodesy
import Tracking

/// How many plots a second the tracker takes on one core, and what a track costs in memory.
enum TrackerBench {
    static func run(_ arguments: Arguments) throws {
        say("\nTracking on one core (\(Machine.load))\n")
        var table = Table(
            "scenario", "sensors", "plots", "plots/s", "plots/s, first \(Int(self.warmUp)) s", "tracks", "tentative",
            "bytes/track", "peak MB", "goal")
        if let directory = arguments.directory {
            let scenario: RefereeScenario
            do { scenario = try RefereeScenario(directory: directory) } catch {
                throw Failure("\(directory) is no scenario: \(error)")
            }
            self.measure(
                directory.split(separator: "/").last.map(String.init) ?? directory, scenario.sensors, scenario.reports,
                warmUp: min(self.warmUp, scenario.duration / 3), into: &table)
        } else if let count = arguments.aircraft {
            self.measure(aircraft: count, seconds: 60, into: &table)
        } else {
            self.measure(aircraft: 300, seconds: 300, into: &table)
            self.measure(aircraft: 5_000, seconds: 90, into: &table)
            self.measure(aircraft: 50_000, seconds: 30, into: &table)
        }
        table.print()
        say(
            "  plots/s: after the first \(Int(self.warmUp)) s of the scenario, in which the tracks are begun; "
                + "bytes/track: heap of the tracker.\n  peak MB: of this process, reports in memory included.\n")
    }

    private static let warmUp = 15.0

    /// Resident bytes, once the heap has given back what it does not use.
    private static var heap: Int {
        typealias Trim = @convention(c) (Int) -> Int32
        // Not in Swift's view of the C library, so by its name (glibc only; elsewhere the figure is a little higher).
        if let symbol = unsafe dlsym(nil, "malloc_trim") {
            _ = unsafe unsafeBitCast(symbol, to: Trim.self)(0)
        }
        return Machine.memory("VmRSS")
    }

    private static func measure(aircraft: Int, seconds: Double, into table: inout Table) {
        let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
        var scenario = Scenario(Scenario.Configuration(seed: 1, aircraftCount: aircraft, start: start))
        var reports: [SensorReport] = []
        scenario.next(until: start.advanced(by: seconds), into: &reports)
        self.measure("\(text(aircraft)) aircraft", scenario.sensors, reports, warmUp: self.warmUp, into: &table)
    }

    /// Gives the reports in turns of 50 ms, as a node would get them.
    private static func measure(
        _ name: String, _ sensors: [Sensor], _ reports: [SensorReport], warmUp: Double, into table: inout Table
    ) {
        guard let first = reports.first else { return }
        let before = Self.heap
        var tracker = Tracker(sensors: sensors)
        var changes: [TrackChange] = []
        var spent = (warm: 0.0, steady: 0.0), plots = (warm: 0, steady: 0)
        let begin = first.receivedAt
        var at = 0, turnEnd = begin.advanced(by: 0.05)
        while at < reports.count {
            var end = at, count = 0
            while end < reports.count, reports[end].receivedAt < turnEnd {
                if case .plot = reports[end] { count += 1 }
                end += 1
            }
            let started = Machine.threadTime
            tracker.process(reports.span.extracting(at..<end), now: turnEnd, into: &changes)
            let seconds = Machine.threadTime - started
            if turnEnd.seconds(since: begin) <= warmUp {
                spent.warm += seconds
                plots.warm += count
            } else {
                spent.steady += seconds
                plots.steady += count
            }
            changes.removeAll(keepingCapacity: true)
            at = end
            turnEnd = turnEnd.advanced(by: 0.05)
        }
        let (confirmed, tentative) = tracker.counts
        changes = []
        let grown = max(0, Self.heap - before)
        table.add(
            name, text(sensors.count), text(plots.warm + plots.steady), text(Double(plots.steady) / spent.steady),
            text(Double(plots.warm) / spent.warm), text(confirmed), text(tentative),
            text(Double(grown) / Double(max(1, confirmed + tentative))), text(Double(Machine.memory("VmHWM")) / 1e6),
            "> 100,000/s")
        consume(tracker.tally)
    }
}

extension SensorReport {
    /// When the node got it.
    fileprivate var receivedAt: Timestamp {
        switch self {
        case .plot(let plot): plot.receivedAt
        case .sector(let crossing): crossing.receivedAt
        case .status(let status): status.receivedAt
        }
    }
}
