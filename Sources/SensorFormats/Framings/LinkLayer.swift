/// From a captured packet to the payload of UDP in it.
///
/// Sources: IEEE 802.3, 802.1Q, 802.1ad; tcpdump.org link-layer header types; RFC 791, 8200, 768.
enum LinkLayer {
    enum Content {
        case datagram(Range<Int>, RecordedEndpoint)
        case fragment(Fragment)
        case other
    }

    static func datagram(_ bytes: Span<UInt8>, _ range: Range<Int>, linkType: UInt32) -> Content {
        let start = range.lowerBound
        let end = range.upperBound
        switch linkType {
        case 1:  // Ethernet
            guard start + 14 <= end else { return .other }
            return self.tagged(bytes, bigEndian16(bytes, start + 12), at: start + 14, to: end)
        case 113:  // Linux cooked
            guard start + 16 <= end else { return .other }
            return self.tagged(bytes, bigEndian16(bytes, start + 14), at: start + 16, to: end)
        case 276:  // Linux cooked, version 2
            guard start + 20 <= end else { return .other }
            return self.tagged(bytes, bigEndian16(bytes, start), at: start + 20, to: end)
        case 0, 108:  // Loopback of BSD: an address family in the byte order of the host or of the network
            return self.internet(bytes, at: start + 4, to: end)
        case 12, 14, 101, 228, 229:  // IP without anything before it
            return self.internet(bytes, at: start, to: end)
        default: return .other
        }
    }

    /// Passes over VLAN tags, one in another too.
    private static func tagged(_ bytes: Span<UInt8>, _ type: UInt16, at: Int, to end: Int) -> Content {
        var type = type
        var at = at
        while type == 0x8100 || type == 0x88A8 || type == 0x9100 {
            guard at + 4 <= end else { return .other }
            type = bigEndian16(bytes, at + 2)
            at += 4
        }
        return type == 0x0800 || type == 0x86DD ? self.internet(bytes, at: at, to: end) : .other
    }

    private static func internet(_ bytes: Span<UInt8>, at: Int, to end: Int) -> Content {
        guard at < end else { return .other }
        switch bytes[at] >> 4 {
        case 4: return self.internet4(bytes, at: at, to: end)
        case 6: return self.internet6(bytes, at: at, to: end)
        default: return .other
        }
    }

    private static func internet4(_ bytes: Span<UInt8>, at: Int, to end: Int) -> Content {
        guard at + 20 <= end, bytes[at + 9] == 17 else { return .other }
        let header = Int(bytes[at] & 15) * 4
        let total = Int(bigEndian16(bytes, at + 2))
        guard header >= 20 else { return .other }
        // Short frames are padded behind the datagram; a length of zero is left to be filled in by the card.
        let limit = total >= header ? min(end, at + total) : end
        guard at + header <= limit else { return .other }
        let place = bigEndian16(bytes, at + 6)
        // More fragments, or an offset. What the card or the recorder cut off cannot be put together.
        if place & 0x3FFF != 0 {
            guard total >= header, at + total <= end else { return .other }
            return .fragment(
                Fragment(
                    key: Fragment.Key(
                        source: (0, UInt64(bigEndian32(bytes, at + 12))),
                        target: (0, UInt64(bigEndian32(bytes, at + 16))),
                        identification: UInt32(bigEndian16(bytes, at + 4)), isIPv6: false),
                    payload: at + header..<limit, place: Int(place & 0x1FFF) * 8, hasMore: place & 0x2000 != 0))
        }
        return self.user(
            bytes, at: at + header, to: limit, upper: 0, lower: UInt64(bigEndian32(bytes, at + 16)), isIPv6: false)
    }

    private static func internet6(_ bytes: Span<UInt8>, at: Int, to end: Int) -> Content {
        guard at + 40 <= end else { return .other }
        // A length of zero is left to be filled in by the card.
        let length = Int(bigEndian16(bytes, at + 4))
        let limit = length > 0 ? min(end, at + 40 + length) : end
        var next = bytes[at + 6]
        var header = at + 40
        while next != 17 {
            guard header + 8 <= limit else { return .other }
            switch next {
            case 0, 43, 60:
                next = bytes[header]
                header += (Int(bytes[header + 1]) + 1) * 8
            case 44:
                let place = bigEndian16(bytes, header + 2)
                if place & 0xFFF9 != 0 {
                    guard bytes[header] == 17, length > 0, at + 40 + length <= end else { return .other }
                    return .fragment(
                        Fragment(
                            key: Fragment.Key(
                                source: (self.double(bytes, at + 8), self.double(bytes, at + 16)),
                                target: (self.double(bytes, at + 24), self.double(bytes, at + 32)),
                                identification: bigEndian32(bytes, header + 4), isIPv6: true),
                            payload: header + 8..<limit, place: Int(place & 0xFFF8), hasMore: place & 1 != 0))
                }
                next = bytes[header]
                header += 8
            default: return .other
            }
        }
        return self.user(
            bytes, at: header, to: limit, upper: self.double(bytes, at + 24), lower: self.double(bytes, at + 32),
            isIPv6: true)
    }

    private static func double(_ bytes: Span<UInt8>, _ at: Int) -> UInt64 {
        UInt64(bigEndian32(bytes, at)) << 32 | UInt64(bigEndian32(bytes, at + 4))
    }

    /// The payload of UDP, whose header stands at `at`.
    static func user(
        _ bytes: Span<UInt8>, at: Int, to end: Int, upper: UInt64, lower: UInt64, isIPv6: Bool
    ) -> Content {
        guard at + 8 <= end else { return .other }
        let length = Int(bigEndian16(bytes, at + 4))
        let limit = length >= 8 ? min(end, at + length) : end
        let port = bigEndian16(bytes, at + 2)
        return .datagram(
            at + 8..<limit, RecordedEndpoint(upper: upper, lower: lower, isIPv6: isIPv6, port: port))
    }
}
