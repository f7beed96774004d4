import Air
import Geodesy
import Glibc
import SensorFormats

/// Target reports of categories 010 (surface radar) and 020 (multilateration), which are no plots to the node, made plots
/// by the typed view.
///
/// Source: EUROCONTROL-SPEC-0149-7 (category 010, 1.1) and -14 (category 020, 1.11).
struct SurfaceDecoder {
    private var clock: RecordingClock
    private let reference = LocalFrame(origin: Recording.barcelona)

    init(start: Timestamp) { self.clock = RecordingClock(start: start) }

    /// Appends the plots of a recording.
    ///
    /// - Returns: whether it is one of these categories.
    mutating func read(_ recording: Span<UInt8>, into reports: inout [SensorReport]) throws -> Bool {
        guard recording.count > 0, [10, 19, 20].contains(recording[0]),
            var datagrams = DatagramReader(format: .asterix)
        else { return false }
        var decoder = AsterixFieldDecoder()
        var fields = AsterixFields()
        var problems: [AsterixProblem] = []
        while let datagram = datagrams.next(in: recording) {
            let receivedAt = self.clock.time(of: datagram, in: recording)
            datagram.withBytes(in: recording) {
                decoder.decode($0, range: datagram.range, into: &fields, problems: &problems)
            }
            for index in 0..<fields.recordCount {
                fields.select(index)
                let plot =
                    switch fields.edition?.category {
                    case 10: self.echo(fields, receivedAt)
                    case 20: self.multilateration(fields, receivedAt)
                    default: Plot?.none
                    }
                if let plot { reports.append(.plot(plot)) }
            }
        }
        return true
    }

    private func plot(
        _ fields: borrowing AsterixFields, _ category: String, _ kind: Plot.Kind, _ measurement: Plot.Measurement,
        _ receivedAt: Timestamp
    ) -> Plot? {
        guard let sac = fields.value(of: category + "/010/SAC"), let sic = fields.value(of: category + "/010/SIC"),
            let time = fields.value(of: category + "/140")
        else { return nil }
        return Plot(
            sensor: SensorID(sac: UInt8(sac), sic: UInt8(sic)),
            measuredAt: Timestamp(secondsOfDay: time, nearest: receivedAt), receivedAt: receivedAt, kind: kind,
            measurement: measurement)
    }

    /// What the surface radar tells of one of its targets: slant range and azimuth. It sees nothing but the aerodrome,
    /// so that its height is known.
    private func echo(_ fields: borrowing AsterixFields, _ receivedAt: Timestamp) -> Plot? {
        guard let range = fields.value(of: "I010/040/RHO"), let azimuth = fields.value(of: "I010/040/TH") else {
            return nil
        }
        var plot = self.plot(
            fields, "I010", .primary, .polar(range: range, azimuth: azimuth * .pi / 180, elevation: nil), receivedAt)
        plot?.geometricHeight = Recording.barcelona.height
        plot?.sensorTrackNumber = fields.value(of: "I010/161/TRK").map { UInt16($0) }
        return plot
    }

    /// What multilateration tells: a place in the plane at its reference point, the address, the code, a flight level.
    private func multilateration(_ fields: borrowing AsterixFields, _ receivedAt: Timestamp) -> Plot? {
        guard let x = fields.value(of: "I020/042/X"), let y = fields.value(of: "I020/042/Y") else { return nil }
        let isOnGround = fields.value(of: "I020/020/GBS") == 1
        let level = isOnGround ? nil : fields.value(of: "I020/090/FL")
        let height = level.map { $0 * 30.48 } ?? Recording.barcelona.height
        // Its receivers stand around the aerodrome: outside, lines of equal difference cross ever flatter. The dilution
        // that it sends (I020/500) does not tell: it is nought for a third of the worst.
        let deviation = isOnGround ? 5 : 10 + 0.004 * (x * x + y * y).squareRoot()
        let place = Geodetic(
            self.reference.place(
                range: (x * x + y * y + (height - 53) * (height - 53)).squareRoot(), azimuth: atan2(x, y),
                height: height))
        var plot = self.plot(
            fields, "I020", .multilateration,
            .geodetic(latitude: place.latitude, longitude: place.longitude, deviation: deviation), receivedAt)
        plot?.sensor = Recording.multilateration
        plot?.isOnGround = isOnGround
        plot?.pressureAltitude = level.map { $0 * 30.48 }
        if let index = fields.index(of: "I020/220") {
            plot?.identity.address = ICAOAddress(UInt32(truncatingIfNeeded: fields.raw(index)))
        }
        if fields.value(of: "I020/070/V") == 0, fields.value(of: "I020/070/G") == 0,
            let index = fields.index(of: "I020/070/MODE3A")
        {
            plot?.identity.mode3A = Mode3A(UInt16(truncatingIfNeeded: fields.raw(index)))
        }
        plot?.sensorTrackNumber = fields.value(of: "I020/161/TRN").map { UInt16($0) }
        return plot
    }
}
