import Air
import BenchSupport
import CDatagrams
import Foundation
import SensorFormats
import Synchronization
import Transport

/// From the socket to the decoder: how many datagrams one core takes, beside the least that any program must do, and
/// that none is lost uncounted.
enum IngestBench {
    /// Datagrams of one size to a port, as fast as the kernel takes them; sixty at a time, which the kernel divides.
    ///
    /// Source: udp(7), UDP_SEGMENT: without it one core sends fewer than one core receives.
    private final class Flood: Sendable {
        private static let perCall = 60
        private let isOver = Atomic(false)
        private let sentCount = Atomic<Int>(0)
        private let hasEnded = DispatchSemaphore(value: 0)

        init(_ datagram: [UInt8], port: UInt16) throws {
            let socket = try Loopback.connect(port, SOCK_DGRAM)
            var size = CInt(datagram.count)
            guard unsafe setsockopt(socket, CInt(IPPROTO_UDP), 103, &size, 4) == 0 else {
                throw Failure("the kernel cannot divide datagrams (UDP_SEGMENT): errno \(errno)")
            }
            var many: [UInt8] = []
            for _ in 0..<Self.perCall { many += datagram }
            let bytes = many
            let thread = Thread {
                while !self.isOver.load(ordering: .relaxed) {
                    let taken = unsafe bytes.withUnsafeBytes { unsafe send(socket, $0.baseAddress, $0.count, 0) }
                    if taken == bytes.count { self.sentCount.add(Self.perCall, ordering: .relaxed) }
                }
                close(socket)
                self.hasEnded.signal()
            }
            thread.start()
        }

        /// Ends it and tells how many datagrams it has sent in all.
        func stop() -> Int {
            self.isOver.store(true, ordering: .relaxed)
            self.hasEnded.wait()
            return self.sentCount.load(ordering: .relaxed)
        }
    }

    /// What one run gave.
    private struct Result {
        var sent = 0
        var received = 0
        var kernelDrops = 0
        var queueDrops = 0
        var taken = 0
        /// Seconds: of the flood, of processor time of the receiving thread, of decoding.
        var seconds = 0.0
        var receiving = 0.0
        var decoding = 0.0

        var isAccounted: Bool {
            self.sent == self.received + self.kernelDrops && self.received == self.taken + self.queueDrops
        }

        /// Datagrams a second of processor time of the receiving thread.
        var perCore: Double { Double(self.received) / self.receiving }

        static func + (a: Result, b: Result) -> Result {
            Result(
                sent: a.sent + b.sent, received: a.received + b.received, kernelDrops: a.kernelDrops + b.kernelDrops,
                queueDrops: a.queueDrops + b.queueDrops, taken: a.taken + b.taken,
                seconds: a.seconds + b.seconds, receiving: a.receiving + b.receiving, decoding: a.decoding + b.decoding)
        }
    }

    /// - Returns: whether every datagram was accounted for and the goal is met.
    static func run(_ arguments: Arguments) throws -> Bool {
        let rounds = 3, seconds = min(arguments.seconds, 20) / 12
        let datagram = Self.datagram()
        say(
            "\nUDP ingest on loopback: datagrams of \(datagram.count) bytes, three records of category 048 (\(Machine.load))\n"
        )
        var limit = Result(), counted = Result(), decoded = Result()
        // In turn, so that what others do on the machine falls on all alike.
        for _ in 0..<rounds {
            limit = limit + (try Self.twin(datagram, seconds: seconds))
            counted = counted + (try Self.kumiko(datagram, seconds: seconds, decodes: false))
            decoded = decoded + (try Self.kumiko(datagram, seconds: seconds, decodes: true))
        }
        let forced = try Self.kumiko(
            datagram, seconds: seconds, decodes: true, kernelBufferBytes: 32_768, queueBytes: 1 << 17)
        var table = Table("", "per core", "ns each", "per second", "sent", "kernel drops", "queue drops", "accounted")
        for (name, result) in [
            ("the limit: recvmmsg in C, and nothing else", limit), ("received and put into the queue", counted),
            ("the same, decoded beside it", decoded), ("forced overload: small buffers", forced),
        ] {
            table.add(
                name, text(result.perCore), text(1e9 / result.perCore), text(Double(result.received) / result.seconds),
                text(result.sent), text(result.kernelDrops), text(result.queueDrops),
                result.isAccounted ? "exactly" : "NO: \(result.received) received, \(result.taken) taken")
        }
        table.print()
        let whole = Double(decoded.taken) / (decoded.receiving + decoded.decoding)
        let share = counted.perCore / limit.perCore
        let isFast = counted.perCore >= 500_000
        let isAccounted = [limit, counted, decoded, forced].allSatisfy(\.isAccounted)
        say(
            """
              received, one core:     \(text(counted.perCore)) datagrams/s (goal: 500,000), \(text(share * 100))% of the limit
              and decoded, one core:  \(text(whole)) datagrams/s, \(text(3 * whole)) plots/s
              every loss accounted:   \(isAccounted ? "yes" : "NO")

            """)
        return isFast && isAccounted
    }

    /// Three plots of one radar.
    private static func datagram() -> [UInt8] {
        var writer = AsterixWriter()
        let now = Timestamp(nanoseconds: Machine.now)
        for index in 0..<3 {
            writer.append(
                .plot(
                    Plot(
                        sensor: SensorID(sac: 1, sic: 1), measuredAt: now, receivedAt: now, kind: .modeS,
                        measurement: .polar(range: 90_000 + 1000 * Double(index), azimuth: 1, elevation: nil),
                        pressureAltitude: 10_000, identity: Identity(address: ICAOAddress(0x86_0000 + UInt32(index))))))
        }
        var bytes: [UInt8] = []
        writer.takeDatagrams { _, datagram in for index in datagram.indices { bytes.append(datagram[index]) } }
        return bytes
    }

