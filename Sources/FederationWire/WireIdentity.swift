public import Identity
import NIOCore
import NIOSSL
import Synchronization

/// Where a node is reached.
public struct WireAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name, or an address of IP version 4 or 6.
    public var host: String
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String {
        self.host.utf8.contains(0x3A) ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }
}

/// What a node shows and whom it lets in, as they are now.
public struct WireIdentity: Sendable {
    /// The node's certificate and private key.
    public var tls: TLSIdentity
    /// Who decides about others.
    public var judge: PeerJudge

    public init(tls: TLSIdentity, judge: PeerJudge) {
        self.tls = tls
        self.judge = judge
    }
}

/// The TLS library's form of a node's certificate and key, made once for each certificate.
final class TLSContexts: Sendable {
    enum Side: Sendable {
        case server, client
    }

    private let side: Side
    private let made = Mutex<(serial: SerialNumber, context: NIOSSLContext)?>(nil)

    init(_ side: Side) { self.side = side }

    /// - Throws: when the library does not take the certificate or the key.
    func context(_ tls: TLSIdentity) throws -> NIOSSLContext {
        try self.made.withLock { made in
            if let made, made.serial == tls.serial { return made.context }
            let context = try NIOSSLContext(configuration: Self.configuration(self.side, tls))
            made = (tls.serial, context)
            return context
        }
    }

    private static func configuration(_ side: Side, _ tls: TLSIdentity) throws -> TLSConfiguration {
        let chain = try tls.chain.map {
            NIOSSLCertificateSource.certificate(try NIOSSLCertificate(bytes: $0, format: .der))
        }
        let key = NIOSSLPrivateKeySource.privateKey(try NIOSSLPrivateKey(bytes: Array(tls.keyPEM.utf8), format: .pem))
        var configuration: TLSConfiguration
        switch side {
        case .server:
            configuration = .makeServerConfiguration(certificateChain: chain, privateKey: key)
        case .client:
            configuration = .makeClientConfiguration()
            configuration.certificateChain = chain
            configuration.privateKey = key
        }
        configuration.minimumTLSVersion = .tlsv13
        configuration.maximumTLSVersion = .tlsv13
        // Both sides must show a certificate; `PeerJudge` decides about it in the place of the library, host names and the
        // system's authorities play no part.
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates([])
        configuration.applicationProtocols = ["h2"]
        configuration.renegotiationSupport = .none
        configuration.shutdownTimeout = .seconds(1)
        return configuration
    }
}
