/// How Remote ID travels.
public enum RemoteIDFraming: UInt8, Hashable, Sendable, CaseIterable {
    /// A message of 25 bytes, or a pack, and nothing around it.
    case message
    /// The data of a Bluetooth advertisement: structures of length, type and contents.
    case bluetooth
    /// A management frame of IEEE 802.11 without radio header and check sum: beacon or NAN service discovery.
    case wifi
}

/// What stands around a message or pack.
public struct RemoteIDFrame: Hashable, Sendable {
    /// Address of the transmitter, 48 bits, where the frame has it.
    public var transmitter: UInt64?
    /// Running number of the messages, where the frame has it.
    public var counter: UInt8?
    /// The message or pack, as a range of the frame.
    public var payload: Range<Int>

    /// Finds the message or pack in a frame.
    ///
    ///     Bluetooth: | length | 0x16 | 0xFA 0xFF | 0x0D | counter | message … |
    ///     beacon:    header 24, fixed 12, elements; of them | 0xDD | length | FA 0B BC | 0x0D | counter | pack |
    ///     NAN:       header 24, 04 09 50 6F 9A 13, attributes; of them
    ///                | 3 | length 2 | 88 69 19 9D 92 09 | 1 | 0 | control | length | counter | pack |
    ///
    /// - Throws: `RemoteIDFault.noRemoteID` or `.truncated`.
    ///
    /// Source: ASTM F3411-22a, section 5.4 (5.4.9: beacon); values as in opendroneid-core-c.
    public static func read(_ bytes: Span<UInt8>, _ framing: RemoteIDFraming) throws(RemoteIDFault) -> RemoteIDFrame {
        switch framing {
        case .message: RemoteIDFrame(payload: 0..<bytes.count)
        case .bluetooth: try self.readBluetooth(bytes)
        case .wifi: try self.readWifi(bytes)
        }
    }

    private static func readBluetooth(_ bytes: Span<UInt8>) throws(RemoteIDFault) -> RemoteIDFrame {
        var at = 0
        while at + 1 < bytes.count, bytes[at] > 0 {
            let end = at + 1 + Int(bytes[at])
            guard end <= bytes.count else { throw .truncated }
            if matches(bytes, at + 1, 0x16FA_FF0D, 4, before: end), end - at > 6 {
                return RemoteIDFrame(counter: bytes[at + 5], payload: (at + 6)..<end)
            }
            at = end
        }
        throw .noRemoteID
    }

    private static func readWifi(_ bytes: Span<UInt8>) throws(RemoteIDFault) -> RemoteIDFrame {
        guard bytes.count >= 24 else { throw .truncated }
        let transmitter = (10..<16).reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[$1]) }
        switch bytes[0] {
        case 0x80:
            var at = 36
            while at + 1 < bytes.count {
                let end = at + 2 + Int(bytes[at + 1])
                guard end <= bytes.count else { throw .truncated }
                if bytes[at] == 0xDD, matches(bytes, at + 2, 0xFA0B_BC0D, 4, before: end), end - at > 7 {
                    return RemoteIDFrame(transmitter: transmitter, counter: bytes[at + 6], payload: (at + 7)..<end)
                }
                at = end
            }
        case 0xD0:
            guard matches(bytes, 24, 0x0409_506F_9A13, 6, before: bytes.count) else {
                throw .noRemoteID
            }
            var at = 30
            while at + 2 < bytes.count {
                let end = at + 3 + Int(bytes[at + 1]) + Int(bytes[at + 2]) << 8
                guard end <= bytes.count else { throw .truncated }
                // Identifier of the service, instance, requestor, control, length of what follows, counter.
                if bytes[at] == 3, matches(bytes, at + 3, 0x8869_199D_9209, 6, before: end),
                    end - at > 14
                {
                    let length = Int(bytes[at + 12])
                    guard length > 1, at + 13 + length <= end else { throw .truncated }
                    return RemoteIDFrame(
                        transmitter: transmitter, counter: bytes[at + 13], payload: (at + 14)..<(at + 13 + length))
                }
                at = end
            }
        default: break
        }
        throw .noRemoteID
    }

    /// Whether the lowest `count` bytes of a number stand at a place, the highest first.
    private static func matches(_ bytes: Span<UInt8>, _ at: Int, _ pattern: UInt64, _ count: Int, before end: Int)
        -> Bool
    {
        guard at + count <= min(end, bytes.count) else { return false }
        var value: UInt64 = 0
        for i in 0..<count { value = value << 8 | UInt64(bytes[at + i]) }
        return value == pattern
    }

    /// The structure of a Bluetooth advertisement around a message or pack; nil if it is too long for one.
    public static func bluetooth(_ payload: [UInt8], counter: UInt8) -> [UInt8]? {
        guard payload.count <= 250 else { return nil }
        return [UInt8(payload.count + 5), 0x16, 0xFA, 0xFF, 0x0D, counter] + payload
    }

    /// The vendor's element of a beacon around a pack; nil if it is too long for one.
    public static func beaconElement(_ payload: [UInt8], counter: UInt8) -> [UInt8]? {
        guard payload.count <= 250 else { return nil }
        return [0xDD, UInt8(payload.count + 5), 0xFA, 0x0B, 0xBC, 0x0D, counter] + payload
    }
}
