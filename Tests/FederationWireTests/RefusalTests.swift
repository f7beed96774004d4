import Air
import Federation
import GRPCCore
import Identity
import NIOCore
import NIOSSL
import SwiftProtobuf
import Synchronization
import Testing
import WireTrials

@testable import FederationWire

/// Who may come to a node's door.
enum Caller: String, CaseIterable, CustomTestStringConvertible {
    case partner
    case nobody
    case forgedAuthority
    case ownNation
    case unknownNation
    case expired
    case revokedByItsNation
    case revokedHere
    case revokedNation
    case otherRealm

    var testDescription: String { self.rawValue }

    /// Under which name it is refused; nil for who is let in.
    var refusal: WireRefusal? {
        switch self {
        case .partner: nil
        case .nobody: .peer(.noCertificate)
        case .forgedAuthority: .peer(.wrongIssuer)
        case .ownNation: .peer(.ownNation)
        case .unknownNation: .peer(.unknownNation)
        case .expired: .peer(.expired)
        case .revokedByItsNation: .peer(.revoked)
        case .revokedHere: .peer(.denied)
        case .revokedNation: .peer(.nationRevoked)
        case .otherRealm: .peer(.otherRealm)
        }
    }
}

/// A node of Japan that answers each `hello`, and those who come.
struct Gate {
    let founding: Founding
    let site: Site
    let server: FederationServer
    let callers: [Caller: TLSIdentity]
    let partner: NationFolder

    init(limits: WireLimits = WireLimits()) throws {
        let founding = try Founding()
        var jp = try founding.nation("jp"), callers: [Caller: TLSIdentity] = [:]
        let partner = try founding.nation("au")
        try jp.meet(partner)
        callers[.partner] = partner.tls
        callers[.forgedAuthority] = try founding.nation("au", folder: "au-forged").tls
        callers[.ownNation] = try founding.nation("jp", folder: "jp-2").tls
        callers[.unknownNation] = try founding.nation("kr").tls
        callers[.otherRealm] = try founding.nation("au", .exercise("Keen Sword"), folder: "au-exercise").tls
        let old = Founding.now.advanced(by: -40 * 86_400)
        let expired = try founding.nation("us", at: old)
        try jp.meet(expired, at: old)
        callers[.expired] = expired.tls
        var revoked = try founding.nation("ph")
        callers[.revokedByItsNation] = revoked.tls
        try revoked.revoke(revoked.tls.serial, at: Founding.now)
        try jp.meet(revoked)
        let denied = try founding.nation("nz")
        try jp.meet(denied)
        try jp.partners.revoke(certificate: denied.tls.serial, of: denied.nation)
        callers[.revokedHere] = denied.tls
        let gone = try founding.nation("gb")
        try jp.meet(gone)
        try jp.partners.revoke(gone.nation)
        callers[.revokedNation] = gone.tls

        let box = Box<FederationLinks?>(nil)
        let name = jp.name
        let recorder = Recorder { event in
            guard case .request(let link, .hello) = event else { return }
            let welcome = Welcome(
                version: .current, nation: name.nation, realm: name.realm, node: name.node, head: nil, epoch: 9,
                bookBegan: Founding.now)
            box.value?.deliver(.welcome(welcome), on: link)
        }
        self.founding = founding
        self.site = Site(jp, limits: limits, recorder: recorder)
        self.server = self.site.server()
        self.callers = callers
        self.partner = partner
        let links = self.site.links
        box.change { $0 = links }
    }

    func stranger(_ caller: Caller) -> Stranger { Stranger(tls: self.callers[caller]) }

    func hello(_ change: (inout Hello) -> Void = { _ in }) -> Kumiko_Federation_V1_Request {
        var hello = Site(self.partner).hello(to: self.site.name.nation)
        change(&hello)
        return .init(.hello(hello))
    }

    /// Whether a partner is still let in and welcomed.
    func serves(at address: WireAddress) async -> Bool {
        if case .welcome? = try? await self.stranger(.partner).ask([self.hello()], at: address) { true } else { false }
    }
}

/// HTTP/2 by hand.
enum HTTP2 {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

