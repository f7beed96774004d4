import Synchronization
import Testing

@testable import Transport

/// A repeatable draw for tests.
///
/// Source: S. Vigna, SplitMix64, public domain, 2015.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A clock that counts its calls.
private final class CountingClock: Sendable {
    private let count = Mutex<Int64>(0)
    var now: @Sendable () -> Int64 {
        {
            self.count.withLock { count in
                count += 1
                return count
            }
        }
    }
}

/// The items of a batch with their bytes.
private func contents(_ batch: borrowing IngestBatch) -> [(item: IngestItem, bytes: [UInt8])] {
    var result: [(IngestItem, [UInt8])] = []
    batch.forEach { item, bytes in
        result.append((item, bytes.indices.map { bytes[$0] }))
    }
    return result
}

/// Takes until `enough` says so of what was taken, or the queue ends.
private func collect(
    _ queue: IngestQueue, until enough: ([(item: IngestItem, bytes: [UInt8])]) -> Bool
) async -> [(item: IngestItem, bytes: [UInt8])] {
    var batch = queue.makeBatch()
    var all: [(item: IngestItem, bytes: [UInt8])] = []
    while !enough(all), await queue.take(&batch) { all += contents(batch) }
    return all
}

@Suite("The ingest queue") struct IngestQueueTests {
    @Test("what goes in comes out, in order, with its bytes")
    func order() async {
        let queue = IngestQueue()
        for i in 0..<100 {
            queue.push([UInt8](repeating: UInt8(i), count: i).span, IngestItem(feed: 3, receivedAt: Int64(i)))
        }
        var batch = queue.makeBatch()
        #expect(await queue.take(&batch))
        let all = contents(batch)
        #expect(all.count == 100)
        for (i, one) in all.enumerated() {
            #expect(one.item.receivedAt == Int64(i))
            #expect(one.bytes == [UInt8](repeating: UInt8(i), count: i))
        }
    }

    @Test("a full queue drops the oldest and counts it for its feed")
    func oldestGoes() async {
        let queue = IngestQueue(bytesMax: 1 << 17, itemsMax: 4)
        for i in 0..<10 { queue.push([UInt8(i)].span, IngestItem(feed: i < 5 ? 1 : 2, receivedAt: Int64(i))) }
        #expect(queue.counters.dropped == 6)
        #expect(queue.counters.droppedByFeed == [0, 5, 1])
        var batch = queue.makeBatch()
        #expect(await queue.take(&batch))
        #expect(contents(batch).map(\.bytes) == [[6], [7], [8], [9]])
    }

    /// The model is an array of arrays from which the first is removed until sizes fit; the ring may hold less than the
    /// model because an item is never split, but always a tail of what was pushed, whole, and all is accounted for.
    @Test(
        "under any load a batch is a tail of what was pushed, and sent = taken + dropped",
        arguments: 0..<40 as Range<UInt64>)
    func anyLoad(seed: UInt64) async {
        var random = SplitMix64(state: seed)
        let queue = IngestQueue(bytesMax: 1 << 17, itemsMax: Int.random(in: 1...60, using: &random))
        var batch = queue.makeBatch()
        var pushed: UInt64 = 0
        var taken: UInt64 = 0
        for _ in 0..<20 {
            var sizes: [Int64: Int] = [:]
            for _ in 0..<Int.random(in: 1...120, using: &random) {
                let size = Int.random(in: 0...(Bool.random(using: &random) ? 65_536 : 900), using: &random)
                sizes[Int64(pushed)] = size
                queue.push(
                    [UInt8](repeating: UInt8(truncatingIfNeeded: pushed), count: size).span,
                    IngestItem(feed: 0, receivedAt: Int64(pushed)))
                pushed += 1
            }
            #expect(await queue.take(&batch))
            let all = contents(batch)
            taken += UInt64(all.count)
            #expect(all.map(\.item.receivedAt) == Array((Int64(pushed) - Int64(all.count))..<Int64(pushed)))
            for one in all {
                #expect(one.bytes.count == sizes[one.item.receivedAt])
                #expect(one.bytes.allSatisfy { $0 == UInt8(truncatingIfNeeded: one.item.receivedAt) })
            }
            #expect(all.reduce(0) { $0 + $1.bytes.count } == batch.byteCount)
        }
        let counters = queue.counters
        #expect(counters.pushed == pushed && counters.taken == taken && counters.waiting == 0)
        #expect(pushed == taken + counters.dropped)
    }

