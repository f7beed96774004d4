internal import Air
internal import Exercises
internal import Geodesy
internal import SensorFormats

/// Writes an exercise as the bytes that its sensors would send: for each a capture of ASTERIX (048 and 034 of a radar,
/// 021 of a receiver) in UDP, for each receiver Mode S frames in Beast too, and the sensors as a node's configuration.
///
/// The records do not say that they are simulated: a node would set them aside.
public struct ScenarioWire: Sendable {
    /// What a file holds.
    public struct File: Hashable, Sendable {
        public var name: String
        /// Datagrams or, of Beast, plots that became frames.
        public var count: Int
        /// Reports that the format cannot carry.
        public var unwritten: Int
    }

    /// How often a sensor sends, seconds.
    private static let step = 0.1

    /// Records an exercise from its beginning, piece by piece.
    ///
    /// - Parameter sink: takes the next bytes of a file.
    public static func record(
        _ file: ScenarioFile, to sink: (_ name: String, _ bytes: [UInt8]) throws -> Void
    ) throws -> [File] {
        var scenario = Scenario(file.configuration)
        try sink("kumiko.yaml", Array(Self.sensorList(file).utf8))
        var lines: [Line] = []
        var places: [SensorID: Int] = [:]
        for sensor in scenario.sensors {
            places[sensor.id] = lines.count
            if let line = Line(sensor) { lines.append(line) }
        }
        var reports: [SensorReport] = []
        var step = 1
        while Double(step - 1) * Self.step < file.duration {
            let instant = file.configuration.start.advanced(by: min(Double(step) * Self.step, file.duration))
            step += 1
            reports.removeAll(keepingCapacity: true)
            scenario.next(until: instant, into: &reports)
            for report in reports {
                guard let place = places[report.sensor] else { continue }
                lines[place].append(report)
            }
            for place in lines.indices { try lines[place].flush(at: instant, to: sink) }
        }
        return lines.flatMap(\.files)
    }

    /// Records an exercise into a directory.
    ///
    /// - Throws: `Scenario.Unwritable`.
    public static func write(_ file: ScenarioFile, to directory: String) throws -> [File] {
        var outputs: [String: OutputFile] = [:]
        let files = try Self.record(file) { name, bytes in
            let output = try outputs[name] ?? OutputFile(path: "\(directory)/\(name)")
            outputs[name] = output
            try output.write(bytes)
        }
        for output in outputs.values { try output.close() }
        return files
    }

    /// What one sensor sends.
    private struct Line {
        let id: SensorID
        let frame: LocalFrame
        let isReceiver: Bool
        var asterix = AsterixWriter()
        var beast = BeastWriter()
        var capture: DatagramWriter
        var broadcasts = 0

        init?(_ sensor: Sensor) {
            guard let capture = DatagramWriter(format: .pcap) else { return nil }
            self.id = sensor.id
            self.frame = LocalFrame(origin: sensor.site)
            self.isReceiver = sensor.kind == .receiver
            self.capture = capture
        }

        private var name: String { "\(self.id.sac)-\(self.id.sic)" }

        mutating func append(_ report: SensorReport) {
            guard case .plot(var plot) = report else { return self.asterix.append(report) }
            if case .polar(let range, let azimuth, .some(let elevation)) = plot.measurement {
                // Category 048 has the height of a 3-D radar (I048/110), not the elevation.
                let place = EastNorthUp(Polar(range: range, azimuth: azimuth, elevation: elevation))
                plot.geometricHeight = Geodetic(self.frame.place(at: place)).height
            }
            self.asterix.append(.plot(plot))
            if self.isReceiver {
                self.beast.append(plot)
                self.broadcasts += 1
            }
        }

        mutating func flush(at instant: Timestamp, to sink: (String, [UInt8]) throws -> Void) throws {
            let name = self.name
            self.asterix.takeDatagrams { _, datagram in self.capture.append(datagram, at: instant) }
            try self.capture.take { try Self.pass($0, to: "\(name).pcap", sink) }
            if self.isReceiver { try self.beast.take { try Self.pass($0, to: "\(name).beast", sink) } }
        }

        private static func pass(
            _ bytes: Span<UInt8>, to name: String, _ sink: (String, [UInt8]) throws -> Void
        ) throws {
            guard !bytes.isEmpty else { return }
            var copy: [UInt8] = []
            copy.reserveCapacity(bytes.count)
            for index in bytes.indices { copy.append(bytes[index]) }
            try sink(name, copy)
        }

        var files: [File] {
            let asterix = File(
                name: "\(self.name).pcap", count: self.capture.count,
                unwritten: self.asterix.unwritten + self.capture.tooLong)
            guard self.isReceiver else { return [asterix] }
            let unwritten = self.beast.unwritten
            return [
                asterix,
                File(name: "\(self.name).beast", count: self.broadcasts - unwritten, unwritten: unwritten),
            ]
        }
    }

    /// The sensors with the keys of `kumiko.yaml`, for `kumiko replay --config`.
    private static func sensorList(_ file: ScenarioFile) -> String {
        let degree = Double.pi / 180
        var text = "node:\n  name: \"\(file.configuration.name.filter { $0 != "\"" && $0 != "\\" })\"\n"
        text += "  realm: exercise(scenario)\nsensors:\n"
        for site in file.configuration.sites {
            let sensor = site.sensor
            text += "  - id: \(sensor.id)\n    name: \"\(sensor.name)\"\n"
            text += "    latitude: \(sensor.site.latitudeDegrees)\n    longitude: \(sensor.site.longitudeDegrees)\n"
            text += "    height: \(sensor.site.height)\n"
            text += "    rangeMin: \(sensor.coverage.lowerBound)\n    rangeMax: \(sensor.coverage.upperBound)\n"
            text += "    elevationMax: \(sensor.elevationMax / degree)\n"
            guard case .radar(let period) = sensor.kind else {
                text += "    kind: receiver\n"
                continue
            }
            text += "    kind: radar\n    period: \(period)\n    falsePlotsPerScan: \(sensor.falsePlotsPerScan)\n"
            for (name, channel) in [("primary", sensor.primary), ("secondary", sensor.secondary)] {
                guard let channel else {
                    text += "    \(name): off\n"
                    continue
                }
                text += "    \(name):\n      rangeDeviation: \(channel.rangeDeviation)\n"
                text += "      azimuthDeviation: \(channel.azimuthDeviation / degree)\n"
                if let deviation = channel.elevationDeviation {
                    text += "      elevationDeviation: \(deviation / degree)\n"
                }
                text += "      detectionProbability: \(max(channel.detectionProbability, 0.01))\n"
            }
        }
        return text
    }
}
