import Air
import Foundation
import Testing

@testable import SensorFormats

@Suite("aircraft.json") struct AircraftJSONTests {
    private static let start = Timestamp(seconds: 1_700_000_000)

    private func object(_ decoder: ModeSDecoder, at seconds: Double) throws -> [String: Any] {
        var writer = JSONWriter()
        AircraftJSON.write(decoder, now: Self.start.advanced(by: seconds), to: &writer)
        let data = Data(writer.text.utf8)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any], "\(writer.text)")
    }

    private func aircraft(_ decoder: ModeSDecoder, at seconds: Double) throws -> [[String: Any]] {
        try #require(try self.object(decoder, at: seconds)["aircraft"] as? [[String: Any]])
    }

    /// The messages of a flight, each of the standard's examples sealed for one address; and three registers.
    private func decoder() -> ModeSDecoder {
        var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1)))
        var reports: [SensorReport] = []
        func hear(_ frame: ModeSFrame, at seconds: Double) {
            decoder.decode(frame, signal: 128, receivedAt: Self.start.advanced(by: seconds), into: &reports)
        }
        let squitters = [
            "202CC371C32CE0", "58C382D690C8AC", "58C386435CC412", "58C382D690C8AC", "58C386435CC412",
            // Velocity: 400 kt east, 175 kt south, descending 832 ft/min (geometric), 550 ft above pressure altitude, NACv 1.
            "99099196083817",
            // Emergency none, squawk 6513.
            "E112B600000000",
            // Target state: 16,992 ft on the panel, 1012.8 mb, 66.8°, autopilot, VNAV, LNAV, TCAS.
            "EA21485CBF3F8C",
            // Operational status, version 2, NACp 9, GVA 2, SIL 3, NICbaro 1.
            "F82300020049B8",
        ]
        for (i, data) in squitters.enumerated() { hear(.sealed("8D40621D" + data), at: 0.5 * Double(i)) }
        // BDS 5,0 and 6,0 of an aircraft at 38,000 ft.
        hear(.sealed("A0001838" + "81951536E024D4", overlay: 0x40621D), at: 6)
        hear(.sealed("A0001838" + "A749D92E7F37E6", overlay: 0x40621D), at: 6.1)
        return decoder
    }

    @Test("the file has the time, the count and one object for an aircraft, in the units of readsb") func fields()
        throws
    {
        let decoder = self.decoder()
        let object = try self.object(decoder, at: 7)
        #expect(object["now"] as? Double == 1_700_000_007)
        #expect(object["messages"] as? Int == 11)
        let one = try #require((object["aircraft"] as? [[String: Any]])?.first)
        #expect(one["hex"] as? String == "40621d")
        #expect(one["type"] as? String == "adsb_icao")
        #expect(one["flight"] as? String == "KLM1023 ")
        #expect(one["alt_baro"] as? Int == 38000)
        #expect(one["alt_geom"] as? Int == 38550)
        #expect(one["gs"] as? Double == 436.6)
        #expect(one["track"] as? Double == 113.63)
        #expect(one["geom_rate"] as? Int == -832)
        #expect(one["baro_rate"] == nil)
        #expect(one["squawk"] as? String == "6513")
        #expect(one["emergency"] as? String == "none")
        #expect(one["category"] as? String == "A0")
        #expect(one["nav_qnh"] as? Double == 1012.8)
        #expect(one["nav_altitude_mcp"] as? Int == 16992)
        #expect(one["nav_altitude_fms"] == nil)
        #expect(abs((one["nav_heading"] as? Double ?? 0) - 66.8) < 0.02)
        #expect(one["nav_modes"] as? [String] == ["autopilot", "vnav", "lnav", "tcas"])
        #expect(abs((one["lat"] as? Double ?? 0) - 52.2657) < 0.02)
        #expect(abs((one["lon"] as? Double ?? 0) - 3.9389) < 0.03)
        #expect(one["nic"] as? Int == 8)
        #expect(one["rc"] as? Int == 185)
        #expect(one["seen_pos"] as? Double == 5)
        #expect(one["version"] as? Int == 2)
        #expect(one["nic_baro"] as? Int == 1)
        #expect(one["nac_p"] as? Int == 9)
        #expect(one["nac_v"] as? Int == 1)
        #expect(one["sil"] as? Int == 3)
        #expect(one["sil_type"] as? String == "perhour")
        #expect(one["gva"] as? Int == 2)
        #expect(one["sda"] as? Int != nil)
        #expect(one["alert"] as? Int == 0)
        #expect(one["spi"] as? Int == 0)
        #expect(one["mlat"] as? [String] == [])
        #expect(one["tisb"] as? [String] == [])
        #expect(one["messages"] as? Int == 11)
        #expect(abs((one["seen"] as? Double ?? 0) - 0.9) < 1e-9)
        #expect(one["rssi"] as? Double == -6)
        // Of the registers.
        #expect(one["roll"] as? Double == 2.11)
        #expect(one["track_rate"] as? Double == 0.13)
        #expect(one["tas"] as? Int == 424)
        #expect(one["ias"] as? Int == 236)
        #expect(one["mach"] as? Double == 0.74)
        #expect(one["mag_heading"] as? Double == 110.39)
        #expect(one["oat"] as? Int == -57)
    }

    /// Keys that README-json.md of readsb does not name would be of no use to its readers.
    @Test("there is no key that readsb does not document") func keys() throws {
        let documented: Set<String> = [
            "hex", "type", "flight", "alt_baro", "alt_geom", "gs", "ias", "tas", "mach", "track", "track_rate", "roll",
            "mag_heading", "true_heading", "baro_rate", "geom_rate", "squawk", "emergency", "category", "nav_qnh",
            "nav_altitude_mcp", "nav_altitude_fms", "nav_heading", "nav_modes", "lat", "lon", "nic", "rc", "seen_pos",
            "version", "nic_baro", "nac_p", "nac_v", "sil", "sil_type", "gva", "sda", "mlat", "tisb", "messages",
            "seen",
            "rssi", "alert", "spi", "wd", "ws", "oat", "tat", "r", "t", "dbFlags", "lastPosition", "rr_lat", "rr_lon",
        ]
        for one in try self.aircraft(self.decoder(), at: 7) { #expect(Set(one.keys).subtracting(documented).isEmpty) }
    }

    @Test("an aircraft without a position is listed for half a minute, one with a position for a whole") func ages()
        throws
    {
        var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1)))
        var reports: [SensorReport] = []
        decoder.decode(.sealed("5D4840D6"), receivedAt: Self.start, into: &reports)
        #expect(try self.aircraft(decoder, at: 29).first?["type"] as? String == "mode_s")
        #expect(try self.aircraft(decoder, at: 31).isEmpty)
        #expect(try self.aircraft(self.decoder(), at: 60).first?["lat"] != nil)
        #expect(try self.aircraft(self.decoder(), at: 70).isEmpty)
    }

    @Test("what a multilateration server says goes into the aircraft's own object") func multilaterated() throws {
        var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1)))
        var reports: [SensorReport] = []
        decoder.decode(.sealed("5D40621D"), receivedAt: Self.start, into: &reports)
        for i in 0..<6 {
            let data = i % 2 == 0 ? "9240621D58C382D690C8AC" : "9240621D58C386435CC412"
            decoder.decode(
                .sealed(data), isMultilaterated: true, receivedAt: Self.start.advanced(by: Double(i)), into: &reports)
        }
        let list = try self.aircraft(decoder, at: 7)
        #expect(list.count == 1)
        #expect(list.first?["type"] as? String == "mlat")
        #expect(list.first?["mlat"] as? [String] == ["lat", "lon"])
        #expect(list.first?["lat"] != nil)
    }

    @Test("a real flight's table is JSON at every moment", .enabled(if: ModeSData.has("rs1090_long_flight.csv.gz")))
    func flight() throws {
        let frames = ModeSData.frames(try ModeSData.unpacked("rs1090_long_flight.csv.gz"), .csv).frames
        var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1)))
        var reports: [SensorReport] = []
        var (listed, withRegisters) = (0, 0)
        for (i, frame) in frames.enumerated() {
            guard let time = frame.receivedAt else { continue }
            decoder.decode(frame.received.frame, signal: frame.received.signal, receivedAt: time, into: &reports)
            reports.removeAll(keepingCapacity: true)
            guard i % 5000 == 4999 else { continue }
            var writer = JSONWriter()
            AircraftJSON.write(decoder, now: time, to: &writer)
            let object = try JSONSerialization.jsonObject(with: Data(writer.text.utf8)) as? [String: Any]
            let aircraft = try #require(object?["aircraft"] as? [[String: Any]])
            for one in aircraft {
                listed += 1
                if one["roll"] != nil || one["ias"] != nil { withRegisters += 1 }
                if let rssi = one["rssi"] as? Double { #expect(rssi <= 0) }
                if let track = one["track"] as? Double { #expect(track >= 0 && track < 360) }
            }
        }
        #expect(listed > 40)
        #expect(withRegisters > 20)
    }
}
