/// What is in Comm-B registers.
public enum CommB {
    // Each field once: decoding, JSON and inference read the same constants. As computed properties they fold into the
    // code that uses them.

    /// Reads BDS 0,7: squitter status.
    ///
    ///     | TRS 2 | ATS 1 | – 53 |
    enum SquitterStatus {
        static var rate: CommBField { CommBField("TRS", .code, 1, 2) }
        static var altitudeType: CommBField { CommBField("ATS", .code, 3, 1) }
    }

    /// Reads BDS 1,0: data link capability report.
    ///
    ///     | 0x10 8 | more 1 | – 5 | overlay 1 | ACAS 1 | version 7 | enhanced 1 | services 1 | uplink ELM 3 |
    ///     | downlink ELM 4 | identification 1 | squitter 1 | SI 1 | 1,7 changed 1 | hybrid 1 | RA 1 | ACAS ed. 2 |
    ///     | data terminals 16 |
    ///
    /// Source: ICAO Annex 10, vol. IV, 3.1.2.6.10.2; Doc 9871, table A-2-16.
    enum DataLink {
        static var number: CommBField { CommBField("BDS", .bits, 1, 8) }
        static var isContinued: CommBField { CommBField("continued", .flag, 9) }
        static var reserved: CommBField { CommBField("", .bits, 10, 5) }
        static var overlay: CommBField { CommBField("overlayCommand", .flag, 15) }
        static var acas: CommBField { CommBField("ACASOperational", .flag, 16) }
        static var version: CommBField { CommBField("subnetworkVersion", .unsigned, 17, 7) }
        static var enhanced: CommBField { CommBField("enhancedProtocol", .flag, 24) }
        static var services: CommBField { CommBField("specificServices", .flag, 25) }
        static var uplink: CommBField { CommBField("uplinkELM", .code, 26, 3) }
        static var downlink: CommBField { CommBField("downlinkELM", .code, 29, 4) }
        static var identification: CommBField { CommBField("identification", .flag, 33) }
        static var squitter: CommBField { CommBField("squitter", .flag, 34) }
        static var surveillanceIdentifier: CommBField { CommBField("surveillanceIdentifier", .flag, 35) }
        static var toggle: CommBField { CommBField("commonUsageToggle", .flag, 36) }
        static var hybrid: CommBField { CommBField("ACASHybridSurveillance", .flag, 37) }
        static var advisories: CommBField { CommBField("ACASResolutionAdvisories", .flag, 38) }
        static var acasVersion: CommBField { CommBField("ACASVersion", .code, 39, 2) }
        static var terminals: CommBField { CommBField("dataTerminals", .bits, 41, 16) }

        static var all: [CommBField] {
            [
                Self.isContinued, Self.overlay, Self.acas, Self.version, Self.enhanced, Self.services, Self.uplink,
                Self.downlink, Self.identification, Self.squitter, Self.surveillanceIdentifier, Self.toggle,
                Self.hybrid, Self.advisories, Self.acasVersion, Self.terminals,
            ]
        }
    }

    /// The registers of BDS 1,7, common usage capability: bit n of the register, from 1, stands for entry n − 1.
    ///
    /// Source: ICAO Doc 9871, table A-2-23.
    static let commonUsage: [UInt8] = [
        0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x20, 0x21, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x48, 0x50, 0x51, 0x52,
        0x53, 0x54, 0x55, 0x56, 0x5F, 0x60, 0, 0, 0xE1, 0xE2,
    ]

    /// Reads BDS 2,0: aircraft identification.
    ///
    ///     | 0x20 8 | 8 characters of 6 bits |
    enum Identification {
        static var number: CommBField { CommBField("BDS", .bits, 1, 8) }
        static var callsign: CommBField { CommBField("callsign", .text, 9, 48) }
    }

    /// Reads BDS 2,1: aircraft and airline registration.
    ///
    ///     | S 1 | 7 characters of 6 bits | S 1 | 2 characters of 6 bits |
    ///
    /// Source: ICAO Doc 9871, table A-2-33.
    enum Registration {
        static var aircraft: CommBField { CommBField("registration", .text, status: 1, 2, 42) }
        static var airline: CommBField { CommBField("airline", .text, status: 44, 45, 12) }
    }

