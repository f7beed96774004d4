public import Air
internal import Federation
internal import FederationWire
internal import Storage
internal import Tracking

/// How the links to a partner stand, and what went over them since the node started.
public struct PartnerStatus: Sendable {
    public var nation: Nation
    /// Where its node is dialled; nil where it is not.
    public var address: String?
    /// The link on which it is told, and the one on which it tells: `down`, `opening`, `open`.
    public var outgoing: String
    public var incoming: String
    /// The version that is spoken; nil while no link stands.
    public var version: UInt32?
    /// Its clock less this node's, and the round trip, seconds; nil before they are known.
    public var clockOffset: Double?
    public var roundTrip: Double?
    public var heardAt: Timestamp?
    /// Entries of this nation's lane for it, and how many of them it gave its receipt for.
    public var laneEntries: UInt64
    public var laneReceipted: UInt64
    /// Entries of its lane that are durable here.
    public var heldEntries: UInt64
    /// Tracks that it is shown, and those of them whose news waits.
    public var tracksShown: Int
    public var tracksWaiting: Int
    /// Tracks that it shows.
    public var tracksHeard: Int
    /// Counters, by their names.
    public var counters: [(name: String, count: UInt64)]
    /// Links that this node ended, by the reason.
    public var refusals: [(reason: String, count: UInt64)]
}

/// How a node's federation stands.
public struct LatticeStatus: Sendable {
    public var partners: [PartnerStatus] = []
    /// Attempts that were refused before they were a link, by the reason.
    public var refused: [(reason: String, count: UInt64)] = []
    /// Transactions of the ledger, and so syncs of the disk.
    public var ledgerTransactions: UInt64 = 0
    /// What a person must hear, the last hundred.
    public var alarms: [String] = []
    public var alarmCount: UInt64 = 0
    /// What the picture of all nations counted, by name.
    public var fusion: [(name: String, count: Int)] = []
}

extension Lattice {
    /// How it stands now.
    func status() async -> LatticeStatus {
        var status = await self.keeper.status
        for index in status.partners.indices {
            let nation = status.partners[index].nation
            status.partners[index].address =
                self.settings.partners.first { $0.nation == nation }?.address?.description
        }
        status.refused = self.links.counters.all.map { ($0.name, $0.count) }
        status.ledgerTransactions = self.store.counters.transactions
        return status
    }
}

extension LatticeKeeper {
    var status: LatticeStatus {
        var status = LatticeStatus()
        for partner in self.partners {
            guard let figures = self.figures(of: partner) else { continue }
            status.partners.append(
                PartnerStatus(
                    nation: partner, address: nil, outgoing: "\(figures.outgoing)", incoming: "\(figures.incoming)",
                    version: (figures.outgoingVersion ?? figures.incomingVersion)?.rawValue,
                    clockOffset: figures.clockOffset, roundTrip: figures.roundTrip, heardAt: figures.heardAt,
                    laneEntries: figures.laneEntries, laneReceipted: figures.laneReceipted,
                    heldEntries: figures.heldEntries, tracksShown: figures.tracksShown,
                    tracksWaiting: figures.tracksWaiting, tracksHeard: self.heard(of: partner),
                    counters: [
                        ("entries_sent", figures.entriesSent), ("entries_withheld", figures.entriesWithheld),
                        ("urgents_sent", figures.urgentsSent), ("urgents_early", figures.urgentsEarly),
                        ("batches_sent", figures.batchesSent), ("leaves_sent", figures.leavesSent),
                        ("leaf_octets_sent", figures.leafOctetsSent), ("conflated", figures.conflated),
                        ("news_lost", figures.newsLost), ("relayed", figures.relayed),
                        ("entries_received", figures.entriesReceived), ("urgents_received", figures.urgentsReceived),
                        ("batches_received", figures.batchesReceived), ("leaves_received", figures.leavesReceived),
                        ("duplicates", figures.duplicates),
                    ],
                    refusals: figures.refusals.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
        }
        status.alarms = self.alarms.map { "\($0)" }
        status.alarmCount = self.alarmCount
        let tally = self.fusion
        status.fusion = [
            ("tracklets", tally.taken), ("out_of_order", tally.outOfOrder), ("whole_tracks", tally.wholeTracks),
            ("unsound", tally.unsound), ("repeated", tally.repeated), ("lost", tally.lost), ("misfits", tally.misfits),
            ("joined_by_identity", tally.joinedByIdentity), ("joined_by_kinematics", tally.joinedByKinematics),
            ("split", tally.split),
        ]
        return status
    }
}

extension LatticeStatus {
    /// The same as figures for monitoring.
    var metrics: [Metric] {
        var metrics: [Metric] = []
        for partner in self.partners {
            let label = [(name: "partner", value: partner.nation.description)]
            func gauge(_ name: String, _ value: Double?, _ help: String) {
                guard let value else { return }
                metrics.append(Metric("kumiko_partner_\(name)", .gauge, value, help: help, labels: label))
            }
            for (direction, state) in [("outgoing", partner.outgoing), ("incoming", partner.incoming)] {
                metrics.append(
                    Metric(
                        "kumiko_partner_link_open", .gauge, state == "open" ? 1 : 0,
                        help: "Whether the link to a partner is open, by direction of goods.",
                        labels: label + [(name: "direction", value: direction)]))
            }
            gauge("clock_offset_seconds", partner.clockOffset, "A partner's clock less this node's.")
            gauge("round_trip_seconds", partner.roundTrip, "Round trip to a partner's node.")
            gauge("lane_entries", Double(partner.laneEntries), "Entries of the lane for a partner.")
            gauge("lane_receipted", Double(partner.laneReceipted), "Entries that a partner gave its receipt for.")
            gauge("held_entries", Double(partner.heldEntries), "Entries of a partner's lane that are durable here.")
            gauge("tracks_shown", Double(partner.tracksShown), "Tracks that a partner is shown.")
            gauge("tracks_waiting", Double(partner.tracksWaiting), "Tracks whose news waits for a partner.")
            gauge("tracks_heard", Double(partner.tracksHeard), "Tracks that a partner shows.")
            for counter in partner.counters {
                metrics.append(
                    Metric(
                        "kumiko_partner_events_total", .counter, Double(counter.count),
                        help: "What went over the links to a partner, by kind.",
                        labels: label + [(name: "kind", value: counter.name)]))
            }
            for refusal in partner.refusals {
                metrics.append(
                    Metric(
                        "kumiko_partner_refusals_total", .counter, Double(refusal.count),
                        help: "Links that this node ended, by reason.",
                        labels: label + [(name: "reason", value: refusal.reason)]))
            }
        }
        for refusal in self.refused {
            metrics.append(
                Metric(
                    "kumiko_federation_refused_total", .counter, Double(refusal.count),
                    help: "Attempts that were refused before they were a link, by reason.",
                    labels: [(name: "reason", value: refusal.reason)]))
        }
        for count in self.fusion {
            metrics.append(
                Metric(
                    "kumiko_fusion_total", .counter, Double(count.count),
                    help: "What the picture of all nations counted.", labels: [(name: "kind", value: count.name)]))
        }
        metrics.append(
            Metric(
                "kumiko_ledger_transactions_total", .counter, Double(self.ledgerTransactions),
                help: "Transactions of the ledger, and so syncs of the disk."))
        metrics.append(
            Metric(
                "kumiko_federation_alarms_total", .counter, Double(self.alarmCount),
                help: "What a person must hear: two histories, roll-backs, books that differ."))
        return metrics
    }
}
