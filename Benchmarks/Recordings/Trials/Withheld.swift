package import Air
package import Exercises
import Geodesy
import Glibc
package import Tracking

/// A recording tracked by position alone: every address, code, callsign and track number taken away, then held against
/// them.
///
/// A track is judged by the aircraft whose plots it takes. It *is* that aircraft's until it has taken three plots running
/// of another; so a stray plot is a stray plot, and a track that stays with another aircraft has been swapped.
package struct Withheld: Sendable {
    /// What is taken away.
    package enum Withholding: String, Sendable, CaseIterable {
        case identities = "no identity"
        case identitiesAndHeights = "no identity, no height"
    }

    /// As for tracks that bear their address.
    package var summary: Continuity.Summary
    /// Plots of an aircraft that tracks of another one took.
    package var strays = 0
    /// Plots that are of no aircraft known, and how many confirmed tracks never took three of one that is.
    package var unlabelled = 0
    package var nobodys = 0
    /// Distances of tracks from the truth at the instants of their plots, and those of the plots themselves.
    package var errors = Errors()
    package var plotErrors = Errors()
    package var tally = TrackerTally()

    private struct Life {
        var label: ICAOAddress?
        var pretender: ICAOAddress?
        var running = 0
    }

    /// Plots of another aircraft running that make a track that aircraft's.
    private static let takeover = 3

    /// Seconds in which a radar's plots are associated jointly, as the tracker asks for.
    package static let together = 0.25

    /// - Parameters:
    ///   - reports: of the sensors that are tracked.
    ///   - together: what was received within so many seconds is associated jointly.
    ///   - label: which aircraft a plot is of; nil if nobody knows.
    ///   - truth: where the aircraft were; without it, places are held against a smooth curve through the plots.
    package init(
        _ recording: Recording, _ reports: [SensorReport], _ withholding: Withholding,
        parameters: TrackerParameters? = nil, together: Double = Self.together, label: (Plot) -> ICAOAddress?,
        truth: Truth?
    ) {
        var continuity = Continuity(turn: recording.turn)
        var lives: [TrackID: Life] = [:]
        var (strays, unlabelled, nobodys) = (0, 0, 0)
        var (errors, plotErrors) = (Errors(), Errors())
        let sites = Dictionary(
            recording.sensors.map { ($0.id, LocalFrame(origin: $0.site)) }, uniquingKeysWith: { first, _ in first })
        // The curves are made of the same plots as the tracks, heights and all, whatever is withheld.
        let curves = truth == nil ? Curves(reports, label: label, sites: sites) : nil
        let stripped = reports.map { Self.strip($0, withholding) }
        var index = 0
        let tracker = play(
            stripped,
            into: Tracker(sensors: recording.sensors, parameters: parameters ?? recording.parameters),
            together: together
        ) { chunk, changes, _ in
            let whole = reports[index..<index + chunk.count]
            index += chunk.count
            for case .plot(var plot) in whole {
                plot.identity.address = label(plot)
                if plot.identity.address == nil { unlabelled += 1 }
                continuity.add(plot)
            }
            for change in changes {
                guard case .updated(var track) = change else {
                    if case .dropped(let id, _) = change, let life = lives.removeValue(forKey: id), life.label == nil {
                        nobodys += 1
                    }
                    continuity.add(change)
                    continue
                }
                let newest = track.contributions[0]
                let plot = Self.plot(of: track, at: newest, in: whole, sites)
                var life = lives[track.id] ?? Life()
                if let plot, let taken = label(plot) {
                    if life.label == nil { life.label = taken }
                    if taken == life.label {
                        life.running = 0
                    } else {
                        strays += 1
                        life.running = taken == life.pretender ? life.running + 1 : 1
                        life.pretender = taken
                        if life.running >= Self.takeover {
                            life.label = taken
                            life.running = 0
                        }
                    }
                    // The track is where its filter says at the instant of its newest plot.
                    let place = Self.onEllipsoid(track.position)
                    let there = truth?.place(of: taken, at: track.measuredAt) ?? curves?.place(of: plot, taken)
                    if let there {
                        errors.add(place.distance(to: there))
                        if let measured = Self.place(plot, sites) { plotErrors.add(measured.distance(to: there)) }
                    }
                }
                lives[track.id] = life
                track.address = life.label.map { .init($0, at: track.measuredAt) }
                continuity.add(.updated(track))
            }
        }
        nobodys += lives.values.filter { $0.label == nil }.count
        self.summary = continuity.summary
        self.strays = strays
        self.unlabelled = unlabelled
        self.nobodys = nobodys
        self.errors = errors
        self.plotErrors = plotErrors
        self.tally = tracker.tally
    }

    /// A report without what tells who it is about.
    private static func strip(_ report: SensorReport, _ withholding: Withholding) -> SensorReport {
        guard case .plot(var plot) = report else { return report }
        plot.identity = Identity()
        plot.sensorTrackNumber = nil
        plot.hasIdentPulse = false
        if withholding == .identitiesAndHeights {
            plot.pressureAltitude = nil
            plot.climbRate = nil
            // Of a surface radar the height is that of the aerodrome, which everybody knows.
            if plot.kind != .primary { plot.geometricHeight = nil }
        }
        return .plot(plot)
    }

    /// The plot that has just led to the newest state of a track: of those of this chunk with its time stamp the nearest.
    private static func plot(
        of track: Track, at newest: Track.Contribution, in whole: ArraySlice<SensorReport>,
        _ sites: [SensorID: LocalFrame]
    ) -> Plot? {
        var best: Plot?
        var least = Double.infinity
        let here = Self.onEllipsoid(track.position)
        for case .plot(let plot) in whole
        where plot.sensor == newest.sensor && plot.measuredAt == newest.measuredAt {
            let distance = Self.place(plot, sites)?.distance(to: here) ?? .greatestFiniteMagnitude
            if distance < least {
                least = distance
                best = plot
            }
        }
        return best
    }

    static func onEllipsoid(_ place: Geodetic) -> Geocentric {
        Geocentric(Geodetic(latitude: place.latitude, longitude: place.longitude))
    }

    /// Where a plot was measured, on the ellipsoid below; nil if nothing is known of its sensor.
    static func place(_ plot: Plot, _ sites: [SensorID: LocalFrame]) -> Geocentric? {
        switch plot.measurement {
        case .geodetic(let latitude, let longitude, _):
            return Geocentric(Geodetic(latitude: latitude, longitude: longitude))
        case .polar(let range, let azimuth, _):
            guard let site = sites[plot.sensor] else { return nil }
            let height = plot.pressureAltitude ?? plot.geometricHeight ?? min(5_000, site.origin.height + 0.4 * range)
            return self.onEllipsoid(Geodetic(site.place(range: range, azimuth: azimuth, height: height)))
        }
    }
}

