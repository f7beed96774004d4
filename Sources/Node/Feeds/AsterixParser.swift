internal import Air
internal import SensorFormats
internal import Transport

/// ASTERIX blocks, a datagram each time.
struct AsterixParser: FeedParser {
    private var decoder: AsterixDecoder
    /// Scratch: what was wrong; the decoder's tally counts it.
    private var problems: [AsterixProblem] = []

    init(editions: [Configuration.EditionChoice]) {
        var known = AsterixEditions()
        for choice in editions { known.use(choice.edition, for: choice.sensor) }
        self.decoder = AsterixDecoder(editions: known)
    }

    mutating func parse(_ bytes: Span<UInt8>, of item: IngestItem, into decoded: inout Decoded) {
        self.problems.removeAll(keepingCapacity: true)
        self.decoder.decode(
            bytes, receivedAt: Timestamp(nanoseconds: item.receivedAt), into: &decoded.reports,
            problems: &self.problems)
    }

    func metrics(_ label: FeedLabel) -> [Metric] {
        let tally = self.decoder.tally
        var metrics: [Metric] = []
        for (category, count) in tally.records.enumerated() where count > 0 {
            metrics.append(
                label.counter(
                    "records", count, "ASTERIX records, by category.", (name: "category", value: "\(category)")))
        }
        for fault in AsterixFault.allCases where tally.count(of: fault) > 0 {
            metrics.append(label.unused(tally.count(of: fault), fault.text))
        }
        return metrics + [
            label.unused(tally.testTargets, "test or simulated target"),
            label.unused(tally.withoutPosition, "no position"),
            label.unused(tally.trackEnds, "end of a track"),
            label.unused(tally.undecidedEdition, "edition not decided"),
            label.counter("trailer_bytes", tally.trailerBytes, "Bytes behind the last block of a datagram."),
        ]
    }
}
