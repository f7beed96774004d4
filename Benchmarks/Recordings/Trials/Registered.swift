package import Air
import Geodesy
import Tracking

/// The registration of the sensors of a recording, and what it is worth to tracks of the radar alone.
package struct Registered: Sendable {
    /// Each sensor with what is known of its errors at the end.
    package var sensors: [(sensor: Sensor, registration: SensorRegistration)] = []
    /// Stretches of flight that were used, that did not fit, and that were not straight.
    package var stretches: (fits: Int, misfits: Int, turns: Int) = (0, 0, 0)

    /// Estimates the errors over reports, and applies nothing.
    package init(_ recording: Recording, _ reports: [SensorReport]) {
        var parameters = recording.parameters
        parameters.registration.mode = .estimate
        let tracker = play(
            reports, into: Tracker(sensors: recording.sensors, parameters: parameters), together: Withheld.together
        ) { _, _, _ in }
        for sensor in recording.sensors {
            guard let registration = tracker.registration(of: sensor.id) else { continue }
            self.sensors.append((sensor, registration))
        }
        self.stretches = tracker.registrationTally
    }

    /// Subtracts what is known of its errors from a plot.
    ///
    /// - Parameter significance: an estimate is applied where it is so many times as large as its deviation.
    package func corrected(_ plot: Plot, significance: Double = 2) -> Plot {
        guard case .polar(let range, let azimuth, let elevation) = plot.measurement,
            let known = self.sensors.first(where: { $0.sensor.id == plot.sensor })?.registration
        else { return plot }
        func bias(_ estimate: SensorRegistration.Estimate?) -> Double {
            guard let estimate, abs(estimate.value) >= significance * estimate.deviation else { return 0 }
            return estimate.value
        }
        var plot = plot
        plot.measurement = .polar(
            range: range - bias(known.range) - range * bias(known.gain), azimuth: azimuth - bias(known.azimuth),
            elevation: elevation)
        plot.measuredAt = plot.measuredAt.advanced(by: -bias(known.time))
        return plot
    }
}

extension Recording {
    /// What registration is worth to the surface radar: errors of its tracks against ADS-B, as it is and corrected.
    package struct Worth: Sendable {
        /// Estimated over the first half hour, and over the two hours.
        package var early: Registered
        package var whole: Registered
        /// Of the later hour and a half, not corrected and corrected by what the first half hour taught.
        package var before: Withheld
        package var after: Withheld
    }

    /// - Returns: nil where a file is not there.
    /// - Throws: what the decoders do.
    package static func worthOfRegistration(in folder: String = Self.folder) throws -> Worth? {
        guard let all = try barcelonaAll.reports(in: folder), let echoes = try barcelonaSurface.reports(in: folder),
            let multilateration = try barcelonaMultilateration.reports(in: folder),
            let broadcast = try barcelonaBroadcast.reports(in: folder), let first = all.first
        else { return nil }
        let split = first.receivedAt.advanced(by: 1_800)
        let early = Registered(barcelonaAll, all.filter { $0.receivedAt < split })
        let labels = EchoLabels(
            echoes, truth: Truth(broadcast + multilateration, takes: { $0.isOnGround }), of: surfaceRadar)
        let navigation = Truth(broadcast, takes: Self.isExact)
        let late = echoes.filter { $0.receivedAt >= split }
        // A plot that is corrected is another value: its label is found by what it was.
        var labelOfCorrected: [Plot: ICAOAddress] = [:]
        let corrected = late.map { report -> SensorReport in
            guard case .plot(let plot) = report else { return report }
            let better = early.corrected(plot)
            labelOfCorrected[better] = labels.label(plot)
            return .plot(better)
        }
        return Worth(
            early: early, whole: Registered(barcelonaAll, all),
            before: Withheld(barcelonaSurface, late, .identities, label: { labels.label($0) }, truth: navigation),
            after: Withheld(
                barcelonaSurface, corrected, .identities, label: { labelOfCorrected[$0] }, truth: navigation))
    }
}
