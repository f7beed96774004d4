internal import Glibc
internal import NIOCore
internal import NIOPosix

/// What an error says, for people.
func reason(_ error: any Error) -> String {
    if let error = error as? IOError { return unsafe String(cString: strerror(error.errnoCode)) }
    if let error = error as? NIOConnectionError {
        let reasons = error.connectionErrors.map { reason($0.error) }
        if let first = reasons.first { return first }
        if let failure = error.dnsAError ?? error.dnsAAAAError { return "the name cannot be resolved (\(failure))" }
    }
    if let error = error as? ChannelError, case .connectTimeout = error { return "no answer in time" }
    return "\(error)"
}

extension SocketAddress {
    /// The numeric address of an endpoint; a name is looked up on a thread that may block.
    static func resolved(_ endpoint: Endpoint) async throws(TransportError) -> SocketAddress {
        do {
            if let numeric = try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port) { return numeric }
            return try await NIOThreadPool.singleton.runIfActive {
                try SocketAddress.makeAddressResolvingHost(endpoint.host, port: endpoint.port)
            }
        } catch {
            throw .unresolvable(endpoint, reason: "\(error)")
        }
    }
}

/// The number of the network interface of that name.
func interfaceIndex(_ name: String) throws(TransportError) -> UInt32 {
    let index = unsafe if_nametoindex(name)
    guard index > 0 else {
        let present = (try? System.enumerateDevices().map(\.name)) ?? []
        throw .noInterface(name, present: Set(present).sorted())
    }
    return index
}

extension PeerAddress {
    /// The address of a socket; a path has none.
    init(_ address: SocketAddress) {
        self = unsafe address.withSockAddr { pointer, size in
            unsafe PeerAddress(UnsafeRawBufferPointer(start: pointer, count: size))
        }
    }

    /// The address that the system has written.
    ///
    ///     sockaddr_in   | family 2 | port 2 | address 4 |
    ///     sockaddr_in6  | family 2 | port 2 | flow 4 | address 16 | scope 4 |     port and address in network order
    @inline(__always) init(_ bytes: UnsafeRawBufferPointer) {
        func word<Word: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _: Word.Type) -> Word {
            unsafe Word(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Word.self))
        }
        let family = Int32(UInt16(bigEndian: word(0, UInt16.self)))
        if family == AF_INET, bytes.count >= 8 {
            self.init(high: 0, low: 0xFFFF << 32 | UInt64(word(4, UInt32.self)), port: word(2, UInt16.self))
        } else if family == AF_INET6, bytes.count >= 24 {
            self.init(high: word(8, UInt64.self), low: word(16, UInt64.self), port: word(2, UInt16.self))
        } else {
            self = .none
        }
    }
}

extension SocketAddress {
    /// The address of a peer, where there is one.
    init?(_ peer: PeerAddress) {
        guard peer != .none else { return nil }
        var bytes = ByteBuffer()
        if peer.isIPv4 {
            bytes.writeInteger(UInt32(truncatingIfNeeded: peer.low))
        } else {
            bytes.writeInteger(peer.high)
            bytes.writeInteger(peer.low)
        }
        guard let address = try? SocketAddress(packedIPAddress: bytes, port: Int(peer.port)) else { return nil }
        self = address
    }
}
