import Air
import Foundation
import Testing

@testable import SensorFormats

@Suite("OpenSky state vectors") struct OpenSkyTests {
    private struct Read {
        var plots: [Plot] = []
        var problems: [OpenSkyReader.Problem] = []
        var reader = OpenSkyReader(sensor: SensorID(sac: 3, sic: 4))

        init(_ bytes: [UInt8], pieces: Int = .max) {
            var reports: [SensorReport] = []
            var start = 0
            while start < bytes.count {
                let end = start + min(pieces, bytes.count - start)
                let piece = Array(bytes[start..<end])
                self.reader.read(piece.span, problem: { self.problems.append($0) }, into: &reports)
                start = end
            }
            self.reader.finish(problem: { self.problems.append($0) }, into: &reports)
            self.plots = reports.compactMap { if case .plot(let plot) = $0 { plot } else { nil } }
        }

        init(_ text: String, pieces: Int = .max) { self.init([UInt8](text.utf8), pieces: pieces) }
    }

    private static let names =
        "time,icao24,lat,lon,velocity,heading,vertrate,callsign,onground,alert,spi,squawk,baroaltitude,geoaltitude,"
        + "lastposupdate,lastcontact"

    @Test("a line of the history database") func history() throws {
        let line =
            "1626098400,3c4591,51.5,-0.5,250,90,-1.5,BOX413  ,False,False,True,36.0,10668,10843.26,1626098398.996,1626098400"
        for read in [Read(Self.names + "\n" + line), Read(line + "\n")] {
            #expect(read.problems.isEmpty)
            let plot = try #require(read.plots.first)
            #expect(plot.sensor == SensorID(sac: 3, sic: 4))
            #expect(plot.identity.address == ICAOAddress(0x3C4591))
            #expect(plot.identity.callsign?.description == "BOX413")
            #expect(plot.identity.mode3A == Mode3A(0o36))
            #expect(abs(plot.measuredAt.seconds - 1_626_098_398.996) < 1e-6)
            #expect(plot.receivedAt == Timestamp(seconds: 1_626_098_400))
            #expect(plot.pressureAltitude == 10668)
            #expect(plot.geometricHeight == 10843.26)
            #expect(plot.climbRate == -1.5)
            #expect(abs(try #require(plot.velocity).east - 250) < 1e-9)
            #expect(plot.hasIdentPulse && !plot.isOnGround)
            guard case .geodetic(let latitude, let longitude, _) = plot.measurement else {
                Issue.record("polar"); return
            }
            #expect(abs(latitude * 180 / .pi - 51.5) < 1e-12 && abs(longitude * 180 / .pi + 0.5) < 1e-12)
        }
    }

    @Test("a state vector of 17 and of 18 columns, without names", arguments: ["", ",0"]) func vector(tail: String)
        throws
    {
        let line =
            "4b1814,SWR123  ,Switzerland,1626098398,1626098399,8.5,47.25,11000,false,230.5,180,0,,11200,1000,false,2"
        let read = Read(line + tail + "\n")
        #expect(read.problems.isEmpty)
        let plot = try #require(read.plots.first)
        #expect(plot.kind == .multilateration)
        #expect(plot.identity.address == ICAOAddress(0x4B1814))
        #expect(plot.measuredAt == Timestamp(seconds: 1_626_098_398))
        #expect(plot.pressureAltitude == 11000)
        #expect(plot.geometricHeight == 11200)
        #expect(plot.identity.mode3A == Mode3A(0o1000))
        #expect(abs(try #require(plot.velocity).north + 230.5) < 1e-9)
    }

    @Test("a position that came before makes no second plot, and one without a place none") func repeats() {
        let line = "1626098400,3c4591,51.5,-0.5,,,,,False,False,False,,,,1626098398,1626098400"
        let later = "1626098410,3c4591,51.5,-0.5,,,,,False,False,False,,,,1626098398,1626098410"
        let nowhere = "1626098420,3c4591,,,,,,,False,False,False,,,,,1626098420"
        let read = Read([Self.names, line, later, nowhere].joined(separator: "\n"))
        #expect(read.plots.count == 1)
        #expect(read.reader.repeated == 1)
        #expect(read.reader.withoutPosition == 1)
        #expect(read.problems.isEmpty)
    }

