/// What one partner, or a stranger, may take of a node.
///
/// The sizes of messages are not here: they are the protocol's, and stand in `federation.proto`.
public struct WireLimits: Hashable, Sendable {
    /// Connections at once, of all.
    public var connections = 256
    /// Connections at once from one address.
    public var connectionsPerAddress = 16
    /// Connections at once with the certificates of one nation; one more displaces the oldest, so that a partner whose old
    /// connections hang can come back.
    public var connectionsPerNation = 4
    /// Streams at once on one connection.
    public var streamsPerConnection = 2
    /// From the first octet of a connection to the end of its TLS handshake.
    public var handshake: Duration = .seconds(5)
    /// From there to the first `hello` that holds, and from the end of one stream to the next.
    public var hello: Duration = .seconds(10)
    /// From dialling to the partner's first message.
    public var welcome: Duration = .seconds(15)
    /// Silence on a connection after which a ping goes out.
    public var keepAlive: Duration = .seconds(10)
    /// And from the ping to the end of the connection.
    public var keepAliveTimeout: Duration = .seconds(5)
    /// From the end of a link to the end of its connection, so that the refusal can still be read.
    public var farewell: Duration = .seconds(1)
    /// How often certificates of open connections are held against the judge again.
    public var review: Duration = .seconds(30)
    /// Messages that wait on one link before bulk ones: control and urgent. One more ends the link.
    public var waiting = 2048
    /// Bulk messages that wait on one link; the core sends one at a time.
    public var waitingBulk = 8
    /// Octets of a stream that may be on their way unread.
    public var window = 2 << 20

    public init() {}
}

/// When to dial again: 0.2 s, doubled each time up to 5 s, and half of it left to chance, so that nodes that lost each other at
/// once do not all come back at once.
struct Backoff: Sendable {
    private var base = Self.shortest

    static let shortest = Duration.milliseconds(200)
    static let longest = Duration.seconds(5)

    /// The next pause.
    ///
    /// - Parameter chance: 0 ..< 1.
    mutating func next(chance: Double) -> Duration {
        let base = self.base
        self.base = min(base * 2, Self.longest)
        let part = chance.isFinite ? max(0, min(1, chance)) : 0
        return max(Self.shortest, base * (0.5 + part / 2))
    }

    /// The link stood.
    mutating func reset() { self.base = Self.shortest }

    /// Somebody else has the place: no hurry.
    mutating func exhaust() { self.base = Self.longest }
}
