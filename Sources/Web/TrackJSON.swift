internal import Air
internal import Geodesy
internal import Node
internal import SensorFormats
internal import Storage

/// Tracks, sensors and the node itself as JSON text: the one place that knows how the API spells them.
enum TrackJSON {
    /// A GeoJSON FeatureCollection of the tracks that pass.
    ///
    /// - Parameter beside: writes what goes beside a track: its label.
    static func collection(
        _ snapshot: PictureSnapshot, where passes: (borrowing Track) -> Bool,
        beside: (borrowing Track, inout JSONWriter) -> Void = { _, _ in }, to json: inout JSONWriter
    ) {
        json.beginObject()
        json.key("type")
        json.string("FeatureCollection")
        json.key("features")
        json.beginArray()
        snapshot.forEach { track in
            if passes(track) { self.feature(track, beside: beside, to: &json) }
        }
        json.endArray()
        json.endObject()
    }

    /// A GeoJSON Feature; with `names` also what only a details panel wants.
    static func feature(
        _ track: borrowing Track, names: [SensorID: String]? = nil,
        beside: (borrowing Track, inout JSONWriter) -> Void = { _, _ in }, to json: inout JSONWriter
    ) {
        json.beginObject()
        json.key("type")
        json.string("Feature")
        json.key("id")
        json.integer(track.id.rawValue)
        json.key("geometry")
        json.beginObject()
        json.key("type")
        json.string("Point")
        json.key("coordinates")
        json.beginArray()
        json.number(track.position.longitudeDegrees, decimals: 6)
        json.number(track.position.latitudeDegrees, decimals: 6)
        json.number(track.position.height, decimals: 1)
        json.endArray()
        json.endObject()
        json.key("properties")
        json.beginObject()
        self.properties(track, to: &json)
        beside(track, &json)
        if let names { self.details(track, names: names, to: &json) }
        json.endObject()
        json.endObject()
    }

    private static func properties(_ track: borrowing Track, to json: inout JSONWriter) {
        json.key("status")
        json.string(track.status.word)
        if let callsign = track.callsign?.value {
            json.key("callsign")
            json.string(callsign.description)
        }
        if let address = track.address?.value {
            json.key("address")
            json.hex(UInt64(address.rawValue), digits: 6)
        }
        if let mode3A = track.mode3A?.value {
            json.key("mode3A")
            json.octal(UInt64(mode3A.rawValue), digits: 4)
        }
        if let altitude = track.pressureAltitude?.value {
            json.key("flightLevel")
            json.number(Length.metres(altitude).flightLevel, decimals: 2)
        }
        json.key("heightMetres")
        json.number(track.position.height, decimals: 1)
        json.key("groundSpeedKnots")
        json.number(Speed.metresPerSecond(track.groundSpeed).knots, decimals: 1)
        json.key("trackDegrees")
        json.number(track.trackDegrees, decimals: 1)
        json.key("climbFeetPerMinute")
        json.number(Speed.metresPerSecond(track.velocity.up).feetPerMinute, decimals: 0)
        json.key("onGround")
        json.bool(track.isOnGround)
        json.key("kind")
        json.string(track.lastKind.word)
        json.key("bornAt")
        json.string(track.bornAt.description)
        json.key("measuredAt")
        json.string(track.measuredAt.description)
        json.key("receivedAt")
        json.string(track.receivedAt.description)
        json.key("plots")
        json.integer(track.plotCount)
        guard !track.doubts.isEmpty else { return }
        json.key("doubts")
        json.beginArray()
        for doubt in track.doubts.rules { json.string(doubt.name) }
        json.endArray()
    }

    private static func details(_ track: borrowing Track, names: [SensorID: String], to json: inout JSONWriter) {
        json.key("sensors")
        json.beginArray()
        for i in 0..<min(Int(track.contributionCount), Track.contributionsMax) {
            let contribution = track.contributions[i]
            json.beginObject()
            json.key("id")
            json.string(contribution.sensor.description)
            json.key("name")
            json.string(names[contribution.sensor] ?? contribution.sensor.description)
            json.key("measuredAt")
            json.string(contribution.measuredAt.description)
            json.endObject()
        }
        json.endArray()
        json.key("fieldTimes")
        json.beginObject()
        if let at = track.address?.measuredAt { self.time("address", at, to: &json) }
        if let at = track.mode3A?.measuredAt { self.time("mode3A", at, to: &json) }
        if let at = track.callsign?.measuredAt { self.time("callsign", at, to: &json) }
        if let at = track.pressureAltitude?.measuredAt { self.time("pressureAltitude", at, to: &json) }
        if let at = track.geometricHeight?.measuredAt { self.time("geometricHeight", at, to: &json) }
        json.endObject()
        json.key("covariance")
        json.beginArray()
        for i in 0..<4 {
            json.beginArray()
            for j in 0..<4 { json.number(track.covariance[i, j], decimals: 4) }
            json.endArray()
        }
        json.endArray()
        json.key("heightDeviationMetres")
        json.number(max(0, track.heightVariance).squareRoot(), decimals: 1)
        guard !track.doubts.isEmpty else { return }
        json.key("doubtTexts")
        json.beginArray()
        for doubt in track.doubts.rules { json.string(doubt.explanation) }
        json.endArray()
    }

