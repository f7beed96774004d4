public import Air

/// One log: what a nation says to an audience, in a realm.
///
/// Its origin line is `kumiko/jp/live/au`, or `kumiko/jp/exercise/NAME/au`, with the octets of `NAME` other than letters,
/// digits and `-._~` written `%XX`.
public struct Lane: Hashable, Sendable, CustomStringConvertible {
    /// Who writes it.
    public let nation: Nation
    /// Of which world.
    public let realm: Realm
    /// For whom: the code of a nation, or the name of a grouping.
    public let audience: String
    /// The origin line of the log's heads, and the name of its key.
    public let origin: String

    /// A lane; nil when the audience is no token (small letters, digits, hyphens, at most 64), or the name of the exercise
    /// is empty or longer than 64 octets.
    public init?(nation: Nation, realm: Realm, audience: String) {
        guard Self.isToken(audience) else { return nil }
        if case .exercise(let name) = realm, !(1...64 ~= name.utf8.count) { return nil }
        self.nation = nation
        self.realm = realm
        self.audience = audience
        self.origin = Self.domain(nation, realm) + "/" + audience
    }

    /// Reads an origin line; nil unless it is written as `origin` writes it.
    public init?(origin: String) {
        let parts = origin.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 4, parts[0] == "kumiko", let nation = Nation(parts[1]) else { return nil }
        let realm: Realm
        switch (parts[2], parts.count) {
        case ("live", 4): realm = .live
        case ("test", 4): realm = .test
        case ("exercise", 5):
            guard let name = Self.unescaped(parts[3]) else { return nil }
            realm = .exercise(name)
        default: return nil
        }
        guard let lane = Self(nation: nation, realm: realm, audience: parts[parts.count - 1]),
            lane.origin.utf8.elementsEqual(origin.utf8)
        else { return nil }
        self = lane
    }

    public var description: String { self.origin }

    /// The name of the key with which a nation cosigns in a realm, for example `kumiko/au/live`.
    public static func domain(_ nation: Nation, _ realm: Realm) -> String {
        switch realm {
        case .live: "kumiko/\(nation)/live"
        case .test: "kumiko/\(nation)/test"
        case .exercise(let name): "kumiko/\(nation)/exercise/" + Self.escaped(name)
        }
    }

    /// The name of the key with which a node signs entries, for example `kumiko/jp/live/node/kasuga`.
    static func nodeKeyName(_ nation: Nation, _ realm: Realm, _ node: String) -> String {
        Self.domain(nation, realm) + "/node/" + node
    }

    /// Small letters, digits, hyphens and full stops, 1 to 64, a letter or digit first.
    static func isToken(_ text: String) -> Bool {
        guard 1...64 ~= text.utf8.count, let first = text.utf8.first, first != UInt8(ascii: "-"),
            first != UInt8(ascii: ".")
        else { return false }
        return text.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
    }

    private static func escaped(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for octet in name.utf8 {
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                text.append(octet)
            default: text += [UInt8(ascii: "%"), digits[Int(octet >> 4)], digits[Int(octet & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func unescaped(_ text: String) -> String? {
        var octets: [UInt8] = []
        var rest = text.utf8[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "%") else {
                octets.append(octet)
                continue
            }
            guard let pair = String(rest.prefix(2)), let value = UInt8(pair, radix: 16) else { return nil }
            octets.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: octets, as: UTF8.self)
    }
}
