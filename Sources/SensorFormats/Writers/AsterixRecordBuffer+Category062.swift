import Air
import Geodesy
import Glibc

/// Whether a system track is told for the first time, again, or for the last time.
public enum SystemTrackMoment: Hashable, Sendable {
    /// The first report of the track (I062/080 TSB).
    case first
    /// Any other.
    case again
}

extension AsterixRecordBuffer {
    /// Category 062, a system track.
    ///
    ///     | FRN 1 I010 | 3 I015 | 4 I070 | 5 I105 | 7 I185 | 9 I060 | 11 I380 | 12 I040 | 13 I080 | 14 I290 | 15 I200 |
    ///     | 16 I295 | 17 I136 | 18 I130 | 19 I135 | 20 I220 | 27 I500 |
    ///
    /// Left out on purpose: I100, because no plane was agreed on in which its x and y would lie; I210, because the
    /// filters hold no acceleration; I245, which the standard withdraws in favour of I380 (I062/245, note 2).
    ///
    /// Source: EUROCONTROL-SPEC-0149-9, CAT 062, edition 1.21.
    mutating func write062(
        _ track: Track, number: UInt16, moment: SystemTrackMoment, source: SensorID, service: UInt8,
        isSimulated: Bool
    ) {
        let isBarometric = track.geometricHeight == nil && track.pressureAltitude != nil
        self.head062(source, service, track.measuredAt, track.position)
        self.item(7)
        self.put16(Self.units(track.velocity.east, 0.25, -32_768...32_767))
        self.put16(Self.units(track.velocity.north, 0.25, -32_768...32_767))
        if let code = track.mode3A?.value {
            self.item(9)
            self.put16(Int(code.rawValue))
        }
        self.aircraftData(track)
        self.item(12)
        self.put16(Int(number))
        self.item(13)
        self.status(track, moment, isSimulated: isSimulated)
        self.updateAges(track)
        self.item(15)
        self.put8(Self.movement(track))
        self.dataAges(track)
        if let altitude = track.pressureAltitude?.value {
            self.item(17)
            self.putLevel(altitude)
        }
        if track.geometricHeight != nil {
            self.item(18)
            self.put16(Self.units(track.position.height, 6.25 * 0.3048, -32_768...32_767))
        }
        if isBarometric {
            self.item(19)
            self.put16(Self.units(track.position.height, 30.48 / 4, -60...6000) & 0x7FFF)
        }
        if track.geometricHeight != nil || isBarometric {
            self.item(20)
            self.put16(Self.units(track.velocity.up, 6.25 * 0.3048 / 60, -32_768...32_767))
        }
        self.item(27)
        self.accuracies(track, isBarometric: isBarometric)
    }

    /// Category 062, the last report of a track (TSE): who ends, when, and where it was last told to be.
    mutating func write062End(
        number: UInt16, at time: Timestamp, place: Geodetic, source: SensorID, service: UInt8, isSimulated: Bool
    ) {
        self.head062(source, service, time, place)
        self.item(12)
        self.put16(Int(number))
        self.item(13)
        self.put8(1)
        self.put8((isSimulated ? 0x80 : 0) | 0x40)
    }

    /// Items 010, 015, 070 and 105.
    private mutating func head062(_ source: SensorID, _ service: UInt8, _ time: Timestamp, _ place: Geodetic) {
        self.item(1)
        self.putSource(source)
        self.item(3)
        self.put8(Int(service))
        self.item(4)
        self.putTime(time)
        self.item(5)
        let unit = Double.pi / 0x0200_0000
        self.put32(Self.units(place.latitude, unit, -0x0100_0000...0x0100_0000))
        self.put32(Self.units(wrappedAngle(place.longitude), unit, -0x0200_0000...0x01FF_FFFF))
    }

    /// A flight level, 16 bits signed, LSB 1/4 FL, from −15 to 1500.
    private mutating func putLevel(_ altitude: Double) { self.put16(Self.units(altitude, 30.48 / 4, -60...6000)) }

    /// I062/380, aircraft derived data: what the aircraft says of itself.
    ///
    ///     | ADR 1 | ID 1 | … | address 24 | 8 characters of 6 |
    private mutating func aircraftData(_ track: Track) {
        guard track.address != nil || track.callsign != nil else { return }
        self.item(11)
        self.put8((track.address == nil ? 0 : 0x80) | (track.callsign == nil ? 0 : 0x40))
        if let address = track.address?.value { self.put24(Int(address.rawValue)) }
        if let callsign = track.callsign?.value { self.putCharacters(callsign) }
    }