    @Test(
        "a bad line is told with its place, column and reason",
        arguments: [
            ("1626098400,xyz,51.5,-0.5", .badAddress, 2), ("1626098400,3c4591,95,-0.5", .badField, 3),
            ("1626098400,3c4591", .tooFewFields, 0), (",3c4591,51.5,-0.5", .badTime, 1),
            ("1e300,3c4591,51.5,-0.5", .badTime, 1), ("1626098400,3c4591,51.5,-0.5,abc", .badField, 5),
            ("1626098400,3c4591,51.5,-0.5,,,,,perhaps", .badField, 9),
            ("1626098400,3c4591,51.5,-0.5,,,,,,,,8000", .badField, 12),
        ] as [(String, OpenSkyReader.Problem.Reason, UInt8)])
    func problems(line: String, reason: OpenSkyReader.Problem.Reason, column: UInt8) {
        let good = "1626098400,3c4591,51.5,-0.5,,,,,False,False,False,,,,1626098398,1626098400"
        let read = Read([Self.names, line, good].joined(separator: "\n"))
        #expect(
            read.problems == [
                OpenSkyReader.Problem(line: 2, offset: Self.names.utf8.count + 1, reason: reason, column: column)
            ])
        #expect(read.problems.first?.description.isEmpty == false)
        #expect(read.plots.count == 1)
    }

    @Test("what names no columns is refused once") func unknown() {
        let read = Read("hello,world\n1,2\n3,4\n")
        #expect(read.problems.map(\.reason) == [.unknownColumns])
    }

    @Test("every truncation ends in a plot or a problem") func truncations() {
        let line =
            "1626098400,3c4591,51.5,-0.5,250,90,-1.5,BOX413  ,False,False,True,36.0,10668,10843.26,1626098398.996,1626098400"
        for count in 1..<line.utf8.count {
            let read = Read(Self.names + "\n" + line.prefix(count) + "\n")
            #expect(read.plots.count + read.problems.count + read.reader.withoutPosition == 1, "\(line.prefix(count))")
        }
    }

    /// Every row beside what a plain reading of the text gives.
    @Test("6,052 real states", .enabled(if: OpenSkyTests.hasStates)) func states() throws {
        let data = try Data(contentsOf: Self.states)
        let read = Read([UInt8](data))
        #expect(OpenSkyReader.detectForTests([UInt8](data)))
        #expect(read.problems.isEmpty)
        #expect(read.plots == Read([UInt8](data), pieces: 777).plots)
        #expect(read.reader.plotCount + read.reader.repeated + read.reader.withoutPosition == 6052)
        var next = 0
        for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard next < read.plots.count, let seconds = Double(cells[14]),
                abs(read.plots[next].measuredAt.seconds - seconds) < 1e-6,
                read.plots[next].identity.address == ICAOAddress(hex: cells[1])
            else { continue }
            guard case .geodetic(let latitude, let longitude, _) = read.plots[next].measurement else { continue }
            #expect(abs(latitude * 180 / .pi - (Double(cells[2]) ?? .nan)) < 1e-11)
            #expect(abs(longitude * 180 / .pi - (Double(cells[3]) ?? .nan)) < 1e-11)
            if let altitude = Double(cells[12]) {
                #expect(abs((read.plots[next].pressureAltitude ?? .nan) - altitude) < 1e-9)
            }
            next += 1
        }
        #expect(next == read.plots.count)
    }

    private static let states = ModeSData.root.appendingPathComponent("other/stonesoup_OpenSky_Plane_States.csv")
    static let hasStates: Bool = {
        let exists = FileManager.default.fileExists(atPath: states.path)
        if !exists { print("skipped: there is no \(states.path)") }
        return exists
    }()
}

extension OpenSkyReader {
    /// A span may not be handed to a macro.
    static func detectForTests(_ bytes: [UInt8]) -> Bool { Self.detect(bytes.span) }
}
