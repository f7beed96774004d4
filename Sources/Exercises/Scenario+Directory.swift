import Air
import Geodesy
import Glibc

extension Scenario {
    /// One of the files of a recorded scenario.
    public enum File: String, Hashable, Sendable, CaseIterable {
        /// What a tracker may know of the sensors.
        case sensors = "sensors.json"
        /// One plot a line, in order of arrival.
        case plots = "plots.jsonl"
        /// One aircraft and report time a line.
        case truth = "truth.jsonl"
        /// For judges: the aircraft behind each plot.
        case hidden = "hidden.json"
    }

    /// A directory or file could not be written.
    public struct Unwritable: Error, Hashable, Sendable, CustomStringConvertible {
        public var path: String
        /// `errno` of the failed call.
        public var code: Int32

        public var description: String {
            "\(self.path) cannot be written: \(unsafe String(cString: strerror(self.code)))"
        }
    }

    /// Records the exercise from its beginning into a directory, in the form that the referee of tracking reads.
    ///
    /// An aircraft is in the truth, and in the plots, for its longest unbroken stretch in reach of a sensor that can
    /// see it, so that a perfect tracker has nothing to miss.
    ///
    /// - Parameters:
    ///   - directory: made if it is not there; its parent must be.
    ///   - duration: seconds.
    ///   - reportPeriod: seconds between two states of truth.
    /// - Throws: `Unwritable`.
    public func write(to directory: String, duration: Double, reportPeriod: Double = 5) throws {
        if unsafe mkdir(directory, 0o777) != 0, errno != EEXIST { throw Unwritable(path: directory, code: errno) }
        var outputs: [File: OutputFile] = [:]
        for file in File.allCases { outputs[file] = try OutputFile(path: "\(directory)/\(file.rawValue)") }
        try self.record(duration: duration, reportPeriod: reportPeriod) { file, bytes in
            try outputs[file]?.write(bytes)
        }
        for output in outputs.values { try output.close() }
    }

    /// Records the exercise from its beginning, piece by piece, as `write(to:duration:reportPeriod:)` does.
    ///
    /// - Parameter sink: takes the next bytes of a file.
    public func record(
        duration: Double, reportPeriod: Double = 5, to sink: (File, [UInt8]) throws -> Void
    ) throws {
        precondition(reportPeriod > 0 && duration >= 0, "a recording has a length and a period")
        let configuration = self.configuration
        let lives = Self.lives(configuration, duration: duration)
        func isAlive(_ serial: UInt32, at time: Double) -> Bool { lives[serial]?.contains(time) ?? false }
        try sink(.sensors, self.sensorList(duration: duration, reportPeriod: reportPeriod))

        var text = JSONLines()
        var scenario = Scenario(configuration)
        let names = Dictionary(uniqueKeysWithValues: configuration.sites.map { ($0.sensor.id, $0.sensor.name) })
        var origins = JSONLines()
        let targets = scenario.traffic.slots.count
        origins.append("{\"arguments\":{\"seed\":\(configuration.seed),\"targets\":\(targets)},")
        origins.append("\"biases\":{")
        for (index, site) in configuration.sites.enumerated() {
            origins.append(index == 0 ? "" : ",")
            origins.append("\"\(site.sensor.name)\":")
            origins.append(site.registration)
        }
        origins.append("},\"origin\":[")
        var isFirst = true
        var report = 0
        while true {
            // The last plots come after the last report when the length is no multiple of the period.
            let time = min(Double(report) * reportPeriod, duration)
            scenario.forEach(until: configuration.start.advanced(by: time)) { item in
                guard case .plot(let plot) = item.report, let name = names[plot.sensor] else { return }
                if let origin = item.origin, !isAlive(origin, at: item.measured) { return }
                // As the referee has it: a stamp before the beginning or after the end is none.
                let shown = plot.measuredAt.seconds(since: configuration.start)
                guard shown >= 0, shown < duration else { return }
                text.append(plot, at: shown, received: item.time, sensor: name)
                origins.append(isFirst ? "" : ",")
                isFirst = false
                origins.append(item.origin.map { "\"T\($0)\"" } ?? "null")
            }
            try sink(.plots, text.take())
            guard Double(report) * reportPeriod <= duration else { break }
            for state in scenario.truth(at: configuration.start.advanced(by: time))
            where isAlive(state.aircraft.serial, at: time) {
                text.append(state, at: time)
            }
            try sink(.truth, text.take())
            try sink(.hidden, origins.take())
            report += 1
        }
        origins.append("]}\n")
        try sink(.hidden, origins.take())
    }