    /// Reads BDS 3,0: active resolution advisory of ACAS.
    ///
    ///     | 0x30 8 | ARA 14 | RAC 4 | RAT 1 | MTE 1 | TTI 2 | TID 26 |
    ///     TTI 1: | address 24 | – 2 |      TTI 2: | altitude 13 | range 7 | bearing 6 |
    ///
    /// Source: ICAO Annex 10, vol. IV, 4.3.8.4.2.2.
    enum Advisory {
        static var number: CommBField { CommBField("BDS", .bits, 1, 8) }
        static var active: CommBField { CommBField("ARA", .bits, 9, 14) }
        static var complements: CommBField { CommBField("RAC", .bits, 23, 4) }
        static var isTerminated: CommBField { CommBField("RAT", .flag, 27) }
        static var hasSeveralThreats: CommBField { CommBField("MTE", .flag, 28) }
        static var threatType: CommBField { CommBField("TTI", .code, 29, 2) }
        static var threat: CommBField { CommBField("TID", .bits, 31, 26) }
    }

    /// Reads BDS 4,0: selected vertical intention.
    ///
    ///     | S 1 | panel's altitude 12 | S 1 | management's altitude 12 | S 1 | setting 12 | – 8 |
    ///     | S 1 | VNAV 1 | altitude hold 1 | approach 1 | – 2 | S 1 | source 2 |
    ///
    /// Altitudes in 16 ft, the setting in 0.1 mb above 800 mb.
    ///
    /// Source: ICAO Doc 9871, table A-2-64.
    enum Intention {
        static var panel: CommBField {
            CommBField("selectedAltitudeFeet", .unsigned, status: 1, 2, 12, scale: 16)
        }
        static var management: CommBField {
            CommBField("managementAltitudeFeet", .unsigned, status: 14, 15, 12, scale: 16)
        }
        static var setting: CommBField {
            CommBField(
                "pressureSettingMillibars", .unsigned, status: 27, 28, 12, scale: 1, decimals: 1, offset: 8000)
        }
        static var reserved: CommBField { CommBField("", .bits, 40, 8) }
        static var verticalNavigation: CommBField { CommBField("verticalNavigation", .flag, status: 48, 49) }
        static var altitudeHold: CommBField { CommBField("altitudeHold", .flag, status: 48, 50) }
        static var approach: CommBField { CommBField("approach", .flag, status: 48, 51) }
        static var modes: CommBField { CommBField("", .bits, status: 48, 49, 3) }
        static var reservedToo: CommBField { CommBField("", .bits, 52, 2) }
        /// 0 unknown, 1 the aircraft's altitude, 2 the panel, 3 the management system.
        static var source: CommBField { CommBField("targetAltitudeSource", .code, status: 54, 55, 2) }

        static var statusBits: UInt64 {
            Self.panel.statusBit | Self.management.statusBit | Self.setting.statusBit | Self.modes.statusBit
                | Self.source.statusBit
        }

        static var all: [CommBField] {
            [
                Self.panel, Self.management, Self.setting, Self.verticalNavigation, Self.altitudeHold, Self.approach,
                Self.source,
            ]
        }
    }

    /// Reads BDS 4,4: routine meteorological report.
    ///
    ///     | source 4 | S 1 | wind 9 | direction 9 | temperature 11 | S 1 | pressure 11 | S 1 | turbulence 2 |
    ///     | S 1 | humidity 6 |
    ///
    /// Wind in knots, direction in 180°/256 from true north, temperature in 0.25 °C, humidity in 100 %/64.
    ///
    /// Source: ICAO Doc 9871, table A-2-68.
    enum Meteorology {
        static var source: CommBField { CommBField("source", .code, 1, 4) }
        static var windSpeed: CommBField { CommBField("windSpeedKnots", .unsigned, status: 5, 6, 9) }
        static var windDirection: CommBField {
            CommBField("windDirectionDegrees", .unsigned, status: 5, 15, 9, scale: 703_125, decimals: 6)
        }
        static var temperature: CommBField {
            CommBField("staticAirTemperatureCelsius", .signed, 24, 11, scale: 25, decimals: 2)
        }
        static var pressure: CommBField { CommBField("staticPressureHectopascals", .unsigned, status: 35, 36, 11) }
        static var turbulence: CommBField { CommBField("turbulence", .code, status: 47, 48, 2) }
        static var humidity: CommBField {
            CommBField("humidityPercent", .unsigned, status: 50, 51, 6, scale: 15625, decimals: 4)
        }