/// Smooth curves through the plots of each aircraft: of nine plots at a time a parabola by least squares.
///
/// No truth: what is wrong with all plots of a radar is not seen, and of what is wrong with one about a quarter is not.
struct Curves {
    private struct Point {
        var time: Timestamp
        var place: Geocentric
    }

    private struct Key: Hashable {
        var label: ICAOAddress
        var time: Timestamp
    }

    private var smooth: [Key: Geocentric] = [:]

    init(_ reports: [SensorReport], label: (Plot) -> ICAOAddress?, sites: [SensorID: LocalFrame]) {
        var points: [ICAOAddress: [Point]] = [:]
        for case .plot(let plot) in reports {
            guard let address = label(plot), plot.pressureAltitude != nil, let place = Withheld.place(plot, sites)
            else { continue }
            points[address, default: []].append(Point(time: plot.measuredAt, place: place))
        }
        for (address, points) in points where points.count >= 9 {
            for i in 4..<points.count - 4 {
                let window = points[i - 4...i + 4]
                let span = points[i + 4].time.seconds(since: points[i - 4].time)
                guard span > 0, span < 90 else { continue }
                let times = window.map { $0.time.seconds(since: points[i].time) }
                func middle(_ axis: KeyPath<Geocentric, Double>) -> Double {
                    Self.parabola(times, window.map { $0.place[keyPath: axis] - points[i].place[keyPath: axis] })
                        + points[i].place[keyPath: axis]
                }
                self.smooth[Key(label: address, time: points[i].time)] = Geocentric(
                    x: middle(\.x), y: middle(\.y), z: middle(\.z))
            }
        }
    }

    /// The curve at the instant of a plot.
    func place(of plot: Plot, _ label: ICAOAddress) -> Geocentric? {
        self.smooth[Key(label: label, time: plot.measuredAt)]
    }

    /// The value at nought of the parabola that fits best.
    private static func parabola(_ t: [Double], _ y: [Double]) -> Double {
        var s = [0.0, 0, 0, 0, 0], v = [0.0, 0, 0]
        for (t, y) in zip(t, y) {
            var power = 1.0
            for k in 0..<5 {
                s[k] += power
                if k < 3 { v[k] += power * y }
                power *= t
            }
        }
        func determinant(_ a: Double, _ b: Double, _ c: Double) -> Double {
            // Cramer: the first column is (a, b, c), the others those of the normal equations.
            a * (s[2] * s[4] - s[3] * s[3]) - b * (s[1] * s[4] - s[3] * s[2]) + c * (s[1] * s[3] - s[2] * s[2])
        }
        let whole = determinant(s[0], s[1], s[2])
        return whole == 0 ? 0 : determinant(v[0], v[1], v[2]) / whole
    }
}