    /// The longest stretch of each aircraft, by its serial number, in reach of a sensor that can see it.
    private static func lives(_ configuration: Configuration, duration: Double) -> [UInt32: ClosedRange<Double>] {
        var traffic = Traffic(configuration)
        let lookouts = configuration.sites.map { Lookout($0, configuration: configuration) }
        var best: [UInt32: ClosedRange<Double>] = [:]
        var open: [UInt32: ClosedRange<Double>] = [:]
        func close(_ serial: UInt32) {
            guard let stretch = open.removeValue(forKey: serial) else { return }
            let longest = best[serial].map { $0.upperBound - $0.lowerBound } ?? -1
            if stretch.upperBound - stretch.lowerBound > longest { best[serial] = stretch }
        }
        var time = 0.0
        while time <= duration {
            traffic.advance(to: time)
            var seen: Set<UInt32> = []
            for state in traffic.states(at: time) {
                let place = Geocentric(state.position)
                let serial = state.aircraft.serial
                guard lookouts.contains(where: { $0.sees(state.aircraft, place, height: state.position.height) })
                else { continue }
                seen.insert(serial)
                open[serial] = (open[serial]?.lowerBound ?? time)...(time + 0.999_999)
            }
            for serial in open.keys.filter({ !seen.contains($0) }) { close(serial) }
            time += 1
        }
        for serial in Array(open.keys) { close(serial) }
        return best
    }

    private func sensorList(duration: Double, reportPeriod: Double) -> [UInt8] {
        var text = JSONLines()
        text.append("{\"centre\":[")
        text.append(self.configuration.centre.latitudeDegrees, 6)
        text.append(",")
        text.append(self.configuration.centre.longitudeDegrees, 6)
        text.append("],\"half_width\":")
        text.append(self.configuration.halfWidth, 0)
        text.append(",\"duration\":")
        text.append(duration, 3)
        text.append(",\"report_period\":")
        text.append(reportPeriod, 3)
        text.append(",\"sensors\":[")
        let degree = Double.pi / 180
        for (index, site) in self.configuration.sites.enumerated() {
            let sensor = site.sensor
            text.append(index == 0 ? "\n" : ",\n")
            text.append("{\"id\":\"\(sensor.name)\",\"node\":\"\(sensor.id.sac)\",\"kind\":\"")
            text.append(
                sensor.kind == .receiver
                    ? "adsb" : sensor.primary == nil ? "mssr" : sensor.secondary == nil ? "psr3d" : "psr+mssr")
            text.append("\",\"lat\":")
            text.append(sensor.site.latitudeDegrees, 6)
            text.append(",\"lon\":")
            text.append(sensor.site.longitudeDegrees, 6)
            text.append(",\"height\":")
            text.append(sensor.site.height, 1)
            text.append(",\"max_range\":")
            text.append(sensor.coverage.upperBound, 0)
            text.append(",\"min_range\":")
            text.append(sensor.coverage.lowerBound, 0)
            text.append(",\"max_elevation\":")
            text.append(sensor.elevationMax / degree, 1)
            text.append(",\"period\":")
            if case .radar(let period) = sensor.kind {
                text.append(period, 3)
                text.append(",\"phase\":")
                text.append(Lookout(site, configuration: self.configuration).firstNorth, 4)
            } else {
                text.append(self.configuration.broadcastPeriod, 3)
                text.append(",\"pd\":")
                text.append(site.broadcastProbability ?? self.configuration.broadcastProbability, 3)
                text.append(",\"position_sd\":12,\"altitude_sd\":7,\"velocity_sd\":0.5")
            }
            for (name, channel) in [("psr", sensor.primary), ("ssr", sensor.secondary)] {
                guard let channel else { continue }
                text.append(",\"\(name)\":{\"pd\":")
                text.append(channel.detectionProbability, 3)
                text.append(",\"range_sd\":")
                text.append(channel.rangeDeviation, 1)
                text.append(",\"azimuth_sd\":")
                text.append(channel.azimuthDeviation / degree, 3)
                if let deviation = channel.elevationDeviation {
                    text.append(",\"elevation_sd\":")
                    text.append(deviation / degree, 3)
                }
                text.append("}")
            }
            text.append(",\"clutter\":")
            text.append(sensor.falsePlotsPerScan, 2)
            text.append("}")
        }
        text.append("]}\n")
        return text.take()
    }
}

/// Text of JSON as it grows; numbers with a fixed count of decimals.
private struct JSONLines {
    private var bytes: [UInt8] = []

    /// Hands out what was written and begins anew.
    mutating func take() -> [UInt8] {
        defer { self.bytes.removeAll(keepingCapacity: true) }
        return self.bytes
    }

    mutating func append(_ text: String) { self.bytes.append(contentsOf: text.utf8) }

    /// A number below 9 · 10¹⁸ / 10^decimals.
    mutating func append(_ value: Double, _ decimals: Int) {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int64((value * scale).rounded())
        if scaled < 0 { self.bytes.append(UInt8(ascii: "-")) }
        let digits = Array(String(scaled.magnitude).utf8)
        let padded = [UInt8](repeating: UInt8(ascii: "0"), count: max(decimals + 1 - digits.count, 0)) + digits
        self.bytes.append(contentsOf: padded.dropLast(decimals))
        if decimals > 0 {
            self.bytes.append(UInt8(ascii: "."))
            self.bytes.append(contentsOf: padded.suffix(decimals))
        }
    }

