package import Air
import Foundation
import Geodesy
import SensorFormats
package import Tracking

/// Recordings that others made of real sensors and that are played together: one sky.
package struct Recording: Sendable {
    /// What people call it.
    package var name: String
    /// Below the folder of recordings.
    var files: [String]
    /// An instant within twelve hours of its begin: most know only the time of day.
    var start: Double
    /// Where its sensors stand and how they see.
    package var sensors: [Sensor] = []
    /// Seconds of one turn of the radar; of receivers and systems, the longest time between two plots of one aircraft
    /// that is still one look.
    package var turn = 10.0
    /// Whether its sensors look at an aerodrome: slow, near, on the ground.
    package var isSurface = false
    /// What remains of the fact that a file is two pieces of one recording: only reports before time goes back are taken.
    var isCutWhereTimeGoesBack = false

    /// What the tracker is told for this sky.
    package var parameters: TrackerParameters {
        var parameters = TrackerParameters()
        if self.isSurface {
            // Aircraft taxi at a walk's pace, stop, and are towed; nothing is as fast as a jet.
            parameters.speedRange = 0...150
            parameters.speedDeviation = 30
        }
        return parameters
    }

    /// Folder of the recordings, which are not part of this repository: beside it, or where KUMIKO_DATA says.
    package static let folder: String = {
        if let named = ProcessInfo.processInfo.environment["KUMIKO_DATA"] { return named }
        var root = URL(filePath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return root.deletingLastPathComponent().appending(path: "shared/data").path
    }()

    /// Its reports in the order in which they were received; nil if a file is not there.
    ///
    /// - Throws: what the decoders do.
    package func reports(in folder: String = Self.folder) throws -> [SensorReport]? {
        var reports: [SensorReport] = []
        for file in self.files {
            let path = folder + "/asterix/" + file
            guard let data = FileManager.default.contents(atPath: path) else { return nil }
            let bytes = [UInt8](data)
            let first = reports.count
            let start = Timestamp(seconds: self.start)
            var surface = SurfaceDecoder(start: start)
            if try !surface.read(bytes.span, into: &reports) {
                _ = try decodeAsterixToReports(bytes.span, name: file, start: start) { reports += $0 }
            }
            // What was recorded later was received later, whatever the sensor's clock says.
            var newest = Timestamp(nanoseconds: .min)
            for index in first..<reports.count {
                newest = max(newest, reports[index].receivedAt)
                reports[index].receivedAt = newest
            }
        }
        if self.isCutWhereTimeGoesBack, let cut = Self.timeGoesBack(reports) { reports.removeLast(reports.count - cut) }
        guard self.files.count > 1 else { return reports }
        // The order within a file is kept where times are equal.
        return reports.enumerated().sorted { ($0.element.receivedAt, $0.offset) < ($1.element.receivedAt, $1.offset) }
            .map(\.element)
    }

    /// The index from which on times lie more than half a minute before others that came earlier.
    private static func timeGoesBack(_ reports: [SensorReport]) -> Int? {
        var newest = Timestamp(nanoseconds: .min)
        return reports.firstIndex { report in
            newest = max(newest, report.measuredAt)
            return newest.seconds(since: report.measuredAt) > 30
        }
    }
}

extension SensorReport {
    /// When this node received it.
    package var receivedAt: Timestamp {
        get {
            switch self {
            case .plot(let plot): plot.receivedAt
            case .sector(let crossing): crossing.receivedAt
            case .status(let status): status.receivedAt
            }
        }
        set {
            switch self {
            case .plot(var plot):
                plot.receivedAt = newValue
                self = .plot(plot)
            case .sector(var crossing):
                crossing.receivedAt = newValue
                self = .sector(crossing)
            case .status(var status):
                status.receivedAt = newValue
                self = .status(status)
            }
        }
    }

    /// The plot, if it is one.
    package var plot: Plot? {
        guard case .plot(let plot) = self else { return nil }
        return plot
    }
}

// MARK: The recordings

extension Recording {
    private static func radar(
        _ name: String, _ sac: UInt8, _ sic: UInt8, _ latitude: Double, _ longitude: Double, _ height: Double,
        period: Double, primary: Sensor.Channel? = .primary
    ) -> Sensor {
        Sensor(
            id: SensorID(sac: sac, sic: sic), name: name,
            site: Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude, height: height),
            kind: .radar(period: period), primary: primary)
    }

    /// The reference point of Barcelona's multilateration, at which its receiver for ADS-B is said to stand, too.
    static let barcelona = Geodetic(latitudeDegrees: 41.297_062_8, longitudeDegrees: 2.078_447_2, height: 53)

    private static let barcelonaReceiver = Sensor(
        id: SensorID(sac: 0, sic: 107), name: "Barcelona, ADS-B", site: barcelona, kind: .receiver, primary: nil,
        secondary: nil, coverage: 0...400_000)

    /// The multilateration says that it is 0/107, as the receiver does; here it has a number of its own.
    static let multilateration = SensorID(sac: 0, sic: 20)

    private static let barcelonaStations = Sensor(
        id: multilateration, name: "Barcelona, multilateration", site: barcelona, kind: .receiver, primary: nil,
        secondary: nil, coverage: 0...100_000)

    /// The surface radar on Barcelona's old tower.
    package static let surfaceRadar = Sensor(
        id: SensorID(sac: 0, sic: 7), name: "Barcelona, surface radar",
        site: Geodetic(latitudeDegrees: 41.295_618_3, longitudeDegrees: 2.095_114_2, height: 53 + 25),
        kind: .radar(period: 1),
        // An echo's centre wanders over the hull, more than the radar errs.
        primary: Sensor.Channel(
            rangeDeviation: 8, azimuthDeviation: 0.3 * .pi / 180, detectionProbability: 0.95),
        secondary: nil, coverage: 100...5_000, elevationMax: .pi / 2, falsePlotsPerScan: 3)

    private static let adsb2016 = "lebl_20160510_adsb_cat021v023.ast"
    private static let mlat2016 = "lebl_20160510_mlat_cat020.ast"
    private static let surface2016 = "lebl_20160510_smr_cat010.ast"
    private static let evening2016 = 1_462_917_600.0

    /// Mode S radar, an hour of a May morning.
    package static let barcelonaRadar = Recording(
        name: "Barcelona, Mode S radar (048)", files: ["bcn_20230502_0809_cat048.ast"], start: 1_683_014_400,
        sensors: [radar("Barcelona", 20, 129, 41.3007, 2.1021, 77, period: 4)], turn: 4)
    package static let jahorina = Recording(
        name: "Jahorina, Mode S radar (048)", files: ["jahorina.raw"], start: 1_483_279_200,
        sensors: [radar("Jahorina", 23, 2, 43.72, 18.55, 1_960, period: 5, primary: nil)], turn: 5,
        isCutWhereTimeGoesBack: true)
    // Nothing tells where the two stand: of one radar alone the place hardly matters.
    package static let argentinaUIS = Recording(
        name: "Argentina UIS, Mode A/C radar (048)", files: ["ar_UIS.pcap"], start: 1_777_480_000,
        sensors: [radar("UIS", 226, 221, -35, -60, 50, period: 7.63, primary: nil)], turn: 7.63)
    package static let argentinaCBA = Recording(
        name: "Argentina CBA, Mode A/C radar (048)", files: ["ar_cba_010626.pcap"], start: 1_780_320_000,
        sensors: [radar("CBA", 226, 210, -31.3, -64.2, 500, period: 3.82, primary: nil)], turn: 3.82)
    package static let barcelonaBroadcast = Recording(
        name: "Barcelona, ADS-B (021, edition 0.23)", files: [adsb2016], start: evening2016,
        sensors: [barcelonaReceiver])
    package static let alicante = Recording(
        name: "Alicante, ADS-B (021)", files: ["alicante_adsb_cat021v24.ast"], start: 1_683_014_400)
    package static let rome = Recording(
        name: "Rome, system tracks (062)", files: ["jade_cat062_065_30min.ff"], start: 1_483_279_200)
    package static let baltic = Recording(
        name: "Baltic, system tracks (062)", files: ["jade_cat062_30min.ff"], start: 1_483_279_200)
    package static let barcelonaMultilateration = Recording(
        name: "Barcelona, multilateration (020)", files: [mlat2016], start: evening2016, sensors: [barcelonaStations],
        isSurface: true)
    package static let barcelonaSurface = Recording(
        name: "Barcelona, surface radar (010)", files: [surface2016], start: evening2016, sensors: [surfaceRadar],
        turn: 1, isSurface: true)
    package static let barcelonaAll = Recording(
        name: "Barcelona, all three (010, 020, 021)", files: [surface2016, mlat2016, adsb2016], start: evening2016,
        sensors: [surfaceRadar, barcelonaStations, barcelonaReceiver], isSurface: true)

    /// All that hold plots.
    package static let all = [
        barcelonaRadar, jahorina, argentinaUIS, argentinaCBA, barcelonaBroadcast, alicante, rome, baltic,
        barcelonaMultilateration, barcelonaSurface, barcelonaAll,
    ]
}
