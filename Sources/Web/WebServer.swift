internal import Air
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
public import Logging
internal import NIOCore
public import Node
internal import SensorFormats
public import ServiceLifecycle
internal import Storage

/// The HTTP side of a node: API, event stream and map. It only reads.
public struct WebServer: Service {
    /// Where and how to serve.
    public struct Configuration: Sendable {
        public var host: String
        /// 0 takes any free port.
        public var port: Int
        /// The folder of the map's library and base map; nil, or a folder that is not there: the page says so.
        public var assets: String?
        /// How many event streams may be open at once.
        public var streamsMax: Int
        /// How many connections at once.
        public var connectionsMax: Int
        /// How long a reader may take nothing of what waits for it, seconds.
        public var stallPatience: Double

        public init(
            host: String, port: Int, assets: String? = nil, streamsMax: Int = 256, connectionsMax: Int = 1024,
            stallPatience: Double = 20
        ) {
            self.host = host
            self.port = port
            self.assets = assets
            self.streamsMax = streamsMax
            self.connectionsMax = connectionsMax
            self.stallPatience = stallPatience
        }
    }

    let view: any NodeView
    private let configuration: Configuration
    private let log: Logger
    private let onStart: @Sendable (_ host: String, _ port: Int) -> Void

    /// - Parameter onStart: is told the address once the server listens.
    public init(
        _ view: any NodeView, configuration: Configuration, log: Logger,
        onStart: @escaping @Sendable (_ host: String, _ port: Int) -> Void = { _, _ in }
    ) {
        self.view = view
        self.configuration = configuration
        self.log = log
        self.onStart = onStart
    }