    private static func time(_ key: StaticString, _ at: Timestamp, to json: inout JSONWriter) {
        json.key(key)
        json.string(at.description)
    }

    /// Where a track has been: a GeoJSON LineString with parallel arrays of times, levels and speeds.
    ///
    /// A line of one place is written as that place twice, for RFC 7946 asks for two.
    static func history(_ id: TrackID, _ points: [TrackPoint], to json: inout JSONWriter) {
        let points = points.count == 1 ? points + points : points
        json.beginObject()
        json.key("type")
        json.string("Feature")
        json.key("id")
        json.integer(id.rawValue)
        json.key("geometry")
        json.beginObject()
        json.key("type")
        json.string("LineString")
        json.key("coordinates")
        json.beginArray()
        for point in points {
            json.beginArray()
            json.number(point.position.longitudeDegrees, decimals: 6)
            json.number(point.position.latitudeDegrees, decimals: 6)
            json.number(point.position.height, decimals: 1)
            json.endArray()
        }
        json.endArray()
        json.endObject()
        json.key("properties")
        json.beginObject()
        json.key("times")
        json.beginArray()
        for point in points { json.string(point.measuredAt.description) }
        json.endArray()
        json.key("flightLevels")
        json.beginArray()
        for point in points {
            if let altitude = point.pressureAltitude {
                json.number(Length.metres(altitude).flightLevel, decimals: 2)
            } else {
                json.null()
            }
        }
        json.endArray()
        json.key("groundSpeedsKnots")
        json.beginArray()
        for point in points { json.number(Speed.metresPerSecond(point.groundSpeed).knots, decimals: 1) }
        json.endArray()
        json.endObject()
        json.endObject()
    }

    /// The body of a stream's event: what changed, each track as a row.
    ///
    ///     [id, longitude, latitude, status 0 tentative 1 confirmed 2 coasting, flight level or null, track degrees,
    ///      ground speed knots, climb feet a minute, callsign or null, address or null, code or null, on ground 0 or 1,
    ///      kind 0...6, measured at, milliseconds since 1970, doubts, a bit for each rule]
    static func delta(_ delta: PictureDelta, now: Timestamp, to json: inout JSONWriter) {
        json.beginObject()
        json.key("now")
        json.integer(now.milliseconds)
        json.key("tracks")
        json.beginArray()
        for track in delta.updated { self.row(track, to: &json) }
        json.endArray()
        json.key("dropped")
        json.beginArray()
        for id in delta.dropped { json.integer(id.rawValue) }
        json.endArray()
        json.endObject()
    }

    private static func row(_ track: borrowing Track, to json: inout JSONWriter) {
        json.beginArray()
        json.integer(track.id.rawValue)
        json.number(track.position.longitudeDegrees, decimals: 6)
        json.number(track.position.latitudeDegrees, decimals: 6)
        json.integer(track.status.rawValue)
        if let altitude = track.pressureAltitude?.value {
            json.number(Length.metres(altitude).flightLevel, decimals: 2)
        } else {
            json.null()
        }
        json.number(track.trackDegrees, decimals: 1)
        json.number(Speed.metresPerSecond(track.groundSpeed).knots, decimals: 1)
        json.number(Speed.metresPerSecond(track.velocity.up).feetPerMinute, decimals: 0)
        if let callsign = track.callsign?.value { json.string(callsign.description) } else { json.null() }
        if let address = track.address?.value { json.hex(UInt64(address.rawValue), digits: 6) } else { json.null() }
        if let code = track.mode3A?.value { json.octal(UInt64(code.rawValue), digits: 4) } else { json.null() }
        json.integer(track.isOnGround ? 1 : 0)
        json.integer(track.lastKind.rawValue)
        json.integer(track.measuredAt.milliseconds)
        json.integer(track.doubts.rawValue)
        json.endArray()
    }