        static var all: [CommBField] {
            [
                Self.source, Self.windSpeed, Self.windDirection, Self.temperature, Self.pressure, Self.turbulence,
                Self.humidity,
            ]
        }
    }

    /// Reads BDS 4,5: meteorological hazards, each 0 nil, 1 light, 2 moderate, 3 severe.
    ///
    ///     | S 1 | turbulence 2 | S 1 | wind shear 2 | S 1 | microburst 2 | S 1 | icing 2 | S 1 | wake 2 |
    ///     | S 1 | temperature 10 | S 1 | pressure 11 | S 1 | radio height 12 | – 5 |
    ///
    /// Source: ICAO Doc 9871, table A-2-69.
    enum Hazard {
        static var turbulence: CommBField { CommBField("turbulence", .code, status: 1, 2, 2) }
        static var windShear: CommBField { CommBField("windShear", .code, status: 4, 5, 2) }
        static var microburst: CommBField { CommBField("microburst", .code, status: 7, 8, 2) }
        static var icing: CommBField { CommBField("icing", .code, status: 10, 11, 2) }
        static var wake: CommBField { CommBField("wakeVortex", .code, status: 13, 14, 2) }
        static var temperature: CommBField {
            CommBField("staticAirTemperatureCelsius", .signed, status: 16, 17, 10, scale: 25, decimals: 2)
        }
        static var pressure: CommBField { CommBField("staticPressureHectopascals", .unsigned, status: 27, 28, 11) }
        static var radioHeight: CommBField { CommBField("radioHeightFeet", .unsigned, status: 39, 40, 12, scale: 16) }
        static var reserved: CommBField { CommBField("", .bits, 52, 5) }

        static var all: [CommBField] {
            [
                Self.turbulence, Self.windShear, Self.microburst, Self.icing, Self.wake, Self.temperature,
                Self.pressure, Self.radioHeight,
            ]
        }
    }

    /// Reads BDS 5,0: track and turn.
    ///
    ///     | S 1 | roll 10 | S 1 | true track 11 | S 1 | ground speed 10 | S 1 | track rate 10 | S 1 | true airspeed 10 |
    ///
    /// Roll in 45°/256 (right wing down positive), track in 90°/512, speeds in 2 kt, rate in 8/256 °/s. The sign of a
    /// direction is its half turn: read as eleven bits it is 0 to 360°.
    ///
    /// Source: ICAO Doc 9871, table A-2-80.
    enum Track {
        static var roll: CommBField {
            CommBField("rollDegrees", .signed, status: 1, 2, 10, scale: 17_578_125, decimals: 8)
        }
        static var track: CommBField {
            CommBField("trueTrackDegrees", .unsigned, status: 12, 13, 11, scale: 17_578_125, decimals: 8)
        }
        static var groundSpeed: CommBField { CommBField("groundSpeedKnots", .unsigned, status: 24, 25, 10, scale: 2) }
        static var trackRate: CommBField {
            CommBField("trackRateDegreesPerSecond", .signed, status: 35, 36, 10, scale: 3125, decimals: 5)
        }
        static var trueAirspeed: CommBField {
            CommBField("trueAirspeedKnots", .unsigned, status: 46, 47, 10, scale: 2)
        }

        static var statusBits: UInt64 {
            Self.roll.statusBit | Self.track.statusBit | Self.groundSpeed.statusBit | Self.trackRate.statusBit
                | Self.trueAirspeed.statusBit
        }

        static var all: [CommBField] {
            [Self.roll, Self.track, Self.groundSpeed, Self.trackRate, Self.trueAirspeed]
        }
    }

