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
    /// What a linked partner was told in truth: it goes before what is decided for it.
    private let shown: ShownBook?
    /// What it was shown at a former instant.
    private let sights: [TrackID: ShownBook.Sight]?

    /// Reads `as`.
    ///
    /// - Throws: `Problem` for an audience that is none here.
    init(_ view: any NodeView, _ request: Request) throws {
        self.view = view
        guard let name = request.uri.queryParameters["as"] else {
            self.released = nil
            self.shown = nil
            self.sights = nil
            return
        }
        let desk = try Self.desk(of: view)
        let audience = try Self.audience(name, key: "as")
        guard let released = desk.picture(for: audience) else {
            throw Problem.notFound("\(audience.name) is no audience of this node; /api/audiences lists those it has.")
        }
        self.released = released
        if case .nation(let nation) = audience { self.shown = view.shown(to: nation) } else { self.shown = nil }
        self.sights = nil
    }

    /// The same at a former instant.
    ///
    /// - Throws: `Problem` where nothing is kept of what it was shown.
    init(_ source: PictureSource, at instant: Timestamp) async throws {
        self.view = source.view
        self.released = source.released
        self.shown = source.shown
        guard let shown = source.shown else {
            throw Problem.notFound("Only of a linked partner is kept what it was shown; name one in `as`.")
        }
        do {
            self.sights = Dictionary(
                uniqueKeysWithValues: try await shown.shown(at: instant).map { ($0.track.id, $0) })
        } catch {
            throw Problem(status: .serviceUnavailable, detail: "What it was shown cannot be read: \(error).")
        }
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

    var picture: Picture {
        if let sights = self.sights {
            let picture = Picture()
            picture.apply(sights.values.sorted { $0.track.id < $1.track.id }.map { .updated($0.track) })
            return picture
        }
        return self.shown?.picture ?? self.released?.picture ?? self.view.picture
    }

    func sensors(at now: Timestamp) -> [SensorHealth] {
        guard let released = self.released, let desk = self.view.release else { return self.view.sensors }
        return desk.released(self.view.sensors, to: released.audience, at: now).map { released in
            var health = released.payload
            health.label = released.label
            return health
        }
    }

    /// The label of a track; nil if it has none.
    func label(of track: borrowing Track) -> Label? {
        self.released == nil ? self.view.release?.label(of: track) : self.terms(of: track.id)?.label
    }

    /// On what terms an audience is shown a track: what it was told, or else what is decided for it.
    private func terms(of track: TrackID) -> (label: Label?, agreement: String?, redactions: Redactions)? {
        if self.shown != nil {
            let terms = self.sights.map { $0[track]?.terms } ?? self.shown?.terms(of: track)
            return terms.map { ($0.label, $0.agreement, $0.redactions) }
        }
        return self.released?.terms(of: track).map { ($0.label, $0.agreement, $0.redactions) }
    }

    /// Writes the label of a track, and of one that is shown to an audience by which agreement.
    func besideTrack(_ track: borrowing Track, to json: inout JSONWriter) {
        guard let desk = self.view.release else { return }
        json.key("label")
        guard self.released != nil else {
            ReleaseJSON.label(self.label(of: track), of: desk.policy, to: &json)
            FederationJSON.origins(self.view.origins?.origins(of: track.id), to: &json)
            return
        }
        let terms = self.terms(of: track.id)
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
