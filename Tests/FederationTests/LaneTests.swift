import Air
import Federation
import Ledger
import Testing

@Suite struct LaneTests {
    @Test func aRecordReachesEachAudienceThatMaySeeItOnceAndIsReceipted() {
        var alliance = Alliance([jp, us, au])
        _ = alliance.dial(us, jp)
        _ = alliance.dial(au, jp)
        alliance.record(jp, 1, to: [us, au], text: "both")
        alliance.record(jp, 2, to: [us], text: "one")
        #expect(alliance[us].effects.compactMap { text($0.entry) } == ["both", "one"])
        #expect(alliance[au].effects.compactMap { text($0.entry) } == ["both"])
        #expect(alliance[jp].recorded == [1, 2])
        #expect(alliance[jp].node.figures(of: us)?.laneReceipted == 2)
        #expect(alliance[jp].node.figures(of: au)?.laneReceipted == 1)
        #expect(alliance[jp].alarms.isEmpty && alliance[us].alarms.isEmpty)
        #expect(alliance[jp].disk.state.own.map { $0.receipt?.size } == [1, 2])
    }

    @Test func whatNobodyMaySeeIsRecordedAndEntersNoLane() {
        var alliance = Alliance([jp, us])
        alliance.record(jp, 1, to: [jp])
        #expect(alliance[jp].recorded == [1])
        #expect(alliance[jp].disk.writes.isEmpty)
    }

    @Test func aReceiverThatWasAwayCatchesUpFromWhatItHolds() {
        var limits = FederationLimits()
        limits.batchEntriesMax = 16
        var alliance = Alliance([jp, us], limits: limits)
        let link = alliance.dial(us, jp)
        for number in 1...50 { alliance.record(jp, UInt64(number), to: [us]) }
        alliance.hangUp(link)
        for number in 51...300 { alliance.record(jp, UInt64(number), to: [us]) }
        #expect(alliance[us].effects.count == 50)
        _ = alliance.dial(us, jp)
        #expect(alliance[us].effects.count == 300)
        #expect(alliance[us].effects.map { $0.entry.leaf.statement.sequence } == Array(0..<300))
        #expect(alliance[jp].node.figures(of: us)?.laneReceipted == 300)
        #expect(alliance[us].alarms.isEmpty)
    }

    @Test func aWarningGoesBeforeTheBacklogAndHasOneEffect() {
        var alliance = Alliance([jp, us])
        let link = alliance.dial(us, jp)
        alliance.hangUp(link)
        for number in 1...40 { alliance.record(jp, UInt64(number), to: [us]) }
        alliance.record(jp, 41, to: [us], isUrgent: true, text: "run")
        alliance.record(jp, 42, to: [us])
        _ = alliance.dial(us, jp)
        let effects = alliance[us].effects
        #expect(effects.count == 42)
        #expect(effects.first.flatMap { text($0.entry) } == "run")
        #expect(effects.first?.isUrgent == true)
        #expect(effects.count { text($0.entry) == "run" } == 1)
        #expect(alliance[jp].node.figures(of: us)?.urgentsWaiting == 0)
    }

    @Test func aWarningThatTheDiskKeepsWaitingGoesOutAllTheSame() {
        var alliance = Alliance([jp, us])
        _ = alliance.dial(us, jp)
        alliance[jp].isDiskStuck = true
        alliance.record(jp, 1, to: [us], text: "before")
        alliance.record(jp, 2, to: [us], isUrgent: true, text: "run")
        #expect(alliance[us].effects.isEmpty)
        alliance.pass(seconds: 0.2)
        #expect(alliance[us].effects.compactMap { text($0.entry) } == ["run"])
        #expect(alliance[jp].node.figures(of: us)?.urgentsEarly == 1)
        alliance.unstick(jp)
        alliance.pass(seconds: 1)
        #expect(alliance[us].effects.compactMap { text($0.entry) } == ["run", "before"])
        let late = alliance[us].disk.held.values.joined().compactMap { try? Entry(parsing: $0) }.filter {
            $0.body["late"] == .true
        }
        #expect(late.count == 1 && late.first?.leaf.statement.references.count == 1)
        #expect(alliance[us].disk.state.held.first?.urgents.isEmpty == true)
        #expect(alliance[us].alarms.isEmpty && alliance[jp].alarms.isEmpty)
    }

    @Test func fromEachDurablePrefixBothNodesGoOnAndNothingAcknowledgedIsLost() {
        var first = Alliance([jp, us])
        _ = first.dial(us, jp)
        for number in 1...6 { first.record(jp, UInt64(number), to: [us], isUrgent: number == 4) }
        let writes = (first[jp].disk.writes, first[us].disk.writes)
        #expect(writes.0.count >= 12)
        for crash in 0...writes.0.count {
            var alliance = Alliance([jp, us])
            var disk = Disk()
            for write in writes.0.prefix(crash) { disk.write(write) }
            alliance[jp].disk = disk
            alliance.restart(jp)
            let before = disk.own.values.first?.count ?? 0
            _ = alliance.dial(us, jp)
            // What was not acknowledged is given again.
            for number in 1...6 { alliance.record(jp, UInt64(number), to: [us], isUrgent: number == 4) }
            #expect(alliance[us].effects.count == 6, "crash after \(crash) writes")
            #expect(Set(alliance[us].effects.compactMap { $0.entry.recordID }).count == 6)
            #expect(before <= 6)
            #expect(alliance[us].alarms.isEmpty)
            // The receiver begins with nothing, whatever it gave its receipt for.
            #expect(
                alliance[jp].alarms.allSatisfy {
                    if case .receiverRolledBack(_, _, held: 0) = $0 { true } else { false }
                })
            // One head for each size, over both lives.
            for (size, note) in first[jp].disk.heads.values.first ?? [:] where size <= UInt64(before) {
                let second = alliance[jp].disk.heads.values.first?[size]
                #expect(second == nil || second == note)
            }
        }
        for crash in 0...writes.1.count {
            var alliance = first
            var disk = Disk()
            for write in writes.1.prefix(crash) { disk.write(write) }
            alliance[us].disk = disk
            alliance[us].effects = []
            alliance.restart(us)
            let kept = disk.held.values.first?.count ?? 0
            let link = alliance.dial(us, jp)
            #expect(alliance[us].disk.held.values.first?.count == 6)
            let again = alliance[us].effects.filter { !$0.isUrgent }.count
            #expect(again == 6 - kept || again == 5 - kept)
            #expect(alliance[us].alarms.isEmpty)
            _ = link
        }
    }
}