    /// I062/080, track status, as many octets as say something.
    ///
    ///     | MON 1 | SPI 1 | MRH 1 | SRC 3 | CNF 1 | FX |  | SIM 1 | TSE 1 | TSB 1 | FPC 1 | AFF 1 | … | FX |  | … | FX |
    ///     | CST 1 | … | FX |  | SDS 2 | EMS 3 | PFT 1 | FPLT 1 | FX |  | DUPT 1 | DUPF 1 | DUPM 1 | SFC 1 | … | FX |
    private mutating func status(_ track: Track, _ moment: SystemTrackMoment, isSimulated: Bool) {
        // GNSS 1, 3D radar 2, multilateration 7.
        let heightSource =
            switch track.lastKind {
            case .broadcast: 1
            case .multilateration: 7
            default: 2
            }
        var octets = InlineArray<6, UInt8>(repeating: 0)
        octets[0] = track.contributionCount <= 1 ? 0x80 : 0
        if track.geometricHeight != nil { octets[0] |= 0x20 | UInt8(heightSource) << 2 }
        octets[0] |= track.status == .tentative ? 0x02 : 0
        octets[1] = (isSimulated ? 0x80 : 0) | (moment == .first ? 0x20 : 0)
        // AFF: a broadcast position that radar contradicts. PFT: any other rule that says that it may be false.
        if track.doubts.contains(Doubt.radarDiffers) { octets[1] |= 0x08 }
        octets[3] = track.status == .coasting ? 0x80 : 0
        let emergency: UInt8 =
            switch track.mode3A?.value.rawValue {
            case 0o7500: 5  // unlawful interference
            case 0o7600: 4  // no communications
            case 0o7700: 1  // general emergency
            default: 0
            }
        octets[4] = emergency << 3 | (track.doubts.isDisjoint(with: Self.falseTrackDoubts) ? 0 : 0x04)
        octets[5] = track.isOnGround ? 0x10 : 0
        var last = 5
        while last > 0, octets[last] == 0 { last -= 1 }
        // Where the fifth octet stands, "combined" would be claimed by its noughts: say that it is not told.
        if last >= 4 { octets[4] |= 0xC0 }
        for index in 0...last { self.put8(Int(octets[index]) | (index < last ? 1 : 0)) }
    }

    /// Doubts of whether there is such an aircraft, and not only of one of its values.
    private static var falseTrackDoubts: Doubts {
        [.impossibleMotion, .duplicateAddress, .beyondHorizon, .radarSilent, .replay, .reservedAddress]
    }

    /// I062/290, system track update ages: of the track, and of the detection that updated it last.
    ///
    ///     | TRK 1 | PSR 1 | SSR 1 | MDS 1 | ADS 1 | ES 1 | VDL 1 | FX |  | UAT 1 | LOP 1 | MLT 1 | … | 0 |
    ///     each 8 bits, LSB 1/4 s; 255: that or more
    private mutating func updateAges(_ track: Track) {
        let isModeS = track.address != nil
        let detections: (psr: Bool, ssr: Bool, mds: Bool, es: Bool, mlt: Bool) =
            switch track.lastKind {
            case .primary: (true, false, false, false, false)
            case .secondary: (false, true, false, false, false)
            case .modeS: (false, false, true, false, false)
            case .combined: (true, !isModeS, isModeS, false, false)
            case .broadcast: (false, false, false, true, false)
            case .multilateration: (false, false, false, false, true)
            case .systemTrack: (false, false, false, false, false)
            }
        self.item(14)
        var first = 0x80
        if detections.psr { first |= 0x40 }
        if detections.ssr { first |= 0x20 }
        if detections.mds { first |= 0x10 }
        if detections.es { first |= 0x04 }
        self.put8(first | (detections.mlt ? 1 : 0))
        if detections.mlt { self.put8(0x20) }
        self.putAge(track.measuredAt.seconds(since: track.bornAt))
        guard track.contributionCount > 0 else {
            for isThere in [detections.psr, detections.ssr, detections.mds, detections.es, detections.mlt]
            where isThere { self.putAge(0) }
            return
        }
        let age = track.measuredAt.seconds(since: track.contributions[0].measuredAt)
        if detections.psr { self.putAge(age) }
        if detections.ssr { self.putAge(age) }
        if detections.mds { self.putAge(age) }
        if detections.es { self.putAge(age) }
        if detections.mlt { self.putAge(age) }
    }

