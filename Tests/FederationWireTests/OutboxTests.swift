import Testing

@testable import FederationWire

@Suite("What waits to be said")
struct OutboxTests {
    private func taken(_ outbox: Outbox<Int>) async -> [Int] {
        outbox.end()
        var messages: [Int] = []
        while let (message, _) = await outbox.next() { messages.append(message) }
        return messages
    }

    @Test("bulk waits behind all else, each line in its order")
    func order() async {
        let outbox = Outbox<Int>(firstMax: 9, bulkMax: 9)
        for (message, rank) in [(1, .bulk), (2, .bulk), (3, .first), (4, .first)] as [(Int, Outbox<Int>.Rank)] {
            #expect(outbox.put(message, rank))
        }
        var messages: [Int] = []
        for _ in 0..<4 { if let (message, _) = await outbox.next() { messages.append(message) } }
        #expect(messages == [3, 4, 1, 2])
    }

    @Test("a full line takes no more, and the other still does")
    func bounds() async {
        let outbox = Outbox<Int>(firstMax: 2, bulkMax: 1)
        #expect(outbox.put(1, .first) && outbox.put(2, .first) && !outbox.put(3, .first))
        #expect(outbox.put(4, .bulk) && !outbox.put(5, .bulk))
        _ = await outbox.next()
        #expect(outbox.put(6, .first))
    }

    @Test("the end drops what waits, and leaves room for one last word")
    func end() async {
        let outbox = Outbox<Int>(firstMax: 9, bulkMax: 9)
        #expect(outbox.put(1, .bulk) && outbox.put(2, .first))
        outbox.end(saying: 3)
        outbox.end(saying: 4)
        #expect(outbox.put(5, .first))
        #expect(await self.taken(outbox) == [3])
        #expect(await outbox.next() == nil)
    }

    @Test("who waits is woken by a message, by the end, and by cancellation")
    func waiting() async {
        let outbox = Outbox<Int>(firstMax: 9, bulkMax: 9)
        async let first = outbox.next()
        await Task.yield()
        #expect(outbox.put(1, .bulk))
        #expect(await first?.message == 1)
        async let last = outbox.next()
        await Task.yield()
        outbox.end()
        #expect(await last == nil)
        let other = Outbox<Int>(firstMax: 9, bulkMax: 9)
        let task = Task { await other.next()?.message }
        task.cancel()
        #expect(await task.value == nil)
        #expect(await self.taken(other) == [])
    }

    @Test("many put at once, and nothing is lost or said twice")
    func many() async {
        let outbox = Outbox<Int>(firstMax: 1000, bulkMax: 1000)
        let count = await withTaskGroup(of: Void.self) { group in
            for start in 0..<4 {
                group.addTask {
                    for number in 0..<200 { _ = outbox.put(start * 200 + number, start < 2 ? .first : .bulk) }
                }
            }
            var seen: Set<Int> = []
            while seen.count < 800, let (message, _) = await outbox.next() { seen.insert(message) }
            return seen.count
        }
        #expect(count == 800)
    }
}

@Suite("When to dial again")
struct BackoffTests {
    @Test("the pause doubles from 0.2 s to 5 s, and chance takes up to half of it")
    func pauses() {
        var backoff = Backoff()
        let longest = (0..<7).map { _ in backoff.next(chance: 0.999_999_999) }
        #expect(longest.map { ($0 / .milliseconds(1)).rounded() } == [200, 400, 800, 1600, 3200, 5000, 5000])
        #expect(backoff.next(chance: 0) == .milliseconds(2500))
        backoff.reset()
        #expect(backoff.next(chance: 0) == .milliseconds(200))
        #expect(backoff.next(chance: .nan) == .milliseconds(200))
        backoff.exhaust()
        #expect(backoff.next(chance: 0.5) == .milliseconds(3750))
    }
}
