internal import Air
internal import Geodesy
internal import Node
internal import SensorFormats

/// Partners, and what they contributed, as JSON.
enum FederationJSON {
    /// Who contributed what to a track, and on what they do not agree.
    static func origins(_ origins: TrackOrigins?, to json: inout JSONWriter) {
        guard let origins else { return }
        json.key("contributions")
        json.beginArray()
        for contribution in origins.contributions {
            json.beginObject()
            json.key("nation")
            json.string(contribution.nation.description)
            json.key("track")
            json.integer(contribution.track.rawValue)
            json.key("form")
            json.string("\(contribution.form)")
            json.key("measuredAt")
            json.string(contribution.measuredAt.description)
            json.key("status")
            json.string("\(contribution.status)")
            if let callsign = contribution.callsign {
                json.key("callsign")
                json.string(callsign.value.description)
            }
            if let address = contribution.address {
                json.key("address")
                json.string(address.value.description)
            }
            if let mode3A = contribution.mode3A {
                json.key("mode3A")
                json.string(mode3A.value.description)
            }
            json.key("latitude")
            json.number(contribution.latitude * 180 / .pi, decimals: 6)
            json.key("longitude")
            json.number(contribution.longitude * 180 / .pi, decimals: 6)
            json.key("isApart")
            json.bool(contribution.isApart)
            json.endObject()
        }
        json.endArray()
        if !origins.disagreements.isEmpty {
            json.key("disagreements")
            json.beginArray()
            for name in origins.disagreements.names { json.string(name) }
            json.endArray()
        }
        if let rival = origins.rival {
            json.key("rival")
            json.integer(rival.rawValue)
        }
    }

    /// The body of `/api/federation`.
    static func federation(_ status: LatticeStatus?, of info: NodeInfo, to json: inout JSONWriter) {
        json.beginObject()
        json.key("nation")
        if let nation = info.nation { json.string(nation.description) } else { json.null() }
        json.key("realm")
        json.string(info.realm.description)
        json.key("partners")
        json.beginArray()
        for partner in status?.partners ?? [] { self.partner(partner, to: &json) }
        json.endArray()
        json.key("refused")
        self.counts((status?.refused ?? []).map { ($0.reason, $0.count) }, to: &json)
        json.key("fusion")
        self.counts((status?.fusion ?? []).map { ($0.name, UInt64(max($0.count, 0))) }, to: &json)
        json.key("alarms")
        json.beginArray()
        for alarm in status?.alarms ?? [] { json.string(alarm) }
        json.endArray()
        json.endObject()
    }

    private static func partner(_ partner: PartnerStatus, to json: inout JSONWriter) {
        json.beginObject()
        json.key("nation")
        json.string(partner.nation.description)
        if let address = partner.address {
            json.key("address")
            json.string(address)
        }
        json.key("outgoing")
        json.string(partner.outgoing)
        json.key("incoming")
        json.string(partner.incoming)
        if let version = partner.version {
            json.key("version")
            json.integer(version)
        }
        if let offset = partner.clockOffset {
            json.key("clockOffsetSeconds")
            json.number(offset, decimals: 6)
        }
        if let trip = partner.roundTrip {
            json.key("roundTripSeconds")
            json.number(trip, decimals: 6)
        }
        if let heardAt = partner.heardAt {
            json.key("heardAt")
            json.string(heardAt.description)
        }
        for (name, count) in [
            ("laneEntries", partner.laneEntries), ("laneReceipted", partner.laneReceipted),
            ("heldEntries", partner.heldEntries), ("tracksShown", UInt64(partner.tracksShown)),
            ("tracksWaiting", UInt64(partner.tracksWaiting)), ("tracksHeard", UInt64(partner.tracksHeard)),
        ] {
            json.key(name)
            json.integer(count)
        }
        json.key("counters")
        self.counts(partner.counters.map { ($0.name, $0.count) }, to: &json)
        json.key("refusals")
        self.counts(partner.refusals.map { ($0.reason, $0.count) }, to: &json)
        json.endObject()
    }

    private static func counts(_ counts: [(String, UInt64)], to json: inout JSONWriter) {
        json.beginObject()
        for (name, count) in counts {
            json.key(name)
            json.integer(count)
        }
        json.endObject()
    }
}
