import Air
import Geodesy

extension Recording {
    /// One run with identities withheld.
    package struct Trial: Sendable {
        package var name: String
        /// What tells which aircraft a plot is of.
        package var label: String
        /// What the places of tracks are held against.
        package var truth: String
        package var withholding: Withheld.Withholding
        package var result: Withheld
    }

    /// The radars and the multilateration, tracked by position alone; nothing where a file is not there.
    ///
    /// - Throws: what the decoders do.
    package static func withheldTrials(in folder: String = Self.folder, only: (String) -> Bool = { _ in true }) throws
        -> [Trial]
    {
        var trials: [Trial] = []
        func run(
            _ recording: Recording, _ reports: [SensorReport], _ label: String, _ truth: String,
            of: (Plot) -> ICAOAddress?, against: Truth?
        ) {
            for withholding in Withheld.Withholding.allCases {
                let result = Withheld(recording, reports, withholding, label: of, truth: against)
                trials.append(
                    Trial(
                        name: recording.name, label: label, truth: truth, withholding: withholding, result: result))
            }
        }
        for recording in [barcelonaRadar, jahorina] where only(recording.name) {
            guard let reports = try recording.reports(in: folder) else { continue }
            run(recording, reports, "address", "own plots", of: { $0.identity.address }, against: nil)
            guard reports.contains(where: { $0.plot?.isOnGround == true }) else { continue }
            var flying = recording
            flying.name += ", in flight"
            run(
                flying, reports.filter { $0.plot?.isOnGround != true }, "address", "own plots",
                of: { $0.identity.address }, against: nil)
        }
        for recording in [argentinaUIS, argentinaCBA] where only(recording.name) {
            guard let reports = try recording.reports(in: folder) else { continue }
            run(recording, reports, "code", "own plots", of: Self.codeAsLabel, against: nil)
        }
        guard only(barcelonaMultilateration.name) || only(barcelonaSurface.name),
            let multilateration = try barcelonaMultilateration.reports(in: folder),
            let broadcast = try barcelonaBroadcast.reports(in: folder)
        else { return trials }
        let navigation = Truth(broadcast, takes: Self.isExact)
        if only(barcelonaMultilateration.name) {
            for isOnGround in [false, true] {
                var part = barcelonaMultilateration
                part.name += isOnGround ? ", on the ground" : ", in flight"
                part.isSurface = isOnGround
                run(
                    part, multilateration.filter { $0.plot?.isOnGround == isOnGround }, "address", "ADS-B",
                    of: { $0.identity.address }, against: navigation)
            }
        }
        if only(barcelonaSurface.name), let echoes = try barcelonaSurface.reports(in: folder) {
            let labels = EchoLabels(
                echoes, truth: Truth(broadcast + multilateration, takes: { $0.isOnGround }), of: Self.surfaceRadar)
            run(barcelonaSurface, echoes, "place", "ADS-B", of: { labels.label($0) }, against: navigation)
        }
        return trials
    }

    /// Whether a broadcast place is said to be good to ten metres or so.
    static func isExact(_ plot: Plot) -> Bool {
        guard case .geodetic(_, _, let deviation) = plot.measurement else { return false }
        return plot.kind == .broadcast && deviation < 50
    }

    /// A code that one aircraft alone should have, in the place of an address.
    private static func codeAsLabel(_ plot: Plot) -> ICAOAddress? {
        guard let code = plot.identity.mode3A, !code.isShared else { return nil }
        return ICAOAddress(UInt32(code.rawValue))
    }
}