    /// The header block of a call, literal and without Huffman.
    static let head: [UInt8] = {
        var block: [UInt8] = [0x83, 0x87]
        for (name, value) in [
            (":path", "/kumiko.federation.v1.Federation/Receive"), (":authority", "jp"), ("te", "trailers"),
            ("content-type", "application/grpc"), (StreamGate.header, "1 1"),
        ] {
            block += [0x00, UInt8(name.utf8.count)] + Array(name.utf8)
            block += [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        return block
    }()

    /// A message as gRPC writes it, not compressed.
    static func message(_ message: Kumiko_Federation_V1_Request) throws -> [UInt8] {
        let octets: [UInt8] = try message.serializedBytes()
        return [0, 0, 0, UInt8(octets.count >> 8), UInt8(octets.count & 255)] + octets
    }

    static func frame(
        _ type: UInt8, _ flags: UInt8, stream: UInt8, _ payload: [UInt8], length: Int? = nil
    ) -> [UInt8] {
        let length = length ?? payload.count
        return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags, 0, 0, 0, stream]
            + payload
    }
}

@Suite("Who is let in, and what is refused")
struct RefusalTests {
    /// What each call does for each caller: whoever adds a call to the description must say it here.
    static let calls: [String: @Sendable (Gate, Caller, WireAddress, MethodDescriptor) async throws -> Void] = [
        "kumiko.federation.v1.Federation/Receive": { gate, caller, address, method in
            let answer = try? await gate.stranger(caller).ask([gate.hello()], at: address, method: method)
            if let refusal = caller.refusal {
                #expect(answer == nil)
                #expect(await gate.site.links.refused(refusal), "\(gate.site.links.counters.all)")
                #expect(gate.site.recorder.all.isEmpty)
            } else {
                #expect(answer == .welcome(gate.site.welcome()))
                #expect(gate.site.links.counters.all.isEmpty)
            }
        }
    ]

    @Test("each call of the description is in the table of calls")
    func table() {
        #expect(
            Set(Kumiko_Federation_V1_Federation.Method.descriptors.map(\.fullyQualifiedMethod))
                == Set(Self.calls.keys))
    }

    @Test("each call lets in a partner and nobody else", arguments: Caller.allCases)
    func calls(caller: Caller) async throws {
        let gate = try Gate()
        try await withWire(gate.server) { address in
            for method in Kumiko_Federation_V1_Federation.Method.descriptors {
                let call = try #require(Self.calls[method.fullyQualifiedMethod])
                try await call(gate, caller, address, method)
            }
        }
    }

    @Test("a partner's certificate speaks for no other nation, node or realm")
    func otherHello() async throws {
        let gate = try Gate()
        try await withWire(gate.server) { address in
            let changes: [(LinkRefusal, @Sendable (inout Hello) -> Void)] = [
                (.wrongNation, { hello in if let us = Nation("us") { hello.nation = us } }),
                (.wrongNation, { $0.node = "au-2" }),
                (.wrongRealm, { $0.realm = .live }),
            ]
            for (refusal, change) in changes {
                let answer = try await gate.stranger(.partner).ask([gate.hello(change)], at: address)
                #expect(answer == .refusal(refusal))
            }
            #expect(gate.site.links.counters[.wrongHello] == 3)
            #expect(gate.site.recorder.all.isEmpty)
        }
    }

    @Test("a stream whose first message is no hello is refused")
    func noHello() async throws {
        let gate = try Gate()
        try await withWire(gate.server) { address in
            let credit = Kumiko_Federation_V1_Request(.credit(Credit(leavesUpTo: 9, taken: nil)))
            #expect(try await gate.stranger(.partner).ask([credit], at: address) == .refusal(.outOfTurn))
            let empty = Kumiko_Federation_V1_Request()
            let answer = try await gate.stranger(.partner).ask([empty], at: address)
            #expect(answer == .refusal(.malformed("Request.say is missing")))
            #expect(gate.site.recorder.all.isEmpty)
        }
    }

