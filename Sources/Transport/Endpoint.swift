/// A place to bind to or to connect to, as a configuration writes it: `host:port`, `[v6 address]:port`.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// A name or a numeric address.
    public var host: String
    /// 0...65535; 0 asks the system for a free one when binding.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`; an IPv6 address stands in brackets. Anything else is nil.
    public init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.first == "[" {
            guard host.last == "]" else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: Int(port))
    }

    public var description: String {
        self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }
}

/// The numeric address of a peer, stored inline: no reference, no allocation per datagram.
public struct PeerAddress: Hashable, Sendable {
    /// The sixteen bytes of an IPv6 address, high and low, network order; an IPv4 address is mapped (`::ffff:a.b.c.d`).
    public let high: UInt64
    public let low: UInt64
    /// The port.
    public let port: UInt16

    public init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
    }

    /// No peer known.
    public static let none = PeerAddress(high: 0, low: 0, port: 0)

    /// Whether it is an IPv4 address.
    public var isIPv4: Bool { self.high == 0 && self.low >> 32 == 0xFFFF }
}

extension PeerAddress: CustomStringConvertible {
    /// `a.b.c.d:port`, or `[x:x:x:x:x:x:x:x]:port` with no groups left out.
    public var description: String {
        if self.isIPv4 {
            let quads = (0..<4).map { String(self.low >> (24 - 8 * UInt64($0)) & 0xFF) }
            return "\(quads.joined(separator: ".")):\(self.port)"
        }
        let groups = (0..<8).map { group in
            String((group < 4 ? self.high : self.low) >> (48 - 16 * UInt64(group & 3)) & 0xFFFF, radix: 16)
        }
        return "[\(groups.joined(separator: ":"))]:\(self.port)"
    }
}