    /// I062/295, track data ages: of the measured flight level and of the Mode 3/A code.
    ///
    ///     | MFL 1 | MD1 1 | MD2 1 | MDA 1 | … | 0 |      each 8 bits, LSB 1/4 s
    private mutating func dataAges(_ track: Track) {
        guard track.pressureAltitude != nil || track.mode3A != nil else { return }
        self.item(16)
        self.put8((track.pressureAltitude == nil ? 0 : 0x80) | (track.mode3A == nil ? 0 : 0x10))
        if let at = track.pressureAltitude?.measuredAt { self.putAge(track.measuredAt.seconds(since: at)) }
        if let at = track.mode3A?.measuredAt { self.putAge(track.measuredAt.seconds(since: at)) }
    }

    /// An age, 8 bits, LSB 1/4 s; the highest value stands for all above.
    private mutating func putAge(_ seconds: Double) { self.put8(Self.units(seconds, 0.25, 0...255)) }

    /// I062/200: course and speed are not judged; up or down from 300 ft/min on, where a height is known.
    ///
    ///     | TRANS 2 | LONG 2 | VERT 2 | ADF 1 | – |      3 undetermined; VERT 0 level, 1 climb, 2 descent
    private static func movement(_ track: Track) -> Int {
        let threshold = 300 * 0.3048 / 60
        var vertical = 3
        if track.geometricHeight != nil || track.pressureAltitude != nil {
            vertical = track.velocity.up >= threshold ? 1 : track.velocity.up <= -threshold ? 2 : 0
        }
        return 3 << 6 | 3 << 4 | vertical << 2
    }

    /// I062/500, estimated accuracies: one standard deviation each.
    ///
    ///     | APC 1 | COV 1 | APW 1 | AGA 1 | ABA 1 | ATV 1 | AA 1 | FX |  | ARC 1 | … | 0 |
    ///     APC x, y 16, 1/2 m;  COV 16 signed, 1/2 m, sign(c) √|c|;  APW latitude, longitude 16, 180°/2²⁵;
    ///     AGA 8, 6.25 ft;  ABA 8, 1/4 FL;  ATV x, y 8, 1/4 m/s;  ARC 8, 6.25 ft/min
    private mutating func accuracies(_ track: Track, isBarometric: Bool) {
        let east = track.covariance[0, 0].squareRoot(), north = track.covariance[1, 1].squareRoot()
        let cross = track.covariance[0, 1]
        let isGeometric = track.geometricHeight != nil
        let hasHeight = isGeometric || isBarometric
        self.put8(0b1110_0100 | (isGeometric ? 0x10 : 0) | (isBarometric ? 0x08 : 0) | (hasHeight ? 1 : 0))
        if hasHeight { self.put8(0x80) }
        // The least value, not nought, where the deviation rounds to it: nought would say "exact".
        self.put16(Self.units(east, 0.5, 1...65_535))
        self.put16(Self.units(north, 0.5, 1...65_535))
        let root = abs(cross).squareRoot()
        self.put16(Self.units(cross < 0 ? -root : root, 0.5, -32_767...32_767))
        let unit = Double.pi / 0x0200_0000
        let radius = WGS84.semiMajorAxis
        self.put16(Self.units(north / radius, unit, 1...65_535))
        self.put16(Self.units(east / (radius * max(cos(track.position.latitude), 1e-6)), unit, 1...65_535))
        let height = track.heightVariance.squareRoot()
        if isGeometric { self.put8(Self.units(height, 6.25 * 0.3048, 1...255)) }
        if isBarometric { self.put8(Self.units(height, 30.48 / 4, 1...255)) }
        self.put8(Self.units(track.covariance[2, 2].squareRoot(), 0.25, 1...255))
        self.put8(Self.units(track.covariance[3, 3].squareRoot(), 0.25, 1...255))
        if hasHeight { self.put8(Self.units(track.climbVariance.squareRoot(), 6.25 * 0.3048 / 60, 1...255)) }
    }
}