    @Test("a waiting reader is woken by a push, by the end and by a cancellation")
    func wakes() async {
        let queue = IngestQueue()
        let reader = Task { await collect(queue, until: { _ in false }).map(\.bytes) }
        queue.push([1, 2].span, IngestItem(feed: 0, receivedAt: 0))
        queue.push([3].span, IngestItem(feed: 0, receivedAt: 0))
        queue.finish()
        #expect(await reader.value == [[1, 2], [3]])
        let other = IngestQueue()
        let cancelled = Task {
            var batch = other.makeBatch()
            return await other.take(&batch)
        }
        cancelled.cancel()
        #expect(await cancelled.value == false)
    }

    @Test("a stream is refused when there is no room, drops nothing, and is told when there is some")
    func offers() async {
        let queue = IngestQueue(bytesMax: 1 << 17, itemsMax: 2)
        let told = Mutex(0)
        let tell: @Sendable () -> Void = { told.withLock { $0 += 1 } }
        var answers: [Bool] = []
        for byte in [1, 2, 3] as [UInt8] {
            answers.append(queue.offer([byte].span, IngestItem(feed: 0, receivedAt: 0), whenRoom: tell))
        }
        #expect(answers == [true, true, false])
        #expect(told.withLock { $0 } == 0)
        var batch = queue.makeBatch()
        #expect(await queue.take(&batch))
        #expect(told.withLock { $0 } == 1)
        #expect(contents(batch).map(\.bytes) == [[1], [2]])
        #expect(queue.counters.dropped == 0)
    }

    @Test("many writers at once lose nothing that is not counted")
    func manyWriters() async {
        let queue = IngestQueue(bytesMax: 1 << 17, itemsMax: 500)
        async let taken = collect(queue, until: { _ in false }).count
        await withTaskGroup(of: Void.self) { group in
            for feed in 0..<4 as Range<UInt16> {
                group.addTask {
                    for i in 0..<20_000 {
                        queue.push([UInt8](repeating: 7, count: i % 100).span, IngestItem(feed: feed, receivedAt: 0))
                    }
                }
            }
        }
        queue.finish()
        let count = UInt64(await taken)
        let counters = queue.counters
        #expect(counters.pushed == 80_000 && counters.taken == count && count + counters.dropped == 80_000)
        #expect(counters.droppedByFeed.reduce(0, +) == counters.dropped)
    }
}

@Suite("Datagrams") struct DatagramTests {
    @Test(
        "datagrams of any size arrive whole, with their sender and the time of their batch",
        arguments: ["127.0.0.1", "::1"])
    func anySize(host: String) async throws {
        let queue = IngestQueue(bytesMax: 16 << 20)
        let receiver = try await DatagramReceiver.bind(
            .init(feed: 9, endpoint: Endpoint(host: host, port: 0)), to: queue, clock: CountingClock().now)
        #expect(receiver.localEndpoint.host == host && receiver.localEndpoint.port > 0)
        let sender = try await DatagramSender.open(to: receiver.localEndpoint)
        let sizes = [1, 0, 1400, 1500, 9000, 40_000, 65_000, 12]
        for size in sizes { sender.send([UInt8](repeating: UInt8(size & 0xFF), count: size).span) }
        try await sender.flush()
        let all = await collect(queue, until: { $0.count == sizes.count })
        #expect(all.map(\.bytes.count) == sizes)
        // One reading of the clock for each batch, whatever came with it.
        let times = all.map(\.item.receivedAt)
        #expect(times.first == 1 && zip(times, times.dropFirst()).allSatisfy { $1 == $0 || $1 == $0 + 1 })
        #expect(all.allSatisfy { $0.item.feed == 9 && $0.item.peer.isIPv4 == (host == "127.0.0.1") })
        #expect(all.allSatisfy { one in one.bytes.allSatisfy { $0 == UInt8(one.bytes.count & 0xFF) } })
        await sender.close()
        await receiver.close()
    }