    /// The least that can be done: a thread that reads as the receiver does and looks at nothing.
    private final class Twin: Sendable {
        private let isOver = Atomic(false)
        private let count = Atomic<Int>(0)
        private let processor = Mutex(0.0)
        private let hasEnded = DispatchSemaphore(value: 0)

        init(_ socket: Int32) {
            let thread = Thread {
                guard let datagrams = unsafe kumiko_datagrams_create(64) else { return }
                let begin = Machine.threadTime
                while !self.isOver.load(ordering: .relaxed) {
                    let count = unsafe kumiko_datagrams_read(datagrams, socket)
                    if count > 0 {
                        self.count.add(Int(count), ordering: .relaxed)
                    } else {
                        var wait = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
                        unsafe poll(&wait, 1, 10)
                    }
                }
                self.processor.withLock { $0 = Machine.threadTime - begin }
                unsafe kumiko_datagrams_destroy(datagrams)
                self.hasEnded.signal()
            }
            thread.start()
        }

        var received: Int { self.count.load(ordering: .relaxed) }

        func stop() -> Double {
            self.isOver.store(true, ordering: .relaxed)
            self.hasEnded.wait()
            return self.processor.withLock { $0 }
        }
    }

    private static func twin(_ datagram: [UInt8], seconds: Double) throws -> Result {
        let (socket, port) = try Loopback.bound(kernelBufferBytes: Self.kernelBufferBytes)
        defer { close(socket) }
        let twin = Twin(socket)
        let flood = try Flood(datagram, port: port)
        let begin = Machine.monotonic
        usleep(UInt32(seconds * 1e6))
        var result = Result()
        result.sent = flood.stop()
        result.seconds = Double(Machine.monotonic - begin) / 1e9
        Self.settle { twin.received + Loopback.drops(socket) == result.sent }
        result.receiving = twin.stop()
        result.received = twin.received
        result.taken = result.received
        result.kernelDrops = Loopback.drops(socket)
        return result
    }

    private static let kernelBufferBytes = 64 << 20

    /// Waits until what is on its way has arrived, two seconds at most.
    private static func settle(_ hasArrived: () -> Bool) {
        let deadline = Machine.monotonic + 2_000_000_000
        while !hasArrived(), Machine.monotonic < deadline { usleep(5000) }
    }

    /// The node's own way: receiver, queue, and a reader that decodes or only counts.
    private static func kumiko(
        _ datagram: [UInt8], seconds: Double, decodes: Bool, kernelBufferBytes: Int = Self.kernelBufferBytes,
        queueBytes: Int = 64 << 20
    ) throws -> Result {
        let queue = IngestQueue(bytesMax: queueBytes, itemsMax: 1 << 19)
        let box = MutexBox<(receiver: DatagramReceiver?, error: (any Error)?)>((nil, nil))
        let isBound = DispatchSemaphore(value: 0)
        Task {
            do {
                let receiver = try await DatagramReceiver.bind(
                    DatagramReceiver.Configuration(
                        feed: 0, endpoint: Endpoint(host: "127.0.0.1", port: 0), kernelBufferBytes: kernelBufferBytes),
                    to: queue, clock: { Machine.now })
                box.exchange { $0.receiver = receiver }
            } catch {
                box.exchange { $0.error = error }
            }
            isBound.signal()
        }
        isBound.wait()
        guard let receiver = box.exchange({ $0.receiver }) else {
            throw Failure(box.exchange { $0.error.map { "\($0)" } } ?? "no receiver")
        }
        let tally = MutexBox(Result())
        let hasRead = DispatchSemaphore(value: 0)
        Task {
            var batch = queue.makeBatch()
            var decoder = AsterixDecoder()
            var reports: [SensorReport] = []
            var problems: [AsterixProblem] = []
            while await queue.take(&batch) {
                let begin = Machine.threadTime
                if decodes {
                    batch.forEach { item, bytes in
                        decoder.decode(
                            bytes, receivedAt: Timestamp(nanoseconds: item.receivedAt), into: &reports,
                            problems: &problems)
                        if reports.count > 4096 { reports.removeAll(keepingCapacity: true) }
                    }
                }
                let (count, spent) = (batch.count, Machine.threadTime - begin)
                tally.exchange { tally in
                    tally.taken += count
                    tally.decoding += spent
                }
            }
            hasRead.signal()
        }
        let flood = try Flood(datagram, port: UInt16(receiver.localEndpoint.port))
        let begin = Machine.monotonic
        usleep(UInt32(seconds * 1e6))
        let sent = flood.stop()
        let elapsed = Double(Machine.monotonic - begin) / 1e9
        Self.settle { Int(queue.counters.pushed &+ receiver.kernelDrops) == sent }
        let receiving = receiver.processorTime
        queue.finish()
        hasRead.wait()
        Task { await receiver.close() }
        var result = tally.exchange { $0 }
        let counters = queue.counters
        result.sent = sent
        result.seconds = elapsed
        result.receiving = receiving
        result.received = Int(counters.pushed)
        result.kernelDrops = Int(receiver.kernelDrops)
        result.queueDrops = Int(counters.dropped)
        return result
    }
}