    public func run() async throws {
        let (configuration, onStart) = (self.configuration, self.onStart)
        let patience = TimeAmount.nanoseconds(Int64(configuration.stallPatience * 1e9))
        let application = Application(
            router: self.router(),
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [StalledConnection(patience: patience)],
                    idleTimeout: .seconds(30),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 8192, maxHeaderListSize: 16_384, maxHeaderFieldCount: 100))),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: "kumiko",
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.connectionsMax)),
            onServerRunning: { channel in
                // A channel that is closing already has no address, and nothing to show.
                if let port = channel.localAddress?.port { onStart(configuration.host, port) }
            },
            logger: self.log)
        do {
            try await application.run()
        } catch  where !(error is CancellationError) {
            throw CannotServe(
                description: "http://\(configuration.host):\(configuration.port)/ cannot be served: \(error); "
                    + "choose another http.port, or --port 0 for any free one")
        }
    }

    /// All routes; apart from `run` so that tests need no socket.
    func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: Manners())
        if let assets = self.configuration.assets {
            router.add(
                middleware: FileMiddleware(
                    assets, urlBasePath: "/assets", cacheControl: Self.cache(seconds: 86_400), logger: self.log))
        }
        router.add(
            middleware: FileMiddleware(
                Self.mapFolder, cacheControl: Self.cache(seconds: 0), searchForIndexHtml: true, logger: self.log))
        let readers = TrackStream.Readers(most: self.configuration.streamsMax)
        self.addTracks(to: router, readers: readers)
        self.addHistory(to: router)
        self.addRelease(to: router)
        self.addLabels(to: router)
        self.addNode(to: router, readers: readers)
        return router
    }

    private static let mapFolder = Bundle.module.bundleURL.appending(path: "Map").path

    private static func cache(seconds: Int) -> CacheControl {
        CacheControl([(MediaType(type: .any), [seconds == 0 ? .noCache : .maxAge(seconds)])])
    }

    private func addTracks(to router: Router<BasicRequestContext>, readers: TrackStream.Readers) {
        let view = self.view
        router.get("/api/tracks") { request, _ in
            let filter = try TrackFilter(request.uri.queryParameters)
            var source = try PictureSource(view, request)
            if let at = try Self.instant(request) { source = try await PictureSource(source, at: at) }
            let shown = source
            return Self.json(type: "application/geo+json", capacity: 1 << 16) { json in
                TrackJSON.collection(
                    shown.picture.snapshot(), where: filter.passes, beside: shown.besideTrack, to: &json)
            }
        }
        router.get("/api/tracks/stream") { request, _ in
            let source = try PictureSource(view, request)
            return try TrackStream(view: view, source: source, readers: readers)
                .response(hasBody: request.method != .head)
        }
        router.get("/api/tracks/:id") { request, context in
            let id = try Self.trackID(context)
            let source = try PictureSource(view, request)
            guard let track = source.picture.track(id) else { throw Problem.notFound("There is no track \(id) now.") }
            var names: [SensorID: String] = [:]
            for sensor in source.sensors(at: view.now) { names[sensor.id] = sensor.name }
            return Self.json(type: "application/geo+json") { json in
                TrackJSON.feature(track, names: names, beside: source.besideTrack, to: &json)
            }
        }
    }

    private func addHistory(to router: Router<BasicRequestContext>) {
        let view = self.view
        router.get("/api/tracks/:id/history") { request, context in
            let id = try Self.trackID(context)
            guard request.uri.queryParameters["as"] == nil else {
                throw Problem.badRequest("No history is kept of what an audience was shown; leave `as` out.")
            }
            let seconds = try Self.seconds(request.uri.queryParameters["seconds"])
            guard let history = view.history else {
                throw Problem(status: .serviceUnavailable, detail: "This node keeps no history.")
            }
            let now = view.now
            let points: [TrackPoint]
            do {
                points = try await history.points(of: id, in: now.advanced(by: -Double(seconds))...now)
            } catch {
                throw Problem(status: .serviceUnavailable, detail: "History cannot be read: \(error).")
            }
            guard !points.isEmpty || view.picture.track(id) != nil else {
                throw Problem.notFound("Nothing is known of a track \(id).")
            }
            return Self.json(type: "application/geo+json", capacity: 1 << 14) { json in
                TrackJSON.history(id, points, to: &json)
            }
        }
    }

    private static func seconds(_ text: Substring?) throws -> Int {
        guard let text else { return 3600 }
        guard let seconds = Int(text), (1...604_800).contains(seconds) else {
            throw Problem.badRequest("seconds is a whole number from 1 to 604800.")
        }
        return seconds
    }

    static func trackID(_ context: BasicRequestContext) throws -> TrackID {
        let text = context.parameters.get("id") ?? ""
        guard let number = UInt32(text), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            throw Problem.badRequest("A track's number is a whole number from 0 to 4294967295.")
        }
        return TrackID(number)
    }

    private func addNode(to router: Router<BasicRequestContext>, readers: TrackStream.Readers) {
        let view = self.view
        router.get("/api/sensors") { request, _ in
            let source = try PictureSource(view, request)
            return Self.json { json in
                TrackJSON.sensors(
                    source.sensors(at: view.now), now: view.now, beside: source.besideSensor, to: &json)
            }
        }
        router.get("/api/node") { _, _ in
            Self.json { TrackJSON.node(view.info, to: &$0) }
        }
        router.get("/api/federation") { _, _ in
            Self.json { FederationJSON.federation(view.federation, of: view.info, to: &$0) }
        }
        router.get("/data/aircraft.json") { request, _ in
            let feed = request.uri.queryParameters["feed"].map(String.init)
            guard case .live = view.info.realm else {
                throw Problem.notFound("This node is not live, and aircraft.json has no mark for what is not.")
            }
            var isThere = false
            let answer = Self.json(capacity: 1 << 14) { isThere = view.writeAircraft(ofFeed: feed, to: &$0) }
            guard isThere else {
                throw Problem.notFound(
                    feed.map { "There is no feed of Mode S frames named \($0)." }
                        ?? "This node has no feed of Mode S frames.")
            }
            return answer
        }
        router.get("/healthz") { _, _ in
            let trouble = view.trouble
            return Self.json(status: trouble == nil ? .ok : .serviceUnavailable) { json in
                json.beginObject()
                json.key("status")
                json.string(trouble == nil ? "ok" : "trouble")
                if let trouble {
                    json.key("trouble")
                    json.string(trouble)
                }
                json.endObject()
            }
        }
        router.get("/metrics") { _, _ in
            let streams = Metric(
                "kumiko_http_streams", .gauge, Double(readers.now), help: "Event streams that are open.")
            return Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: PrometheusText.of(view.metrics + [streams]))))
        }
        router.get("/api/openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-cache"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: OpenAPI.document)))
        }
    }

    static func json(
        status: HTTPResponse.Status = .ok, type: String = "application/json", capacity: Int = 4096,
        _ write: (inout JSONWriter) -> Void
    ) -> Response {
        var json = JSONWriter(capacity: capacity)
        write(&json)
        return Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(json)))
    }
}

/// Why the server does not run: the address and what to do.
public struct CannotServe: Error, CustomStringConvertible {
    public let description: String
}
