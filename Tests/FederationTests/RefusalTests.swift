import Air
import Federation
import Ledger
import Releasability
import Testing

/// One node, spoken to by hand.
struct Lone {
    var node: FederationNode<TableSource>
    var outputs: [FederationOutput] = []
    var now = noon

    init(_ nation: Nation = jp, partners: [Nation] = [us], state: FederationState = FederationState()) {
        self.node = FederationNode(
            identity(nation), policy: policy(nation, with: partners), partners: partners.map { keys($0, for: nation) },
            source: TableSource(), start: 1, recovering: state)
        self.node.recover(at: noon, into: &self.outputs)
    }

    /// What it does; its disk is quick.
    mutating func give(_ input: FederationInput) -> [FederationOutput] {
        var all: [FederationOutput] = []
        var inputs = [input]
        while let input = inputs.popLast() {
            var outputs: [FederationOutput] = []
            self.node.handle(input, at: self.now, into: &outputs)
            for case .write(let write) in outputs { inputs.append(.written(write.number)) }
            all += outputs
        }
        return all
    }

    mutating func refusal(_ input: FederationInput) -> LinkRefusal? {
        for case .close(_, let reason) in self.give(input) { return reason }
        return nil
    }
}

let firstLink = LinkID(1)

func hello(
    _ nation: Nation = us, to partner: Nation = jp, realm: Realm = .live, node: String = "one",
    versions: ClosedRange<ProtocolVersion> = .v1 ... .v2, held: SignedNote? = nil
) -> FederationInput {
    .request(
        firstLink,
        .hello(
            Hello(
                versions: versions, nation: nation, realm: realm, node: node, partner: partner, incarnation: 1,
                held: held, lastBatch: nil)))
}

@Suite struct RefusalTests {
    @Test func aSenderRefusesWhoeverIsNotWhatItsCertificateSays() {
        func refusal(_ input: FederationInput) -> LinkRefusal? {
            var jp = Lone()
            _ = jp.give(.accepted(firstLink, us, node: "one"))
            return jp.refusal(input)
        }
        #expect(refusal(hello()) == nil)
        #expect(refusal(hello(au)) == .wrongNation)
        #expect(refusal(hello(node: "two")) == .wrongNation)
        #expect(refusal(hello(to: au)) == .notAddressed)
        #expect(refusal(hello(realm: .test)) == .wrongRealm)
        let future = ProtocolVersion(7)...ProtocolVersion(9)
        #expect(refusal(hello(versions: future)) == .noCommonVersion(.v1 ... .v2))
        #expect(refusal(.request(firstLink, .credit(Credit(leavesUpTo: 5, taken: nil)))) == .outOfTurn)
        var other = Lone()
        do {
            let found = other.refusal(.accepted(firstLink, au, node: "one"))
            #expect(found == .wrongNation)
        }
        do {
            let found = other.refusal(.accepted(firstLink, us, node: "two"))
            #expect(found == .revoked)
        }
        do {
            let found = other.refusal(.dialled(firstLink, au))
            #expect(found == .wrongNation)
        }
    }

    @Test func aSecondHelloACreditForWhatWasNotSentAndAReceiptForNothingEndTheLink() {
        func refusal(_ input: FederationInput) -> LinkRefusal? {
            var jp = Lone()
            _ = jp.give(.accepted(firstLink, us, node: "one"))
            _ = jp.give(hello())
            return jp.refusal(input)
        }
        #expect(refusal(hello()) == .outOfTurn)
        let never = Credit(leavesUpTo: 5, taken: BatchNumber(epoch: 1, number: 9))
        #expect(refusal(.request(firstLink, .credit(never))) == .outOfTurn)
        let note = try! SignedNote(
            "a\n1\nb\n",
            signedBy: NoteSigner(
                name: "kumiko/us/live", algorithm: .cosignature, secret: secret("cosigner us"))!, at: 5)
        let receipt = Receipt(size: 5, signature: note.signatures[0])
        #expect(refusal(.request(firstLink, .receipt(receipt))) == .outOfTurn)
    }

    @Test func aNewerLinkOfAPartnerTakesThePlaceOfTheFirst() {
        var jp = Lone()
        _ = jp.give(.accepted(firstLink, us, node: "one"))
        _ = jp.give(hello())
        do {
            let found = jp.refusal(.accepted(LinkID(2), us, node: "one"))
            #expect(found == .replaced)
        }
        #expect(jp.node.figures(of: us)?.outgoing == .opening)
    }