    @Test("a flood is accounted for: sent = taken + dropped by the queue + dropped by the kernel")
    func flood() async throws {
        let queue = IngestQueue(bytesMax: 1 << 17, itemsMax: 200)
        let receiver = try await DatagramReceiver.bind(
            .init(feed: 0, endpoint: Endpoint(host: "127.0.0.1", port: 0), kernelBufferBytes: 20_000), to: queue,
            clock: { 0 })
        let sender = try await DatagramSender.open(to: receiver.localEndpoint)
        let payload = [UInt8](repeating: 1, count: 500)
        for _ in 0..<20 {
            for _ in 0..<1000 { sender.send(payload.span) }
            try await sender.flush()
        }
        // What is still in the kernel when the count is asked for comes with the receiver's next reads.
        var arrived: UInt64 = 0
        var lost: UInt64 = 0
        for _ in 0..<500 {
            arrived = queue.counters.pushed
            lost = receiver.kernelDrops
            if arrived + lost >= 20_000 { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(arrived + lost == 20_000)
        queue.finish()
        let taken = UInt64(await collect(queue, until: { _ in false }).count)
        #expect(taken + queue.counters.dropped == arrived)
        #expect(taken <= 200)
        await receiver.close()
        #expect(receiver.kernelDrops == lost)
        await sender.close()
    }

    @Test("a group's datagrams are received, another group's on the same port are not")
    func multicast() async throws {
        let queue = IngestQueue()
        let first = try await DatagramReceiver.bind(
            .init(feed: 1, endpoint: Endpoint(host: "239.255.77.1", port: 0), interface: "lo"), to: queue,
            clock: { 0 })
        let port = first.localEndpoint.port
        let second = try await DatagramReceiver.bind(
            .init(feed: 2, endpoint: Endpoint(host: "239.255.77.2", port: port), interface: "lo"), to: queue,
            clock: { 0 })
        for (group, byte) in [("239.255.77.1", 1), ("239.255.77.2", 2)] as [(String, UInt8)] {
            let sender = try await DatagramSender.open(
                to: Endpoint(host: group, port: port), interface: "lo", hops: 0)
            sender.send([byte, byte].span)
            try await sender.flush()
            await sender.close()
        }
        let all = await collect(queue, until: { $0.count == 2 })
        #expect(all.allSatisfy { $0.bytes == [UInt8($0.item.feed), UInt8($0.item.feed)] })
        #expect(Set(all.map(\.item.feed)) == [1, 2])
        await first.close()
        await second.close()
    }

    @Test("a socket for whose datagrams there is no memory says so at once, and lets its port go")
    func noMemory() async throws {
        let queue = IngestQueue()
        func bound(_ port: Int, batchMax: UInt32) async throws -> DatagramReceiver {
            let configuration = DatagramReceiver.Configuration(
                feed: 0, endpoint: Endpoint(host: "127.0.0.1", port: port))
            return try await DatagramReceiver.bind(configuration, to: queue, batchMax: batchMax, clock: { 0 })
        }
        let first = try await bound(0, batchMax: 1)
        let endpoint = first.localEndpoint
        await first.close()
        // 2³² datagrams are more than any address space has room for.
        await #expect(
            throws: TransportError.unusable(endpoint, reason: "nothing can be received: Cannot allocate memory")
        ) { try await bound(endpoint.port, batchMax: .max).close() }
        try await bound(endpoint.port, batchMax: 1).close()
    }

    @Test("an error names the address and the reason")
    func errors() async throws {
        let queue = IngestQueue()
        func failure(_ host: String, _ port: Int = 0, interface: String? = nil) async -> TransportError? {
            do {
                let configuration = DatagramReceiver.Configuration(
                    feed: 0, endpoint: Endpoint(host: host, port: port), interface: interface)
                await (try DatagramReceiver.bind(configuration, to: queue, clock: { 0 })).close()
                return nil
            } catch { return error as? TransportError }
        }
        #expect(
            await failure("127.0.0.1", interface: "lo") == .notMulticast(Endpoint(host: "127.0.0.1", port: 0)))
        let unusable = await failure("192.0.2.77", 9999)
        #expect(
            "\(try #require(unusable))" == "the address 192.0.2.77:9999 cannot be used: Cannot assign requested address"
        )
        let absent = await failure("239.255.77.1", interface: "nosuch0")
        #expect("\(try #require(absent))".hasPrefix("there is no network interface nosuch0"))
    }
}

