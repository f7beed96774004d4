import Air
import Federation
import Identity
import Testing
import WireTrials

@testable import FederationWire

@Suite("Links over TLS on the loopback")
struct LinkTests {
    let founding: Founding
    let jp: NationFolder
    let au: NationFolder

    init() throws {
        self.founding = try Founding()
        var jp = try self.founding.nation("jp"), au = try self.founding.nation("au")
        try jp.meet(au)
        try au.meet(jp)
        self.jp = jp
        self.au = au
    }

    @Test("a receiver dials, says hello, and gets what the sender has")
    func goods() async throws {
        let sender = Site(self.jp), receiver = Site(self.au)
        try await withWire(sender.server(), { receiver.dialer(to: sender.name.nation, at: $0) }) { _ in
            let dialled = try #require(await receiver.recorder.dialledLink())
            receiver.links.ask(.hello(receiver.hello(to: sender.name.nation)), on: dialled)
            let accepted = try #require(await sender.recorder.acceptedLink())
            let hello = await sender.recorder.first {
                if case .request(_, .hello(let hello)) = $0 { hello } else { nil }
            }
            #expect(hello == receiver.hello(to: sender.name.nation))
            sender.links.deliver(.welcome(sender.welcome()), on: accepted)
            let batch = try #require(sender.tracks(number: 1, leaves: 256, for: "au"))
            sender.links.deliver(.tracks(batch), on: accepted)
            sender.links.deliver(.urgent([1, 2, 3]), on: accepted)
            let tracks = await receiver.recorder.first {
                if case .delivery(_, .tracks(let batch)) = $0 { batch } else { nil }
            }
            #expect(tracks == batch)
            let sent = await sender.recorder.first { if case .sent(let link) = $0 { link } else { nil } }
            #expect(sent == accepted)
            receiver.links.ask(.credit(Credit(leavesUpTo: 5, taken: nil)), on: dialled)
            let credit = await sender.recorder.first {
                if case .request(_, .credit(let credit)) = $0 { credit } else { nil }
            }
            #expect(credit?.leavesUpTo == 5)
            sender.links.deliver(.refusal(.ending), on: accepted)
            #expect(await receiver.recorder.ending() == .left(.ending))
            #expect(await sender.recorder.ending() == .closed(.ending))
        }
    }

    @Test("a link that ended is dialled anew, under another number")
    func again() async throws {
        let sender = Site(self.jp), receiver = Site(self.au)
        try await withWire(sender.server(), { receiver.dialer(to: sender.name.nation, at: $0) }) { _ in
            let first = try #require(await receiver.recorder.dialledLink())
            receiver.links.ask(.hello(receiver.hello(to: sender.name.nation)), on: first)
            let accepted = try #require(await sender.recorder.acceptedLink())
            sender.links.deliver(.welcome(sender.welcome()), on: accepted)
            let welcome = await receiver.recorder.first {
                if case .delivery(_, .welcome(let welcome)) = $0 { welcome } else { nil }
            }
            #expect(welcome == sender.welcome())
            receiver.links.close(first, .silent)
            #expect(await receiver.recorder.ending() == .closed(.silent))
            #expect(await sender.recorder.ending() != nil)
            let second = await receiver.recorder.first {
                if case .dialled(let link, _) = $0, link != first { link } else { nil }
            }
            #expect(second.map { $0 > first } == true)
            // What comes too late is dropped.
            receiver.links.ask(.credit(Credit(leavesUpTo: 1, taken: nil)), on: first)
            sender.links.deliver(.urgent([1]), on: accepted)
            sender.links.close(accepted, .ending)
            #expect(sender.links.count == 0)
        }
    }

    @Test("a dialer believes no server of another nation, and says why")
    func otherServer() async throws {
        var us = try self.founding.nation("us"), au = self.au
        try us.meet(au)
        try au.meet(us)
        let sender = Site(us), receiver = Site(au), jp = self.jp.nation
        try await withWire(sender.server(), { receiver.dialer(to: jp, at: $0) }) { _ in
            let reason = await receiver.recorder.first { event -> String? in
                if case .unreachable(let nation, let reason) = event, nation == jp { reason } else { nil }
            }
            #expect(reason == "its certificate: \(PeerRefusal.unexpectedNation)")
            #expect(receiver.links.counters[.peer(.unexpectedNation)] > 0)
            #expect(await receiver.recorder.first(within: 0.1) { if case .dialled = $0 { true } else { nil } } == nil)
        }
    }

    @Test("a dialer says why a server cannot be reached, and goes on")
    func noServer() async throws {
        let receiver = Site(self.au), jp = self.jp.nation
        let dialer = receiver.dialer(to: jp, at: WireAddress(host: "127.0.0.1", port: 1))
        await withTaskGroup { group in
            group.addTask { await dialer.run() }
            for _ in 0..<2000 where receiver.recorder.all.count < 2 { try? await Task.sleep(for: .milliseconds(5)) }
            group.cancelAll()
        }
        #expect(receiver.recorder.all.count >= 2)
    }

    @Test("a partner that does not read ends its link, and nothing else")
    func overrun() async throws {
        var limits = WireLimits()
        limits.waiting = 8
        let sender = Site(self.jp, limits: limits), receiver = Site(self.au)
        try await withWire(sender.server(), { receiver.dialer(to: sender.name.nation, at: $0) }) { _ in
            let dialled = try #require(await receiver.recorder.dialledLink())
            receiver.links.ask(.hello(receiver.hello(to: sender.name.nation)), on: dialled)
            let accepted = try #require(await sender.recorder.acceptedLink())
            // More at once than anything takes.
            for _ in 0..<4096 { sender.links.deliver(.urgent([UInt8](repeating: 1, count: 60_000)), on: accepted) }
            #expect(sender.links.counters[.overrun] == 1)
            #expect(await sender.recorder.ending() == .closed(.overrun))
            #expect(await receiver.recorder.ending() != nil)
        }
    }
}
