import Air
import Exercises
import Releasability
import Testing

@testable import Alliance

/// What the runs are made of.
@Suite struct PartsTests {
    @Test(
        "events come out by their times, and at one instant in the order in which they were foretold", arguments: 0..<20
    )
    func heap(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var heap = EventHeap<Int>()
        let times = (0..<500).map { _ in Int64(random.index(below: 100)) }
        for (place, time) in times.enumerated() { heap.insert(place, at: time) }
        let expected = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
        #expect(expected.map { _ in heap.pop()?.event } == expected)
        #expect(heap.pop() == nil)
    }

    @Test("a disk that crashes keeps what was synced, and of the rest the first ones", arguments: 0..<50)
    func disk(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var disk = Disk<[Int], Int>([], apply: { $0.append($1) })
        for number in 0..<10 { _ = disk.write(number, ticket: UInt64(number), at: 0, taking: 5) }
        #expect((0..<4).map { _ in disk.sync() } == [0, 1, 2, 3])
        let lost = disk.crash(&random)
        #expect(disk.durable == Array(0..<10 - lost))
        #expect(disk.durable.count >= 4)
    }

    @Test("the oracle's rules of release and those of the room that decides in earnest are the same", arguments: 0..<40)
    func verdicts(seed: UInt64) throws {
        let world = World(seed: seed)
        var random = SplitMix64(seed: seed, stream: 9)
        var released = 0
        for small in world.policies {
            let policy = try world.policy(small)
            for _ in 0..<200 {
                var label = world.label(of: small.nation, &random)
                if random.chance(0.3) { label.originators.insert(Members(random.index(below: world.nations.count))) }
                let now = World.begin + Int64(random.uniform(0...80) * 1e9)
                let measured = now + Int64(random.uniform(-5...15) * 1e9)
                let spot =
                    random.chance(0.7)
                    ? SmallSpot(
                        latitude: random.uniform(20...50), longitude: random.uniform(120...160), measuredAt: measured)
                    : nil
                let kind = SmallKind.allCases[random.index(below: 3)]
                let partner = random.index(below: world.nations.count)
                let verdict = policy.verdict(
                    Goods(
                        kind.goods, label: world.label(label), realm: World.realm,
                        position: spot.map { World.geodetic($0) }, measuredAt: Timestamp(nanoseconds: measured)),
                    to: .nation(world.nations[partner]), at: Timestamp(nanoseconds: now))
                let permits = small.permits(kind, label, spot, measuredAt: measured, to: partner, at: now)
                #expect(verdict.isReleased == !permits.isEmpty)
                if verdict.isReleased {
                    released += 1
                    let name = policy.agreements[Int(verdict.agreement)].name
                    #expect(permits.contains { $0.name == name })
                }
            }
        }
        #expect(released > 0)
    }
}
