import Air
import Exercises
import Foundation

/// Tells a tracker the origin of every plot, and leaves the false ones out: what then is missed, its filters miss.
enum Origins {
    private struct Hidden: Decodable { var origin: [String?] }

    static func tell(_ scenario: inout RefereeScenario, _ directory: String) throws {
        let file = try Data(contentsOf: URL(filePath: "\(directory)/hidden.json"))
        let origins = try JSONDecoder().decode(Hidden.self, from: file).origin
        var numbers: [String: UInt32] = [:]
        scenario.reports = zip(scenario.reports, origins).compactMap { (report, origin) -> SensorReport? in
            guard let origin, case .plot(var plot) = report else { return nil }
            let number = numbers[origin, default: UInt32(numbers.count) + 0x80_0000]
            numbers[origin] = number
            plot.identity.address = ICAOAddress(number)
            return .plot(plot)
        }
    }
}