    @Test func aHeadThatThisNationSignedAndThisNodeDoesNotHaveIsAnAlarm() {
        var alliance = Alliance([jp, us])
        _ = alliance.dial(us, jp)
        for number in 1...4 { alliance.record(jp, UInt64(number), to: [us]) }
        // Japan comes back with an old copy of its store.
        var disk = Disk()
        for write in alliance[jp].disk.writes.prefix(2) { disk.write(write) }
        alliance[jp].disk = disk
        alliance.restart(jp)
        _ = alliance.dial(us, jp)
        #expect(alliance[jp].alarms.contains { if case .unknownHead = $0 { true } else { false } })
        #expect(alliance[us].alarms.contains { if case .notShown = $0 { true } else { false } })
        // And grown past it with other entries: the head at that size is another.
        for number in 11...19 { alliance.record(jp, UInt64(number), to: [us], text: "other") }
        _ = alliance.dial(us, jp)
        #expect(alliance[jp].alarms.count { if case .unknownHead = $0 { true } else { false } } == 2)
        #expect(alliance[us].effects.count == 4)
    }

    @Test func twoHistoriesAreProvenAndNothingMoreIsTaken() {
        var alliance = Alliance([jp, us])
        _ = alliance.dial(us, jp)
        for number in 1...2 { alliance.record(jp, UInt64(number), to: [us]) }
        // Another node of the nation signs another head of the same size.
        let lane = Lane(nation: jp, realm: .live, audience: "us")!
        let log = NoteSigner(name: lane.origin, algorithm: .ed25519, secret: secret("log jp"))!
        let root = hash("other")
        let forged = try! SignedNote(
            Checkpoint(origin: lane.origin, size: 2, root: root).text, signedBy: log)
        let other = LinkID(99)
        var outputs: [FederationOutput] = []
        alliance[us].node.handle(.dialled(other, jp), at: alliance.now, into: &outputs)
        outputs = []
        alliance[us].node.handle(
            .delivery(
                other,
                .welcome(
                    Welcome(
                        version: .v2, nation: jp, realm: .live, node: "one", head: forged, epoch: 5, bookBegan: noon))),
            at: alliance.now, into: &outputs)
        var proof: Equivocation?
        for case .alarm(.equivocation(_, let found)) in outputs { proof = found }
        #expect(
            throws: Never.self,
            performing: {
                try proof?.verify(lane: lane, policy: SignaturePolicy(required: [log.key]), keys: KeyRing())
            })
        #expect(proof != nil)
        #expect(outputs.contains { if case .ask(_, .conviction) = $0 { true } else { false } })
        for case .write(let write) in outputs { alliance[us].disk.write(write) }
        #expect(alliance[us].disk.state.held.first?.conviction == proof)
        alliance.restart(us)
        let again = alliance.dial(us, jp)
        #expect(alliance[us].closed.last?.0 == again)
    }

    @Test func anEntryOfAnotherNationAForgedOneAndOneOutOfOrderAreRefused() {
        // What Japan says to the United States, by hand.
        let lane = Lane(nation: jp, realm: .live, audience: "us")!
        let log = NoteSigner(name: lane.origin, algorithm: .ed25519, secret: secret("log jp"))!
        func batch(by nation: Nation, from: UInt64 = 0, node: String = "one", flip: Bool = false) -> EntryBatch {
            let signer = EntrySigner(
                nation: nation, realm: .live, node: node, secret: secret("node \(nation) \(node)"))!
            let own = Lane(nation: nation, realm: .live, audience: "us")!
            let salts = SaltSecret(secret("s"))!.salts(lane: own, sequence: from)
            let body = EntryBody([("text", "x")], salt: { salts[$0] })!
            let entry = try! signer.entry(
                lane: own, sequence: from, kind: "note", time: noon, label: hash("label"), body: body)
            var frontier = Frontier()
            for _ in 0...from { frontier.append(entry.leaf.hash) }
            let head = try! SignedNote(
                Checkpoint(origin: lane.origin, size: frontier.size, root: frontier.root).text, signedBy: log)
            var octets = entry.encoded
            if flip { octets[octets.count - 1] ^= 1 }
            return EntryBatch(from: from, entries: [octets], head: head)
        }
        func refusal(_ batch: EntryBatch) -> LinkRefusal? {
            var us = Lone(us, partners: [jp])
            _ = us.give(.dialled(firstLink, jp))
            _ = us.give(
                .delivery(
                    firstLink,
                    .welcome(
                        Welcome(
                            version: .v2, nation: jp, realm: .live, node: "one", head: nil, epoch: 1, bookBegan: noon))
                ))
            return us.refusal(.delivery(firstLink, .entries(batch)))
        }
        #expect(refusal(batch(by: jp)) == nil)
        #expect(refusal(batch(by: au)) == .entry(.entry(.wrongNation(au), sequence: 0)))
        #expect(refusal(batch(by: jp, node: "stolen"))?.name == "entry")
        #expect(refusal(batch(by: jp, flip: true))?.name == "entry")
        #expect(refusal(batch(by: jp, from: 3))?.name == "entry")
        #expect(refusal(EntryBatch(from: 0, entries: [], head: batch(by: jp).head))?.name == "malformed")
        let good = batch(by: jp)
        #expect(refusal(EntryBatch(from: .max, entries: good.entries, head: good.head)) == .overrun)
        #expect(
            refusal(EntryBatch(from: 0, entries: Array(repeating: [0], count: 5000), head: good.head)) == .overrun)
        #expect(refusal(EntryBatch(from: 0, entries: [[1, 2, 3]], head: good.head))?.name == "entry")
    }

    @Test func aBatchOfTracksBeyondCreditOfAnotherLaneReplayedOrChangedHasNoEffect() {
        var alliance = Alliance([jp, us])
        _ = alliance.dial(us, jp)
        for id in 1...5 { alliance.move(jp, UInt32(id), label(jp, to: [us])) }
        alliance.pass(seconds: 1)
        let batches = alliance.deliveries.compactMap { if case .tracks(let batch) = $0.delivery { batch } else { nil } }
        let batch = batches.last!
        let open = alliance.links.keys.first!
        func outcome(_ change: (inout TrackBatch) -> Void) -> (heard: Int, refusal: LinkRefusal?) {
            var alliance = alliance
            var changed = batch
            change(&changed)
            let before = alliance[us].heard.count
            alliance.give(us, .delivery(open, .tracks(changed)))
            return (alliance[us].heard.count - before, alliance[us].closed.last?.1)
        }
        #expect(outcome { _ in } == (0, nil))
        #expect(outcome { $0.number.number += 1 }.refusal?.name == "entry")
        #expect(outcome { $0.number.epoch += 1 }.refusal == .batch("other-epoch"))
        #expect(
            outcome { $0.lane = Lane(nation: jp, realm: .live, audience: "au")! }.refusal == .batch("other-lane"))
        #expect(outcome { $0.leaves = Array(repeating: .shown([]), count: 100_000) }.refusal == .overrun)
        #expect(outcome { $0.leaves = [] }.refusal == .overrun)
        // Every octet of the signature and of a leaf counts.
        for place in stride(from: 0, to: 64, by: 9) {
            let result = outcome {
                $0.number.number += 1
                $0.signature[place] ^= 1
            }
            #expect(result.heard == 0 && result.refusal?.name == "entry")
        }
    }

    @Test func aPartnerOfTheOlderVersionGetsWarningsInTheirTurnAndNoProbe() {
        var alliance = Alliance([jp, us])
        var old = FederationLimits()
        old.versions = .v1 ... .v1
        alliance[us].node = FederationNode(
            identity(us), limits: old, policy: policy(us, with: [jp]), partners: [keys(jp, for: us)],
            source: TableSource(), start: 2)
        alliance.recover(us)
        _ = alliance.dial(us, jp)
        alliance.record(jp, 1, to: [us])
        alliance.record(jp, 2, to: [us], isUrgent: true)
        alliance.move(jp, 1, label(jp, to: [us]))
        alliance.pass(seconds: 30)
        #expect(alliance[jp].node.figures(of: us)?.outgoingVersion == .v1)
        #expect(alliance[us].effects.count { $0.isUrgent } == 0)
        #expect(alliance[us].effects.compactMap { $0.entry.recordID } == ["jp-1", "jp-2"])
        #expect(alliance[us].heard.contains { !$0.items.isEmpty })
        #expect(!alliance.deliveries.contains { if case .urgent = $0.delivery { true } else { false } })
        #expect(!alliance.requests.contains { if case .probe = $0.request { true } else { false } })
        #expect(alliance[jp].node.figures(of: us)?.outgoing == .open)
        #expect(alliance[jp].node.figures(of: us)?.urgentsWaiting == 0)
    }

    @Test func aSilentPartnersLinkIsClosedAndAnAnsweringOneIsMeasured() {
        var alliance = Alliance([jp, us])
        let link = alliance.dial(us, jp)
        alliance.pass(seconds: 10)
        #expect(alliance[us].node.figures(of: jp)?.roundTrip == 0)
        #expect(alliance[us].node.figures(of: jp)?.clockOffset == 0)
        alliance.cut.insert(link)
        alliance.pass(seconds: 3)
        #expect(alliance[us].node.figures(of: jp)?.incoming == .open)
        alliance.pass(seconds: 2)
        #expect((alliance[us].closed + alliance[jp].closed).contains { $0.1 == .silent })
        #expect(alliance[us].node.figures(of: jp)?.incoming == .down)
    }

    @Test func whoeverProbesWithoutEndGetsTenEchoesASecond() {
        var jp = Lone()
        _ = jp.give(.accepted(firstLink, us, node: "one"))
        _ = jp.give(hello())
        var echoes = 0
        for number in 1...2000 {
            jp.now.nanoseconds += 1_000_000
            let probe = Probe(number: UInt64(number), sentAt: jp.now)
            for case .deliver(_, .echo) in jp.give(.request(firstLink, .probe(probe))) { echoes += 1 }
        }
        #expect(echoes == 20)
    }

    @Test func aRevokedPartnerIsCutOffAtOnceAndFromThenOn() {
        var alliance = Alliance([jp, us])
        _ = alliance.dial(us, jp)
        _ = alliance.dial(jp, us)
        alliance.move(jp, 1, label(jp, to: [us]))
        alliance.pass(seconds: 1)
        let count = alliance.deliveries.count
        alliance.give(jp, .partners([]))
        #expect(alliance[jp].closed.count == 2)
        alliance.record(jp, 1, to: [us], isUrgent: true)
        alliance.move(jp, 1, label(jp, to: [us]))
        alliance.pass(seconds: 1)
        let after = alliance.deliveries.dropFirst(count).filter { $0.sender == jp }
        #expect(after.count == 1)
        if case .refusal(.revoked)? = after.first?.delivery {} else { Issue.record("another answer") }
        let link = alliance.dial(us, jp)
        #expect(alliance[jp].closed.last?.0 == link)
        // Taken up again, it goes on where it was.
        alliance.give(jp, .partners([keys(us, for: jp)]))
        alliance.record(jp, 2, to: [us], text: "again")
        _ = alliance.dial(us, jp)
        #expect(alliance[us].effects.compactMap { text($0.entry) }.contains("again"))
    }

    @Test func whatWaitsWhenAPolicyChangesIsJudgedAgain() {
        var alliance = Alliance([jp, us])
        let link = alliance.dial(us, jp)
        alliance.record(jp, 1, to: [us], text: "seen")
        alliance.hangUp(link)
        alliance.record(jp, 2, to: [us], text: "not seen")
        alliance.record(jp, 3, to: [us], isUrgent: true, text: "not run")
        alliance.give(jp, .policy(policy(jp, with: [us], revoked: [us])))
        alliance.record(jp, 4, to: [us], text: "never")
        _ = alliance.dial(us, jp)
        #expect(alliance[us].effects.compactMap { text($0.entry) } == ["seen"])
        #expect(alliance[us].effects.count == 3)
        #expect(alliance[jp].node.figures(of: us)?.entriesWithheld == 2)
        #expect(!alliance.deliveries.contains { "\($0.delivery)".contains("never") })
        // After a restart of the sender too, when all comes from the store.
        alliance[us].disk = Disk()
        alliance[us].effects = []
        alliance.restart(jp)
        alliance.restart(us)
        _ = alliance.dial(us, jp)
        #expect(alliance[us].effects.count == 3)
        #expect(alliance[us].effects.compactMap { text($0.entry) } == [])
        #expect(alliance[us].alarms.isEmpty)
    }
}