    /// The body of `/api/sensors`.
    ///
    /// - Parameter beside: writes what goes beside a sensor: its label.
    static func sensors(
        _ sensors: [SensorHealth], now: Timestamp, beside: (SensorHealth, inout JSONWriter) -> Void = { _, _ in },
        to json: inout JSONWriter
    ) {
        json.beginObject()
        json.key("now")
        json.integer(now.milliseconds)
        json.key("sensors")
        json.beginArray()
        for sensor in sensors { self.sensor(sensor, beside: beside, to: &json) }
        json.endArray()
        json.endObject()
    }

    private static func sensor(
        _ sensor: SensorHealth, beside: (SensorHealth, inout JSONWriter) -> Void, to json: inout JSONWriter
    ) {
        json.beginObject()
        json.key("id")
        json.string(sensor.id.description)
        json.key("name")
        json.string(sensor.name)
        json.key("kind")
        switch sensor.kind {
        case .radar(let period):
            json.string("radar")
            json.key("periodSeconds")
            json.number(period, decimals: 3)
        case .receiver: json.string("receiver")
        case .system: json.string("system")
        }
        if let site = sensor.site {
            json.key("latitude")
            json.number(site.latitudeDegrees, decimals: 6)
            json.key("longitude")
            json.number(site.longitudeDegrees, decimals: 6)
            json.key("heightMetres")
            json.number(site.height, decimals: 1)
        }
        if let rangeMax = sensor.rangeMax {
            json.key("rangeMaxMetres")
            json.number(rangeMax, decimals: 0)
        }
        json.key("state")
        json.string(sensor.state.rawValue)
        if let at = sensor.lastReportAt { self.time("lastReportAt", at, to: &json) }
        json.key("plotsPerSecond")
        json.number(sensor.plotsPerSecond, decimals: 1)
        json.key("plots")
        json.integer(sensor.plots)
        if let registration = sensor.registration {
            json.key("registration")
            self.registration(registration, to: &json)
        }
        beside(sensor, &json)
        json.endObject()
    }

    private static func registration(_ told: SensorRegistration, to json: inout JSONWriter) {
        func estimate(_ key: String, _ estimate: SensorRegistration.Estimate?, scale: Double, decimals: Int) {
            guard let estimate else { return }
            json.key(key)
            json.beginObject()
            json.key("value")
            json.number(estimate.value * scale, decimals: decimals)
            json.key("deviation")
            json.number(estimate.deviation * scale, decimals: decimals)
            json.endObject()
        }
        json.beginObject()
        json.key("state")
        json.string(told.state.name)
        if told.state != .unknown { self.time("since", told.since, to: &json) }
        estimate("rangeMetres", told.range, scale: 1, decimals: 1)
        estimate("azimuthDegrees", told.azimuth, scale: 180 / .pi, decimals: 4)
        estimate("elevationDegrees", told.elevation, scale: 180 / .pi, decimals: 4)
        estimate("timeMilliseconds", told.time, scale: 1000, decimals: 1)
        estimate("gainPartsPerMillion", told.gain, scale: 1e6, decimals: 1)
        json.key("stretches")
        json.integer(told.stretches)
        json.key("jumps")
        json.integer(told.jumps)
        json.key("isApplied")
        json.bool(told.isApplied)
        json.endObject()
    }

    /// The body of `/api/node`.
    static func node(_ info: NodeInfo, to json: inout JSONWriter) {
        json.beginObject()
        json.key("name")
        json.string(info.name)
        if let nation = info.nation {
            json.key("nation")
            json.string(nation.description)
        }
        json.key("realm")
        json.string(info.realm.description)
        json.key("version")
        json.string(info.version)
        json.key("startedAt")
        json.string(info.startedAt.description)
        json.endObject()
    }
}

extension Track.Status {
    var word: String {
        switch self {
        case .tentative: "tentative"
        case .confirmed: "confirmed"
        case .coasting: "coasting"
        }
    }
}

extension Plot.Kind {
    var word: String {
        switch self {
        case .primary: "primary"
        case .secondary: "secondary"
        case .modeS: "modeS"
        case .combined: "combined"
        case .broadcast: "broadcast"
        case .multilateration: "multilateration"
        case .systemTrack: "systemTrack"
        }
    }
}

extension Track {
    /// Direction of flight over ground, degrees from true north, 0 ..< 360.
    var trackDegrees: Double { Polar(self.velocity).azimuth * 180 / .pi }
}

extension Timestamp {
    /// Milliseconds since 1970, rounded down.
    var milliseconds: Int64 { self.nanoseconds / 1_000_000 }
}