    @Test("a message that is malformed ends the link, with the field's name")
    func malformed() async throws {
        let gate = try Gate()
        try await withWire(gate.server) { address in
            var bad = Kumiko_Federation_V1_Request()
            bad.urgentReceipt.leaf = .init([1, 2, 3])
            let message = bad
            let answers = try await gate.stranger(.partner).call(
                Kumiko_Federation_V1_Federation.Method.Receive.descriptor, at: address
            ) { writer in
                try await writer.write(gate.hello())
                try await writer.write(message)
                try await Task.sleep(for: .seconds(20))
            } _: { messages in
                var answers: [Delivery] = []
                for try await message in messages { answers.append(try Delivery(message)) }
                return answers
            }
            #expect(
                answers.last
                    == .refusal(
                        .malformed("UrgentReceipt.leaf is not of the form that the description asks for")))
            let ending = await gate.site.recorder.ending()
            guard case .closed(.malformed) = ending else {
                Issue.record("it ended as \(String(describing: ending))")
                return
            }
        }
    }

    @Test("what speaks no TLS 1.3 is refused: TLS 1.2, plain HTTP/2, HTTP/1, HTTP/1 behind TLS")
    func otherProtocols() async throws {
        let gate = try Gate()
        try await withWire(gate.server) { address in
            var old = gate.stranger(.partner)
            old.versions = (.tlsv12, .tlsv12)
            #expect((try? await old.ask([gate.hello()], at: address)) == nil)
            #expect(await gate.site.links.refused(.oldTLS))

            _ = try await Stranger().throwBytes([HTTP2.preface], at: address, withTLS: false)
            #expect(await gate.site.links.refused(.notTLS))
            _ = try await Stranger().throwBytes(
                [Array("GET / HTTP/1.1\r\nHost: jp\r\n\r\n".utf8)], at: address, withTLS: false)
            #expect(await gate.site.links.refused(.notTLS, times: 2))

            var web = gate.stranger(.partner)
            web.protocols = ["http/1.1"]
            let page = try await web.throwBytes([Array("GET / HTTP/1.1\r\nHost: jp\r\n\r\n".utf8)], at: address)
            #expect(page.isEmpty)
            #expect(await gate.site.links.refused(.noHTTP2))
            #expect(await gate.serves(at: address))
        }
    }

    @Test("there is no other method, and no reflection")
    func otherMethods() async throws {
        let gate = try Gate()
        try await withWire(gate.server) { address in
            for (service, method) in [
                ("kumiko.federation.v1.Federation", "Send"),
                ("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo"), ("grpc.health.v1.Health", "Check"),
            ] {
                let descriptor = MethodDescriptor(fullyQualifiedService: service, method: method)
                await #expect {
                    try await gate.stranger(.partner).ask([gate.hello()], at: address, method: descriptor)
                } throws: {
                    ($0 as? RPCError)?.code == .unimplemented
                }
            }
            #expect(gate.site.links.counters[.unknownMethod] == 3)
        }
    }

    @Test("a message beyond its limit ends the stream")
    func oversize() async throws {
        let gate = try Gate()
        try await withWire(gate.server) { address in
            var large = Kumiko_Federation_V1_Request()
            large.conviction.equivocation = .init(repeating: 7, count: WireBounds.requestOctets + 1)
            let answer = try? await gate.stranger(.partner).ask([large], at: address)
            #expect(answer == nil)
            #expect(await gate.site.links.refused(.badFrame))
            #expect(await gate.serves(at: address))
        }
    }

    @Test("who is slow is cut off: no handshake, a handshake in drops, no request, no hello")
    func slowLoris() async throws {
        var limits = WireLimits()
        limits.handshake = .seconds(1)
        limits.hello = .seconds(1)
        let gate = try Gate(limits: limits)
        let links = gate.site.links
        try await withWire(gate.server) { address in
            _ = try await Stranger().throwBytes([], at: address, withTLS: false)
            #expect(await links.refused(.handshakeTimeout))
            // The head of a handshake record of 512 octets, and then an octet from time to time.
            let head: [[UInt8]] = [[0x16, 0x03, 0x01, 0x02, 0x00]] + [[UInt8]](repeating: [1], count: 20)
            _ = try await Stranger().throwBytes(head, at: address, withTLS: false, pause: .milliseconds(60))
            #expect(await links.refused(.handshakeTimeout, times: 2))
            _ = try await gate.stranger(.partner).throwBytes([], at: address)
            #expect(await links.refused(.noHello))
            #expect((try? await gate.stranger(.partner).ask([], at: address)) == nil)
            #expect(await links.refused(.noHello, times: 2))
            #expect(await gate.serves(at: address))
        }
    }

    @Test("streams that are cut short, and octets that are no frames, harm nobody")
    func truncated() async throws {
        var limits = WireLimits()
        limits.hello = .milliseconds(400)
        let gate = try Gate(limits: limits)
        try await withWire(gate.server) { address in
            let preface = HTTP2.preface, block = HTTP2.head
            func frame(_ type: UInt8, _ flags: UInt8, _ payload: [UInt8], length: Int? = nil) -> [UInt8] {
                HTTP2.frame(type, flags, stream: 1, payload, length: length)
            }
            let call = preface + frame(1, 4, block)
            let attempts: [[UInt8]] = [
                call + frame(0, 1, [0, 0, 0, 0, 100] + [UInt8](repeating: 10, count: 20)),
                call + frame(0, 0, [0, 0, 0, 0, 100], length: 300),
                call + frame(0, 1, [1, 0, 0, 0, 3, 1, 2, 3]),
                call + frame(0, 1, [0, 0xFF, 0xFF, 0xFF, 0xFF]),
                call + frame(0, 1, [0, 0, 0, 0, 2, 0x0A, 0x7F]),
                preface + frame(1, 4, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
                preface + frame(9, 4, block), preface + frame(0, 0, [1]), preface + frame(6, 0, [1]),
                Array("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".utf8), [UInt8](repeating: 0xFF, count: 64),
            ]
            for attempt in attempts {
                _ = try await gate.stranger(.partner).throwBytes([attempt], at: address)
            }
            #expect(gate.site.recorder.all.isEmpty)
            #expect(await gate.serves(at: address))
        }
    }

    @Test("streams beyond the bound end their connection, also of a client that was not told of the bound yet")
    func streams() async throws {
        let gate = try Gate()
        try await withWire(gate.server) { address in
            let message = try HTTP2.message(gate.hello())
            var octets = HTTP2.preface
            for stream in 0..<40 as Range<UInt8> {
                octets += HTTP2.frame(1, 4, stream: 2 * stream + 1, HTTP2.head)
                octets += HTTP2.frame(0, 0, stream: 2 * stream + 1, message)
            }
            _ = try await gate.stranger(.partner).throwBytes([octets], at: address, atMost: .seconds(2))
            let accepted = gate.site.recorder.all.count { if case .accepted = $0 { true } else { false } }
            #expect(accepted <= gate.site.links.limits.streamsPerConnection)
            #expect(gate.site.links.counters[.tooManyStreams] == 1)
            #expect(await gate.serves(at: address))
        }
    }

    @Test("connections beyond the bound of an address are not accepted")
    func connections() async throws {
        var limits = WireLimits()
        limits.connectionsPerAddress = 3
        limits.handshake = .seconds(2)
        let gate = try Gate(limits: limits)
        try await withWire(gate.server) { address in
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { _ = try? await Stranger().throwBytes([], at: address, withTLS: false) }
                }
            }
            #expect(gate.site.links.counters[.tooManyOfAddress] == 5)
            #expect(gate.site.links.counters[.handshakeTimeout] == 3)
            #expect(await gate.serves(at: address))
        }
    }

    @Test("one connection more than a nation may have displaces its oldest")
    func displaced() async throws {
        var limits = WireLimits()
        limits.connectionsPerNation = 2
        let gate = try Gate(limits: limits)
        try await withWire(gate.server) { address in
            await withTaskGroup(of: Void.self) { group in
                for number in 1...3 {
                    group.addTask {
                        _ = try? await gate.stranger(.partner).call(
                            Kumiko_Federation_V1_Federation.Method.Receive.descriptor, at: address
                        ) { writer in
                            try await writer.write(gate.hello())
                            try await Task.sleep(for: .seconds(20))
                        } _: { messages in
                            for try await _ in messages {}
                        }
                    }
                    #expect(await gate.site.recorder.accepted(number))
                }
                #expect(await gate.site.recorder.ending()?.isBroken == true)
                group.cancelAll()
            }
            #expect(gate.site.links.counters[.displaced] == 1)
        }
    }

    @Test("a partner that hangs, and answers no ping, is found")
    func halfOpen() async throws {
        var limits = WireLimits()
        limits.keepAlive = .seconds(1)
        limits.keepAliveTimeout = .milliseconds(700)
        let gate = try Gate(limits: limits)
        try await withWire(gate.server) { address in
            let hello = try HTTP2.message(gate.hello())
            _ = try await gate.stranger(.partner).throwBytes(
                [HTTP2.preface + HTTP2.frame(1, 4, stream: 1, HTTP2.head) + HTTP2.frame(0, 0, stream: 1, hello)],
                at: address)
            #expect(await gate.site.recorder.acceptedLink() != nil)
            #expect(await gate.site.recorder.ending()?.isBroken == true)
            #expect(await gate.serves(at: address))
        }
    }

    @Test("a certificate that is revoked ends the connections that stand")
    func review() async throws {
        let gate = try Gate()
        try await withWire(gate.server) { address in
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try? await gate.stranger(.partner).call(
                        Kumiko_Federation_V1_Federation.Method.Receive.descriptor, at: address
                    ) { writer in
                        try await writer.write(gate.hello())
                        try await Task.sleep(for: .seconds(20))
                    } _: { messages in
                        for try await _ in messages {}
                    }
                }
                #expect(await gate.site.recorder.acceptedLink() != nil)
                gate.server.review()
                #expect(gate.site.links.counters.all.isEmpty)
                gate.site.folder.withLock { try? $0.partners.revoke(gate.partner.nation) }
                gate.server.review()
                #expect(await gate.site.recorder.ending()?.isBroken == true)
                #expect(gate.site.links.counters[.outlived(.nationRevoked)] == 1)
                group.cancelAll()
            }
            #expect((try? await gate.stranger(.partner).ask([gate.hello()], at: address)) == nil)
        }
    }
}