    /// Reads BDS 5,3: state relative to the air.
    ///
    ///     | S 1 | magnetic heading 11 | S 1 | indicated airspeed 10 | S 1 | Mach 9 | S 1 | true airspeed 12 |
    ///     | S 1 | altitude rate 9 |
    ///
    /// Heading in 90°/512, indicated airspeed in knots, Mach in 0.008, true airspeed in 0.5 kt, rate in 64 ft/min.
    ///
    /// Source: ICAO Doc 9871, table A-2-83.
    enum Air {
        static var heading: CommBField {
            CommBField("magneticHeadingDegrees", .unsigned, status: 1, 2, 11, scale: 17_578_125, decimals: 8)
        }
        static var indicatedAirspeed: CommBField {
            CommBField("indicatedAirspeedKnots", .unsigned, status: 13, 14, 10)
        }
        static var mach: CommBField { CommBField("mach", .unsigned, status: 24, 25, 9, scale: 8, decimals: 3) }
        static var trueAirspeed: CommBField {
            CommBField("trueAirspeedKnots", .unsigned, status: 34, 35, 12, scale: 5, decimals: 1)
        }
        static var altitudeRate: CommBField {
            CommBField("altitudeRateFeetPerMinute", .signed, status: 47, 48, 9, scale: 64)
        }

        static var statusBits: UInt64 {
            Self.heading.statusBit | Self.indicatedAirspeed.statusBit | Self.mach.statusBit
                | Self.trueAirspeed.statusBit | Self.altitudeRate.statusBit
        }

        static var all: [CommBField] {
            [Self.heading, Self.indicatedAirspeed, Self.mach, Self.trueAirspeed, Self.altitudeRate]
        }
    }

    /// Reads BDS 6,0: heading and speed.
    ///
    ///     | S 1 | magnetic heading 11 | S 1 | indicated airspeed 10 | S 1 | Mach 10 | S 1 | barometric rate 10 |
    ///     | S 1 | inertial rate 10 |
    ///
    /// Heading in 90°/512, indicated airspeed in knots, Mach in 2.048/512, rates in 32 ft/min.
    ///
    /// Source: ICAO Doc 9871, table A-2-96.
    enum Heading {
        static var heading: CommBField {
            CommBField("magneticHeadingDegrees", .unsigned, status: 1, 2, 11, scale: 17_578_125, decimals: 8)
        }
        static var indicatedAirspeed: CommBField {
            CommBField("indicatedAirspeedKnots", .unsigned, status: 13, 14, 10)
        }
        static var mach: CommBField { CommBField("mach", .unsigned, status: 24, 25, 10, scale: 4, decimals: 3) }
        static var barometricRate: CommBField {
            CommBField("barometricRateFeetPerMinute", .signed, status: 35, 36, 10, scale: 32)
        }
        static var inertialRate: CommBField {
            CommBField("inertialRateFeetPerMinute", .signed, status: 46, 47, 10, scale: 32)
        }

        static var statusBits: UInt64 {
            Self.heading.statusBit | Self.indicatedAirspeed.statusBit | Self.mach.statusBit
                | Self.barometricRate.statusBit | Self.inertialRate.statusBit
        }

        static var all: [CommBField] {
            [Self.heading, Self.indicatedAirspeed, Self.mach, Self.barometricRate, Self.inertialRate]
        }
    }

    /// The fields by register number.
    static let tables: [[CommBField]] = {
        var tables = [[CommBField]](repeating: [], count: 256)
        tables[0x07] = [SquitterStatus.rate, SquitterStatus.altitudeType]
        tables[0x10] = DataLink.all
        tables[0x20] = [Identification.callsign]
        tables[0x21] = [Registration.aircraft, Registration.airline]
        tables[0x30] = [
            Advisory.active, Advisory.complements, Advisory.isTerminated, Advisory.hasSeveralThreats,
            Advisory.threatType, Advisory.threat,
        ]
        tables[0x40] = Intention.all
        tables[0x44] = Meteorology.all
        tables[0x45] = Hazard.all
        tables[0x50] = Track.all
        tables[0x53] = Air.all
        tables[0x60] = Heading.all
        return tables
    }()
}
