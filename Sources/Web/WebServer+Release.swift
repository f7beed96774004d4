internal import Air
internal import Geodesy
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import MessageFormats
internal import NIOCore
internal import Node
internal import Releasability
internal import SensorFormats
internal import Storage

/// What may go to whom, and why.
extension WebServer {
    func addRelease(to router: Router<BasicRequestContext>) {
        let view = self.view
        router.get("/api/audiences") { _, _ in Self.json { ReleaseJSON.audiences(view.release, to: &$0) } }
        router.get("/api/release/terms") { request, _ in
            let desk = try PictureSource.desk(of: view)
            let audience = try PictureSource.audience(request.uri.queryParameters["to"], key: "to")
            let at = try Self.instant(request) ?? view.now
            let terms = desk.policy.terms(for: audience, at: at)
            return Self.json { json in
                json.beginObject()
                json.key("to")
                json.string(audience.name)
                json.key("at")
                json.string(at.description)
                json.key("terms")
                json.beginArray()
                for sentence in terms { json.string(sentence) }
                json.endArray()
                json.endObject()
            }
        }
        router.get("/api/tracks/:id/release") { request, context in
            let id = try Self.trackID(context)
            let desk = try PictureSource.desk(of: view)
            let audiences =
                try request.uri.queryParameters["to"].map { [try PictureSource.audience($0, key: "to")] }
                ?? desk.audiences.map(\.audience)
            let at = try Self.instant(request)
            // Of a track that is gone nobody knows the label any more.
            guard let shown = view.picture.track(id) else { throw Problem.notFound("There is no track \(id) now.") }
            guard let track = view.ownTrack(behind: id) else {
                throw Problem.notFound(
                    "Track \(id) is known from partners alone: what they tell goes on only as they label it.")
            }
            let spot = try await Self.spot(of: track, shownAs: shown, at: at, view)
            let label = desk.label(of: track), time = at ?? view.now
            return Self.json { json in
                json.beginObject()
                json.key("track")
                json.integer(id.rawValue)
                json.key("at")
                json.string(time.description)
                json.key("measuredAt")
                json.string(spot.measuredAt.description)
                json.key("label")
                ReleaseJSON.label(label, of: desk.policy, to: &json)
                json.key("decisions")
                json.beginArray()
                for audience in audiences {
                    ReleaseJSON.decision(
                        desk.decide(spot, label: label, to: audience, at: time), to: audience,
                        shown: at == nil ? Self.shown(track.id, to: audience, view, desk) : nil, to: &json)
                }
                json.endArray()
                json.endObject()
            }
        }
    }

    /// The label of a track in the words of a security policy, as STANAG 4774 writes it.
    func addLabels(to router: Router<BasicRequestContext>) {
        let view = self.view
        router.get("/api/tracks/:id/label") { request, context in
            let id = try Self.trackID(context)
            let source = try PictureSource(view, request)
            guard let crosswalk = view.release?.crosswalk else {
                throw Problem.notFound("This node has no security policy; name one under `release.crosswalk:`.")
            }
            guard let track = source.picture.track(id) else { throw Problem.notFound("There is no track \(id) now.") }
            guard let label = source.label(of: track) else {
                throw Problem.notFound("Track \(id) has no label: it is for nobody.")
            }
            let now = view.now
            let document: ConfidentialityLabel
            do {
                document = try ConfidentialityLabel(
                    crosswalk.table.securityLabel(label), policy: crosswalk.table.policy, createdAt: now,
                    reviewAt: now.advanced(by: 86_400 * Double(crosswalk.reviewDays)))
            } catch {
                throw Problem.notFound(
                    "Policy \(crosswalk.table.policy.name) has no words for the label of track \(id): \(error).")
            }
            return Response(
                status: .ok, headers: [.contentType: "application/xml", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: document.xml)))
        }
    }

    /// What an audience is shown of an own track: what a linked partner is told, or else what is decided for it.
    private static func shown(
        _ own: TrackID, to audience: Audience, _ view: any NodeView, _ desk: ReleaseDesk
    ) -> Track? {
        if case .nation(let nation) = audience, let book = view.shown(to: nation) { return book.told(of: own) }
        return desk.shown(own, to: audience)
    }

    static func instant(_ request: Request) throws -> Timestamp? {
        guard let text = request.uri.queryParameters["at"] else { return nil }
        if let at = Timestamp(iso8601: String(text)) { return at }
        let remedy = "write an instant from 1971 to 2189, for example 2026-12-01T08:00:00Z."
        // RFC 3339 has years and zones that a timestamp has not.
        let shape = /\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})/
        if text.wholeMatch(of: shape) != nil { throw Problem.notFound("Nothing is known of that time; \(remedy)") }
        throw Problem.badRequest("at is no instant; \(remedy)")
    }

    /// How far back the last known place of a track is looked for, seconds.
    private static let recall = 60.0

    /// Where a track was at a time: now, or as history has it, which is of the picture that screens show.
    private static func spot(
        of track: Track, shownAs shown: Track, at time: Timestamp?, _ view: any NodeView
    ) async throws -> Spot {
        guard let time, time < track.measuredAt else { return track.spot }
        guard let history = view.history else {
            throw Problem(status: .serviceUnavailable, detail: "This node keeps no history; leave `at` out.")
        }
        let points: [TrackPoint]
        do {
            points = try await history.points(of: shown.id, in: time.advanced(by: -Self.recall)...time, most: 1)
        } catch {
            throw Problem(status: .serviceUnavailable, detail: "History cannot be read: \(error).")
        }
        guard let point = points.last else {
            throw Problem.notFound("Nothing is known of track \(shown.id) in the minute before \(time).")
        }
        var position = point.position
        // History does not say how well a height is known: without a pressure altitude it is not.
        if point.pressureAltitude == nil { position.height = .nan }
        return Spot(position: position, measuredAt: point.measuredAt)
    }
}
