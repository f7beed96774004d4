import Air
import Foundation
import Testing

@testable import SensorFormats

@Suite("Mode S registers in ASTERIX") struct AsterixRegisterTests {
    private func text(_ bytes: [UInt8], view: AsterixView, hasMeanings: Bool = true) throws -> String {
        var decoder = try AsterixRecordingDecoder(format: .asterix, view: view, hasMeanings: hasMeanings)
        var text: [UInt8] = []
        _ = try decoder.read(
            bytes.span, from: 0, isComplete: true, sink: { append($0, 0..<$0.count, to: &text) }, problem: { _ in })
        return String(decoding: text, as: UTF8.self)
    }

    /// BDS 5,0 and 6,0 of the books, and a register that nobody reads.
    private static let plots: [UInt8] = {
        var registers: [UInt8] = [3]
        registers += [0x81, 0x95, 0x15, 0x36, 0xE0, 0x24, 0xD4, 0x50]
        registers += [0xA7, 0x4A, 0x07, 0x2B, 0xFD, 0xEF, 0xC1, 0x60]
        registers += [1, 2, 3, 4, 5, 6, 7, 0xAB]
        return block(48, record(48, ["010": [1, 2], "250": registers]))
    }()

    @Test("with meanings, each register has its fields beside it") func json() throws {
        let text = try self.text(Self.plots, view: .json)
        #expect(
            text.contains(
                #"{"MBDATA":"81951536e024d4","BDS1":5,"BDS2":0,"register":{"rollDegrees":2.109375,"#
                    + #""trueTrackDegrees":114.2578125,"groundSpeedKnots":438,"trackRateDegreesPerSecond":0.125,"#
                    + #""trueAirspeedKnots":424}},{"#), "\(text)")
        #expect(text.contains(#""BDS1":6,"BDS2":0,"register":{"magneticHeadingDegrees":110.390625,"#))
        #expect(text.contains(#"{"MBDATA":"01020304050607","BDS1":10,"BDS2":11}"#))
        #expect((try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil)
    }

    @Test("without meanings they are as they came") func plain() throws {
        let text = try self.text(Self.plots, view: .json, hasMeanings: false)
        #expect(text.contains(#"[{"MBDATA":"81951536e024d4","BDS1":5,"BDS2":0},{"#))
        #expect(!text.contains("rollDegrees"))
    }

    @Test("a register of one piece has its fields too") func onePiece() throws {
        let register: [UInt8] = [1, 0x81, 0x95, 0x15, 0x36, 0xE0, 0x24, 0xD4, 0x50]
        let text = try self.text(block(21, record(21, ["010": [1, 2], "250": register])), view: .json)
        #expect(text.contains(#"{"BDS":"50","MB":"81951536e024d4","register":{"rollDegrees":2.109375,"#), "\(text)")
    }

    @Test("the tree has them beneath") func tree() throws {
        let text = try self.text(Self.plots, view: .text)
        #expect(text.contains("groundSpeedKnots"), "\(text)")
        #expect(text.contains("438"))
        #expect(text.contains("mach"))
    }
}
