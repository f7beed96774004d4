public import Air
internal import Ledger

/// Which node of which nation, in which world: what a certificate says in its subject alternative name.
///
/// Written `kumiko://jp/live/kasuga` or `kumiko://jp/exercise/Keen%20Sword/kasuga`; the parts are those of a lane's origin.
/// The nation stands where a URI has its host, so that a name constraint (RFC 5280 §4.2.1.10) binds an authority to it.
public struct NodeName: Hashable, Sendable, CustomStringConvertible {
    /// Whose node.
    public let nation: Nation
    /// In which world.
    public let realm: Realm
    /// Its name: small letters, digits, hyphens and full stops, at most 64.
    public let node: String
    /// The URI.
    public let uri: String

    /// A name by its parts; nil when the node is no token, or the exercise has no name that can be written.
    public init?(nation: Nation, realm: Realm, node: String) {
        guard let lane = Lane(nation: nation, realm: realm, audience: node) else { return nil }
        self.nation = nation
        self.realm = realm
        self.node = node
        self.uri = "kumiko://" + lane.origin.dropFirst("kumiko/".count)
    }

    /// Reads a URI; nil unless it is written as `uri` writes it.
    public init?(uri: String) {
        guard uri.utf8.starts(with: "kumiko://".utf8), uri.utf8.count < 512,
            let lane = Lane(origin: "kumiko/" + uri.dropFirst("kumiko://".count))
        else { return nil }
        self.init(nation: lane.nation, realm: lane.realm, node: lane.audience)
    }

    public var description: String { self.uri }

    /// The URI of a nation in a realm, which is the name of its authority: `kumiko://jp/live`.
    static func authority(_ nation: Nation, _ realm: Realm) -> String {
        "kumiko://" + Lane.domain(nation, realm).dropFirst("kumiko/".count)
    }

    /// A realm as it stands in a URI and in files: `live`, `test`, `exercise/Keen%20Sword`.
    ///
    /// Realms are compared by this: two names of an exercise that look alike, é of one code point and of two, are equal as text
    /// but have other keys.
    static func text(of realm: Realm) -> String {
        // Of any nation: `kumiko/jp/` is as long for all.
        guard let nation = Nation("jp") else { return "" }
        return String(Lane.domain(nation, realm).dropFirst("kumiko/jp/".count))
    }

    /// Reads a realm as `text` writes it.
    static func realm(_ text: String) -> Realm? { Lane(origin: "kumiko/jp/\(text)/a")?.realm }
}

/// The number that an authority gave a certificate.
public struct SerialNumber: Hashable, Sendable, CustomStringConvertible {
    /// Big-endian, without leading zeroes, so that one number has one form.
    public let octets: [UInt8]

    init(_ octets: some Sequence<UInt8>) { self.octets = Array(octets.drop { $0 == 0 }) }

    /// Reads hexadecimal digits, as this or another program shows them; colons and the case of letters do not count. Nil for
    /// anything else, for zero, and for more than the 20 octets of RFC 5280 §4.1.2.2.
    public init?(_ text: some StringProtocol) {
        guard let octets = Hexadecimal.decode(text.lowercased().filter { $0 != ":" }), octets.count <= 21 else {
            return nil
        }
        self.init(octets)
        guard 1...20 ~= self.octets.count else { return nil }
    }

    /// Pairs of digits.
    public var description: String { Hexadecimal.encode(self.octets) }
}

/// SHA-256 over the DER of an authority's certificate: what two people compare by voice.
///
/// The same as `openssl x509 -fingerprint -sha256` shows.
public struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    /// The 32 octets.
    public let octets: [UInt8]

    init(of der: [UInt8]) { self.octets = LedgerHash(hashing: der.span).octets }

    /// Reads 64 hexadecimal digits; spaces, colons, ends of lines and the case of letters do not count. Nil for any other.
    public init?(_ text: some StringProtocol) {
        let digits = text.lowercased().filter { $0 != " " && $0 != ":" && $0 != "\n" }
        guard let octets = Hexadecimal.decode(digits), octets.count == 32 else { return nil }
        self.octets = octets
    }

    /// Sixteen groups of four digits.
    public var description: String {
        let digits = Hexadecimal.encode(self.octets)
        return stride(from: 0, to: 64, by: 4).map { String(digits.dropFirst($0).prefix(4)) }.joined(separator: " ")
    }

    /// The 64 digits without a gap, as files have them.
    var digits: String { Hexadecimal.encode(self.octets) }
}