    /// What is wrong with a sensor: numbers at the beginning, and what changes them, in metres, degrees and seconds.
    mutating func append(_ registration: Registration) {
        func fields(_ offset: Registration.Offset) -> [(String, Double, Int)] {
            let degree = Double.pi / 180
            return [
                ("range", offset.range, 2), ("azimuth", offset.azimuth / degree, 5),
                ("elevation", offset.elevation / degree, 5), ("time", offset.time, 4),
                ("range_gain", offset.rangeGain, 7),
            ]
        }
        func object(_ offset: Registration.Offset, at time: Double? = nil) {
            self.append("{")
            if let time {
                self.append("\"at\":")
                self.append(time, 3)
                self.append(",")
            }
            for (index, (name, value, decimals)) in fields(offset).enumerated() {
                self.append(index == 0 ? "\"\(name)\":" : ",\"\(name)\":")
                self.append(value, decimals)
            }
        }
        object(registration.offset)
        if registration.hourlyDrift != Registration.Offset() {
            self.append(",\"hourly_drift\":")
            object(registration.hourlyDrift)
            self.append("}")
        }
        if !registration.jumps.isEmpty {
            self.append(",\"jumps\":[")
            for (index, jump) in registration.jumps.enumerated() {
                if index > 0 { self.append(",") }
                object(jump.change, at: jump.at)
                self.append("}")
            }
            self.append("]")
        }
        self.append("}")
    }

    private mutating func field(_ name: String, _ value: Double, _ decimals: Int) {
        self.append(",\"\(name)\":")
        self.append(value, decimals)
    }

    /// A line of `plots.jsonl`.
    mutating func append(_ plot: Plot, at time: Double, received: Double, sensor: String) {
        self.append("{\"time\":")
        self.append(time, 4)
        self.field("received", received, 4)
        self.append(",\"sensor\":\"\(sensor)\"")
        switch plot.measurement {
        case .polar(let range, let azimuth, let elevation):
            self.field("range", range, 1)
            self.field("azimuth", azimuth * 180 / .pi, 4)
            if let elevation { self.field("elevation", elevation * 180 / .pi, 3) }
            if let code = plot.identity.mode3A { self.append(",\"mode3a\":\"\(code)\"") }
            if let altitude = plot.pressureAltitude { self.field("modec", altitude, 2) }
            if let address = plot.identity.address { self.append(",\"icao24\":\"\(address)\"") }
        case .geodetic(let latitude, let longitude, _):
            if let address = plot.identity.address { self.append(",\"icao24\":\"\(address)\"") }
            self.field("lat", latitude * 180 / .pi, 7)
            self.field("lon", longitude * 180 / .pi, 7)
            if let height = plot.geometricHeight { self.field("alt", height, 1) }
            if let velocity = plot.velocity {
                let scale = RefereeScenario.speedScale(height: plot.geometricHeight ?? 0)
                self.field("vn", velocity.north / scale, 2)
                self.field("ve", velocity.east / scale, 2)
            }
        }
        self.append("}\n")
    }

    /// A line of `truth.jsonl`.
    mutating func append(_ state: AircraftState, at time: Double) {
        self.append("{\"time\":")
        self.append(time, 4)
        self.append(",\"id\":\"T\(state.aircraft.serial)\"")
        self.field("lat", state.position.latitudeDegrees, 7)
        self.field("lon", state.position.longitudeDegrees, 7)
        self.field("alt", state.position.height, 1)
        let scale = RefereeScenario.speedScale(height: state.position.height)
        self.field("vn", state.velocity.north / scale, 2)
        self.field("ve", state.velocity.east / scale, 2)
        self.field("vu", state.velocity.up, 2)
        let identity = state.aircraft.identity
        self.append(",\"icao24\":" + (identity.address.map { "\"\($0)\"" } ?? "null"))
        self.append(",\"mode3a\":" + (identity.mode3A.map { "\"\($0)\"" } ?? "null"))
        self.append(",\"kind\":\"\(state.aircraft.kind.rawValue)\"}\n")
    }
}

/// A file that is being written, from its beginning.
package struct OutputFile {
    private let path: String
    private let descriptor: Int32

    package init(path: String) throws(Scenario.Unwritable) {
        self.path = path
        self.descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        if self.descriptor < 0 { throw Scenario.Unwritable(path: path, code: errno) }
    }

    package func write(_ bytes: [UInt8]) throws {
        var left = bytes[...]
        while !left.isEmpty {
            // The buffer is only read within the closure.
            let count = unsafe left.withUnsafeBytes { unsafe Glibc.write(self.descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Scenario.Unwritable(path: self.path, code: errno) }
            left = left.dropFirst(count)
        }
    }

    package func close() throws(Scenario.Unwritable) {
        if Glibc.close(self.descriptor) != 0 { throw Scenario.Unwritable(path: self.path, code: errno) }
    }
}
