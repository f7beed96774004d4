import Air
import Exercises
import Foundation
import RecordingTrials
import Testing

private let areRecordingsThere: Bool = {
    let found = FileManager.default.fileExists(atPath: Recording.folder + "/asterix")
    if !found { print("No recordings in \(Recording.folder)/asterix: the tests that play them are skipped.") }
    return found
}()

@Suite("Recordings of real sensors", .enabled(if: areRecordingsThere)) struct RecordingTests {
    @Test(
        "each aircraft has one track, nearly all the time that it is seen",
        arguments: [
            (Recording.barcelonaRadar, 0.99), (Recording.barcelonaBroadcast, 0.975), (Recording.alicante, 0.975),
            (Recording.rome, 0.985), (Recording.barcelonaMultilateration, 0.99),
        ])
    func continuity(recording: Recording, trackedMin: Double) throws {
        guard let reports = try recording.reports() else { return }
        let summary = Followed(recording, reports).summary
        #expect(summary.rows.count >= 30)
        #expect(summary.trackedShare >= trackedMin, "\(summary)")
        #expect(summary.doubledTimeShare <= 0.002, "\(summary)")
        #expect(summary.doubledShare <= 0.06, "\(summary)")
        #expect(summary.missedCount <= 3, "\(summary)")
        #expect(summary.swaps.isEmpty)
    }

    @Test("a radar's aircraft in flight keep their tracks by position alone")
    func withheld() throws {
        let recording = Recording.barcelonaRadar
        guard let reports = try recording.reports() else { return }
        let flying = reports.filter { $0.plot?.isOnGround != true }
        for withholding in Withheld.Withholding.allCases {
            let result = Withheld(recording, flying, withholding, label: { $0.identity.address }, truth: nil)
            #expect(result.summary.trackedShare >= 0.985, "\(withholding.rawValue): \(result.summary)")
            #expect(result.summary.doubledTimeShare <= 0.005, "\(withholding.rawValue): \(result.summary)")
            #expect(result.summary.swaps.count <= 20, "\(withholding.rawValue): \(result.summary)")
            if withholding == .identities { #expect(result.errors.rms < 60) }
        }
    }

    @Test("the surface radar is registered, and its tracks lie nearer to what ADS-B says for it")
    func registration() throws {
        guard let worth = try Recording.worthOfRegistration() else { return }
        let known = worth.early.sensors.first { $0.sensor.id == Recording.surfaceRadar.id }?.registration
        #expect(known?.state == .estimating || known?.state == .registered)
        #expect(known?.range.map { abs($0.value) < 25 && $0.deviation < 5 } == true)
        #expect(known?.azimuth.map { abs($0.value) < 0.02 && $0.deviation < 0.002 } == true)
        #expect(worth.after.errors.rms < worth.before.errors.rms)
    }
}
