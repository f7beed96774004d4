public import Identity
import Synchronization

/// Why a connection, stream or link was refused or ended; the name is the one under which it is counted.
public enum WireRefusal: Hashable, Sendable, CustomStringConvertible {
    /// Its certificate does not hold.
    case peer(PeerRefusal)
    /// Its certificate held when it came, and does no more.
    case outlived(PeerRefusal)
    case tooManyConnections
    case tooManyOfAddress
    /// More streams at once on one connection than there may be: the connection ends.
    case tooManyStreams
    /// A newer connection of its nation took its place.
    case displaced
    case handshakeTimeout
    /// Octets that are no TLS: plain text, HTTP/1.
    case notTLS
    /// It speaks no TLS 1.3.
    case oldTLS
    /// Another failure of the handshake.
    case handshakeFailed
    /// It did not ask for HTTP/2.
    case noHTTP2
    /// No `hello` in time.
    case noHello
    /// `hello` says another nation, node or realm than the certificate, or came not first.
    case wrongHello
    /// Octets that are no message of the description.
    case malformed
    /// A message longer than its limit, or compressed.
    case badFrame
    case unknownMethod
    /// The partner does not read what is said to it.
    case overrun

    /// The name under which it is counted: `peer_expired`.
    public var description: String {
        switch self {
        case .peer(let refusal): "peer_\(refusal.rawValue)"
        case .outlived(let refusal): "outlived_\(refusal.rawValue)"
        case .tooManyConnections: "too_many_connections"
        case .tooManyOfAddress: "too_many_of_address"
        case .tooManyStreams: "too_many_streams"
        case .displaced: "displaced"
        case .handshakeTimeout: "handshake_timeout"
        case .notTLS: "not_tls"
        case .oldTLS: "old_tls"
        case .handshakeFailed: "handshake_failed"
        case .noHTTP2: "no_http2"
        case .noHello: "no_hello"
        case .wrongHello: "wrong_hello"
        case .malformed: "malformed"
        case .badFrame: "bad_frame"
        case .unknownMethod: "unknown_method"
        case .overrun: "overrun"
        }
    }
}

/// How often what was refused.
public final class WireCounters: Sendable {
    private let counts = Mutex<[WireRefusal: UInt64]>([:])

    public init() {}

    func count(_ refusal: WireRefusal) {
        self.counts.withLock { $0[refusal, default: 0] &+= 1 }
    }

    /// How often it was refused for this.
    public subscript(refusal: WireRefusal) -> UInt64 { self.counts.withLock { $0[refusal] ?? 0 } }

    /// All that happened, by name.
    public var all: [(name: String, count: UInt64)] {
        self.counts.withLock { $0.map { (name: $0.key.description, count: $0.value) } }.sorted { $0.name < $1.name }
    }
}
