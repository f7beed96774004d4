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
}
