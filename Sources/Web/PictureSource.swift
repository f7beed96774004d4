internal import Air
internal import Hummingbird
internal import Node
internal import Releasability
internal import SensorFormats

/// What an answer tells of: the node's own picture and sensors, or, with `?as=`, what one audience may see of them.
struct PictureSource: Sendable {
    private let view: any NodeView
    /// Nil for the node's own.
    private let released: ReleasedPicture?

    /// Reads `as`.
    ///
    /// - Throws: `Problem` for an audience that is none here.
    init(_ view: any NodeView, _ request: Request) throws {
        self.view = view
        guard let name = request.uri.queryParameters["as"] else {
            self.released = nil
            return
        }
        let desk = try Self.desk(of: view)
        let audience = try Self.audience(name, key: "as")
        guard let released = desk.picture(for: audience) else {
            throw Problem.notFound("\(audience.name) is no audience of this node; /api/audiences lists those it has.")
        }
        self.released = released
    }

    /// - Throws: `Problem` where the node has no agreements.
    static func desk(of view: any NodeView) throws -> ReleaseDesk {
        guard let desk = view.release else {
            throw Problem.notFound(
                "This node has no agreements, so nothing goes to a partner; name a folder under `release:`.")
        }
        return desk
    }

    /// - Throws: `Problem` for what is no name of an audience.
    static func audience(_ name: Substring?, key: String) throws -> Audience {
        guard let name, let audience = Audience(name: name) else {
            throw Problem.badRequest("\(key) is two letters of a nation (us), or public.")
        }
        return audience
    }

    var picture: Picture { self.released?.picture ?? self.view.picture }

    func sensors(at now: Timestamp) -> [SensorHealth] {
        guard let released = self.released, let desk = self.view.release else { return self.view.sensors }
        return desk.released(self.view.sensors, to: released.audience, at: now).map { released in
            var health = released.payload
            health.label = released.label
            return health
        }
    }

    /// Writes the label of a track, and of one that is shown to an audience by which agreement.
    func besideTrack(_ track: borrowing Track, to json: inout JSONWriter) {
        guard let desk = self.view.release else { return }
        json.key("label")
        guard let released = self.released else {
            ReleaseJSON.label(desk.label(of: track), of: desk.policy, to: &json)
            FederationJSON.origins(self.view.origins?.origins(of: track.id), to: &json)
            return
        }
        let terms = released.terms(of: track.id)
        ReleaseJSON.label(terms?.label, of: desk.policy, to: &json)
        guard let terms, let agreement = terms.agreement else { return }
        json.key("agreement")
        json.string(agreement)
        if !terms.redactions.isEmpty {
            json.key("redactions")
            ReleaseJSON.redactions(terms.redactions, to: &json)
        }
    }

    /// Writes the label of a sensor's status.
    func besideSensor(_ sensor: SensorHealth, to json: inout JSONWriter) {
        guard let desk = self.view.release else { return }
        json.key("label")
        ReleaseJSON.label(sensor.label, of: desk.policy, to: &json)
    }
}
