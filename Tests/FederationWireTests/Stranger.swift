import Federation
import GRPCCore
import GRPCNIOTransportHTTP2
import GRPCProtobuf
import Identity
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

@testable import FederationWire

/// A client that keeps no rule but those it is given.
struct Stranger: Sendable {
    var tls: TLSIdentity?
    var versions: (least: TLSVersion, most: TLSVersion) = (.tlsv13, .tlsv13)
    var protocols = ["h2"]

    private func handler() throws -> NIOSSLClientHandler {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = self.versions.least
        configuration.maximumTLSVersion = self.versions.most
        configuration.applicationProtocols = self.protocols
        configuration.shutdownTimeout = .milliseconds(100)
        if let tls = self.tls {
            configuration.certificateChain = try tls.chain.map {
                .certificate(try NIOSSLCertificate(bytes: $0, format: .der))
            }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(tls.keyPEM.utf8), format: .pem))
        }
        return try NIOSSLClientHandler(
            context: NIOSSLContext(configuration: configuration), serverHostname: nil,
            customVerificationCallback: { _, promise in promise.succeed(.certificateVerified) })
    }

    /// Calls a method, with whatever it is given to say, and hands on what comes back.
    func call<Result: Sendable>(
        _ method: MethodDescriptor, at address: WireAddress,
        saying: @escaping @Sendable (RPCWriter<Kumiko_Federation_V1_Request>) async throws -> Void,
        _ hear: @escaping @Sendable (RPCAsyncSequence<Kumiko_Federation_V1_Delivery, any Error>) async throws -> Result
    ) async throws -> Result {
        let transport = try await self.transport(address)
        return try await withGRPCClient(transport: transport) { client in
            try await Self.call(client, method, saying: saying, hear)
        }
    }

    static func call<Result: Sendable>(
        _ client: GRPCClient<HTTP2ClientTransport.WrappedChannel>, _ method: MethodDescriptor,
        saying: @escaping @Sendable (RPCWriter<Kumiko_Federation_V1_Request>) async throws -> Void,
        _ hear: @escaping @Sendable (RPCAsyncSequence<Kumiko_Federation_V1_Delivery, any Error>) async throws -> Result
    ) async throws -> Result {
        try await client.bidirectionalStreaming(
            request: StreamingClientRequest(producer: saying), descriptor: method,
            serializer: ProtobufSerializer<Kumiko_Federation_V1_Request>(),
            deserializer: ProtobufDeserializer<Kumiko_Federation_V1_Delivery>(), options: .defaults
        ) { try await hear($0.messages) }
    }

    /// A connection, which is not made before something runs it.
    private func transport(_ address: WireAddress) async throws -> HTTP2ClientTransport.WrappedChannel {
        try await HTTP2ClientTransport.WrappedChannel.wrapping { configure in
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: address.host, port: address.port) { new in
                    new.eventLoop.makeCompletedFuture {
                        try new.pipeline.syncOperations.addHandler(self.handler())
                    }.flatMap { configure(new) }
                }
        }
    }

    /// Says something and waits for the first answer, or the end.
    func ask(
        _ requests: [Kumiko_Federation_V1_Request], at address: WireAddress,
        method: MethodDescriptor = Kumiko_Federation_V1_Federation.Method.Receive.descriptor
    ) async throws -> Delivery? {
        try await self.call(method, at: address) { writer in
            for request in requests { try await writer.write(request) }
            try await Task.sleep(for: .seconds(20))
        } _: { messages in
            for try await message in messages { return try Delivery(message) }
            return nil
        }
    }

    /// Octets behind TLS, or without it, as they are; waits until the other end closes, and says what came.
    func throwBytes(
        _ parts: [[UInt8]], at address: WireAddress, withTLS: Bool = true, pause: Duration = .zero,
        atMost: Duration = .seconds(12)
    ) async throws -> [UInt8] {
        let collector = Box<[UInt8]>([])
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if withTLS { try channel.pipeline.syncOperations.addHandler(self.handler()) }
                    try channel.pipeline.syncOperations.addHandler(Collecting(collector))
                }
            }
            .connect(host: address.host, port: address.port).get()
        for part in parts {
            try? await channel.writeAndFlush(ByteBuffer(bytes: part)).get()
            if pause > .zero { try await Task.sleep(for: pause) }
        }
        let end = channel.eventLoop.scheduleTask(in: TimeAmount(atMost)) { channel.close(promise: nil) }
        try await channel.closeFuture.get()
        end.cancel()
        return collector.value
    }
}

/// A value that tasks share.
final class Box<Value: Sendable>: Sendable {
    private let held: Mutex<Value>

    init(_ value: Value) { self.held = Mutex(value) }

    var value: Value { self.held.withLock { $0 } }

    func change(_ body: (inout Value) -> Void) {
        self.held.withLock { held in
            var value = held
            body(&value)
            held = value
        }
    }
}

private final class Collecting: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let collector: Box<[UInt8]>

    init(_ collector: Box<[UInt8]>) { self.collector = collector }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = self.unwrapInboundIn(data)
        self.collector.change { $0 += buffer.readableBytesView }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

extension FederationLinks {
    /// Waits until something was refused for this reason.
    func refused(_ refusal: WireRefusal, times: UInt64 = 1) async -> Bool {
        for _ in 0..<5000 {
            if self.counters[refusal] >= times { return true }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return false
    }
}
