import Geodesy

/// The sums behind the attributes of a single integrated air picture.
struct SiapSums {
    private(set) var siap = Score.Siap()

    init(scene: Scene, associations: [Association], instants: inout [Score.Instant]) {
        // Associations by time: of these follow all but the measures of continuity.
        var held = [[Int32]](repeating: [], count: scene.grid.count)
        var byTarget = [[Int]](repeating: [], count: scene.targets.count)
        for (number, association) in associations.enumerated() {
            byTarget[association.target].append(number)
            for span in association.spans {
                for time in span where scene.state(of: association.target, at: time) != nil {
                    held[time].append(Int32(number))
                }
            }
        }
        var truths = 0, heldTruths = 0, tracks = 0, heldTracks = 0
        var position = 0.0, velocity = 0.0
        var identity = Identities()
        for time in held.indices {
            for number in held[time] {
                let association = associations[Int(number)]
                guard let state = scene.state(of: association.target, at: time) else { continue }
                let piece = scene.pieces[association.piece]
                let report = piece.reports.lowerBound + time - piece.firstTime
                let (a, b) = (scene.reports[report], scene.states[state])
                position += a.place.distance(to: b.place)
                velocity += a.velocity.distance(to: b.velocity)
            }
            let here = held[time].map { associations[Int($0)] }
            instants[time].heldTracks = Set(here.map(\.piece)).count
            let byTarget = Dictionary(grouping: here, by: \.target)
            instants[time].heldTruths = byTarget.count
            truths += instants[time].truths
            heldTruths += byTarget.count
            tracks += instants[time].tracks
            heldTracks += instants[time].heldTracks
            for (target, holders) in byTarget { identity.add(scene, target: target, holders: holders, time: time) }
        }
        if truths > 0 { self.siap.completeness = Double(heldTruths) / Double(truths) }
        if heldTruths > 0 { self.siap.ambiguity = Double(heldTracks) / Double(heldTruths) }
        if tracks > 0 { self.siap.spuriousness = Double(tracks - heldTracks) / Double(tracks) }
        if heldTracks > 0 {
            self.siap.positionAccuracy = position / Double(heldTracks)
            self.siap.velocityAccuracy = velocity / Double(heldTracks)
        }
        if identity.held > 0 {
            let held = Double(identity.held)
            self.siap.identityCompleteness = Double(identity.held - identity.unknown) / held
            self.siap.identityCorrectness = Double(identity.correct) / held
            self.siap.identityAmbiguity =
                Double(identity.held - identity.unknown - identity.correct - identity.wrong) / held
        }
        self.continuity(scene, byTarget.map { $0.map { associations[$0] } })
    }

    /// States of objects with an identity that tracks hold, by what these say of it.
    private struct Identities {
        var held = 0, unknown = 0, correct = 0, wrong = 0

        mutating func add(_ scene: Scene, target: Int, holders: [Association], time: Int) {
            guard let truth = scene.targets[target].identity else { return }
            self.held += 1
            let told = holders.map { holder in
                let piece = scene.pieces[holder.piece]
                return scene.told[piece.reports.lowerBound + time - piece.firstTime].identity
            }
            if told.allSatisfy({ $0 == nil }) {
                self.unknown += 1
            } else if told.allSatisfy({ $0 == truth }) {
                self.correct += 1
            } else if told.allSatisfy({ $0 != nil && $0 != truth }) {
                self.wrong += 1
            }
        }
    }

    private mutating func continuity(_ scene: Scene, _ byTarget: [[Association]]) {
        var changes = 0, tracked = 0, longest = 0, lives = 0
        for (target, associations) in byTarget.enumerated() {
            let times = scene.targets[target].states.map { Int(scene.stateTimes[$0]) }
            func seconds(_ from: Int, _ to: Int) -> Int { scene.grid[to] - scene.grid[from] }
            if let first = times.first, let last = times.last { lives += seconds(first, last) }
            guard !associations.isEmpty else { continue }
            changes += Self.tracksNeeded(times, associations) - 1
            for (a, b) in zip(times, times.dropFirst())
            where associations.contains(where: { $0.spans.contains { $0.lowerBound <= a && b <= $0.upperBound } }) {
                tracked += seconds(a, b)
            }
            longest +=
                associations.map { $0.spans.reduce(0) { $0 + seconds($1.lowerBound, $1.upperBound) } }.max() ?? 0
        }
        // Times in milliseconds cancel, but for the rate.
        if tracked > 0 { self.siap.numberChangeRate = Double(changes) / (Double(tracked) / 1000) }
        if lives > 0 { self.siap.longestSegment = Double(longest) / Double(lives) }
    }

    /// How many tracks it takes to hold a target for as long as it is held, each for as long as it lasts.
    ///
    /// At each time the association is taken whose last end is latest, and of several the one that began first. When the
    /// time is that very end, the count ends, as in Stone Soup: `SIAPMetrics.min_num_tracks_needed_to_track`, which leaves
    /// the order of equal ends to chance.
    static func tracksNeeded(_ times: [Int], _ associations: [Association]) -> Int {
        func key(_ a: Association) -> (Int, Int, Int) {
            (-a.spans[a.spans.count - 1].upperBound, a.spans[0].lowerBound, a.piece)
        }
        let order = associations.sorted { key($0) < key($1) }
        var count = 0, index = 0
        while index < times.count {
            let now = times[index]
            guard let span = order.lazy.flatMap(\.spans).first(where: { $0.contains(now) }) else {
                index += 1
                continue
            }
            count += 1
            guard now < span.upperBound, let end = times[(index + 1)...].firstIndex(of: span.upperBound) else { break }
            index = end + 1
        }
        return count
    }
}
