internal import Air
internal import Node
internal import Releasability
internal import SensorFormats

/// Labels and decisions as JSON text.
enum ReleaseJSON {
    /// A label in words; null where there is none.
    static func label(_ label: Label?, of policy: Policy, to json: inout JSONWriter) {
        guard let label else {
            json.null()
            return
        }
        json.beginObject()
        json.key("policy")
        json.string(policy.vocabulary.name(of: label.policy) ?? "unknown")
        json.key("classification")
        json.string(policy.name(ofClassification: label.classification, in: label.policy) ?? "unknown")
        json.key("originators")
        self.nations(label.originators, to: &json)
        json.key("releasableTo")
        if let nations = label.releasableTo { self.nations(nations, to: &json) } else { json.null() }
        json.key("caveats")
        json.beginArray()
        for caveat in label.caveats.caveats { json.string(policy.vocabulary.name(of: caveat) ?? "unknown") }
        json.endArray()
        json.key("onward")
        json.string(label.onward.name)
        json.endObject()
    }

    private static func nations(_ nations: NationSet, to json: inout JSONWriter) {
        json.beginArray()
        for nation in nations.nations { json.string(nation.description) }
        if nations.includesPublic { json.string("public") }
        json.endArray()
    }

    /// What is taken.
    static func redactions(_ redactions: Redactions, to json: inout JSONWriter) {
        json.beginObject()
        if redactions.positionGrid > 0 {
            json.key("positionGridMetres")
            json.integer(redactions.positionGrid)
        }
        if redactions.timeGrid > 0 {
            json.key("timeGridMilliseconds")
            json.integer(redactions.timeGrid)
        }
        json.key("withheld")
        json.beginArray()
        for (name, part) in Redactions.Parts.names where redactions.parts.contains(part) { json.string(name) }
        json.endArray()
        json.endObject()
    }

    /// A decision on one track for one audience.
    ///
    /// - Parameter shown: what the audience is shown of it now.
    static func decision(_ decision: Decision, to audience: Audience, shown: Track?, to json: inout JSONWriter) {
        json.beginObject()
        json.key("to")
        json.string(audience.name)
        json.key("answer")
        switch decision.answer {
        case .release: json.string("release")
        case .redact: json.string("redact")
        case .withhold: json.string("withhold")
        }
        json.key("rule")
        json.string(decision.rule)
        if let agreement = decision.agreement {
            json.key("agreement")
            json.string(agreement)
        }
        json.key("sentence")
        json.string(decision.explanation)
        if case .redact(let redactions) = decision.answer {
            json.key("redactions")
            self.redactions(redactions, to: &json)
        }
        if let shown {
            json.key("shown")
            json.beginObject()
            json.key("id")
            json.integer(shown.id.rawValue)
            json.key("measuredAt")
            json.string(shown.measuredAt.description)
            json.endObject()
        }
        json.endObject()
    }

    /// The body of `/api/audiences`.
    static func audiences(_ desk: ReleaseDesk?, to json: inout JSONWriter) {
        json.beginObject()
        if let desk {
            json.key("nation")
            json.string(desk.policy.nation.description)
        }
        json.key("audiences")
        json.beginArray()
        for audience in desk?.audiences ?? [] {
            json.beginObject()
            json.key("name")
            json.string(audience.name)
            json.key("tracks")
            json.integer(audience.picture.count)
            json.key("withheld")
            json.beginArray()
            for row in desk?.tally(of: audience.audience)?.rows ?? [] where row.tracks > 0 {
                guard let rule = row.reason else { continue }
                json.beginObject()
                json.key("rule")
                json.string(rule)
                json.key("tracks")
                json.integer(row.tracks)
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}