@Suite("Endpoints") struct EndpointTests {
    @Test(
        "host:port and [v6]:port are read and written alike",
        arguments: ["127.0.0.1:8600", "[ff02::1]:8600", "receiver.example:30005"])
    func roundTrip(text: String) throws { #expect(try #require(Endpoint(text)).description == text) }

    @Test(
        "anything else is nil",
        arguments: ["", ":1", "host", "host:", "host:65536", "host:-1", "ff02::1", "[::1:5", "[]:5"])
    func malformed(text: String) { #expect(Endpoint(text) == nil) }

    @Test("a peer is written as people write it")
    func peers() {
        #expect(PeerAddress(high: 0, low: 0xFFFF_C0A8_0101, port: 9).description == "192.168.1.1:9")
        #expect(PeerAddress(high: 0x2001_0DB8 << 32, low: 1, port: 9).description == "[2001:db8:0:0:0:0:0:1]:9")
    }
}

@Suite("Backoff") struct BackoffTests {
    @Test(
        "waits double up to the longest, each within its upper half, and begin anew after a reset",
        arguments: 0..<50 as Range<UInt64>)
    func waits(seed: UInt64) {
        var backoff = Backoff(first: 0.5, longest: 30, seed: seed)
        for limit in [0.5, 1, 2, 4, 8, 16, 30, 30, 30] {
            let wait = backoff.next()
            #expect(wait >= limit / 2 && wait <= limit)
        }
        backoff.reset()
        #expect(backoff.next() <= 0.5)
    }

    @Test("the same seed gives the same waits")
    func repeatable() {
        var (a, b) = (Backoff(seed: 5), Backoff(seed: 5))
        for _ in 0..<20 { #expect(a.next() == b.next()) }
    }
}

@Suite("Streams") struct StreamTests {
    /// Waits until a condition holds; ten seconds are far beyond what any of them needs.
    private func eventually(_ condition: () -> Bool) async throws {
        for _ in 0..<2000 {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("what was waited for did not come")
    }

    @Test("a client that finds nobody tries again, and gets the stream once the receiver is there")
    func reconnects() async throws {
        // A port that was free a moment ago; nobody listens there until the receiver is made.
        let port = try await freePort()
        let queue = IngestQueue()
        let client = StreamClient(
            .init(feed: 4, endpoint: Endpoint(host: "127.0.0.1", port: port), firstWait: 0.01, longestWait: 0.05),
            to: queue, clock: { 0 })
        let running = Task { await client.run() }
        try await self.eventually { client.status.failures >= 2 }
        #expect(client.status.lastError == "Connection refused")

        let receiver = try await FakeReceiver.listen(port: port)
        await receiver.say(Array("first".utf8))
        let first = await collect(queue, until: { $0.reduce(0) { $0 + $1.bytes.count } == 5 })
        #expect(first.flatMap(\.bytes) == Array("first".utf8))
        #expect(first.allSatisfy { $0.item.connection == 1 && $0.item.feed == 4 })
        if case .connected = client.status.state {} else { Issue.record("\(client.status.state)") }

        await receiver.hangUp()
        try await self.eventually { client.status.connections >= 2 }
        await receiver.say(Array("second".utf8))
        let second = await collect(queue, until: { $0.reduce(0) { $0 + $1.bytes.count } == 6 })
        #expect(second.flatMap(\.bytes) == Array("second".utf8))
        #expect(second.first?.item.connection ?? 0 >= 2 && second.first?.item.sequence == 0)
        #expect(client.status.bytes == 11)

        running.cancel()
        await running.value
        #expect(client.status.state == .idle)
        await receiver.close()
    }

    @Test("a receiver that falls silent is given up")
    func idle() async throws {
        let receiver = try await FakeReceiver.listen(port: 0)
        let client = StreamClient(
            .init(
                feed: 0, endpoint: Endpoint(host: "127.0.0.1", port: receiver.port), idleTimeout: 0.05,
                firstWait: 20, longestWait: 20), to: IngestQueue(), clock: { 0 })
        let running = Task { await client.run() }
        try await self.eventually {
            if case .waiting = client.status.state { true } else { false }
        }
        #expect(client.status.lastError == "nothing came in time")
        running.cancel()
        await running.value
        await receiver.close()
    }

    @Test("a client stops reading while the queue is full, and no byte is lost")
    func backpressure() async throws {
        let receiver = try await FakeReceiver.listen(port: 0)
        let queue = IngestQueue(bytesMax: 1 << 17, itemsMax: 3)
        let client = StreamClient(
            .init(feed: 0, endpoint: Endpoint(host: "127.0.0.1", port: receiver.port)), to: queue, clock: { 0 })
        let running = Task { await client.run() }
        try await self.eventually { client.status.connections == 1 }
        let sent = (0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let saying = Task { await receiver.say(sent) }
        // The reader does not come until the queue is full; then the client must hold what little it has read.
        try await self.eventually { queue.counters.waiting == 3 || queue.counters.waitingBytes > 60_000 }
        var count = 0
        var next: UInt32 = 0
        var batch = queue.makeBatch()
        var isSame = true
        while count < sent.count, await queue.take(&batch) {
            batch.forEach { item, bytes in
                isSame = isSame && item.sequence == next
                for i in bytes.indices { isSame = isSame && bytes[i] == sent[count + i] }
                next &+= 1
                count += bytes.count
            }
        }
        #expect(isSame && count == sent.count)
        #expect(queue.counters.dropped == 0)
        await saying.value
        running.cancel()
        await running.value
        await receiver.close()
    }

    @Test("a server gives each connection a slot, refuses those beyond, and gives a freed slot again")
    func server() async throws {
        let queue = IngestQueue()
        let server = try await StreamServer.bind(
            .init(feed: 6, endpoint: Endpoint(host: "127.0.0.1", port: 0), connectionsMax: 2), to: queue,
            clock: { 0 })
        let a = try await FakeReceiver.connect(port: server.localEndpoint.port)
        await a.say([1])
        var all = await collect(queue, until: { $0.count == 1 })
        let b = try await FakeReceiver.connect(port: server.localEndpoint.port)
        await b.say([2])
        all += await collect(queue, until: { $0.count == 1 })
        #expect(all.map(\.item.slot) == [0, 1] && all.map(\.bytes) == [[1], [2]])
        let c = try await FakeReceiver.connect(port: server.localEndpoint.port)
        await c.closed()
        #expect(server.counters.refused == 1)
        await a.close()
        try await self.eventually { server.counters.open == 1 }
        let d = try await FakeReceiver.connect(port: server.localEndpoint.port)
        await d.say([4])
        let last = await collect(queue, until: { $0.count == 1 })
        #expect(last.map(\.item.slot) == [0] && last.map(\.item.connection) == [2] && last.map(\.bytes) == [[4]])
        await server.close()
        await b.closed()
        #expect(server.counters.accepted == 3)
    }
}
