import Air
import BenchSupport
import Exercises
import Foundation
import SensorFormats

/// How fast Beast becomes frames, fields, plots and text, on one core.
enum ModeSBench {
    static func run() throws {
        let (beast, times, source) = try self.frames()
        say("  Mode S: \(text(times.count)) messages, \(source)\n")
        let configuration = ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1))
        let framing = measure {
            var reader = BeastReader()
            var sum: UInt64 = 0
            reader.read(beast.span) { sum &+= $0.frame.high }
            consume(sum)
        }
        let fields = measure {
            var reader = BeastReader()
            reader.read(beast.span) { received in
                guard let message = try? ModeSMessage(received.frame) else { return }
                consume(message.residual)
                consume(message.address)
                consume(message.altitude)
                consume(message.extendedSquitter)
            }
        }
        var reports: [SensorReport] = []
        let plots = measure {
            var reader = BeastReader()
            var decoder = ModeSDecoder(configuration)
            var index = 0
            reader.read(beast.span) { received in
                decoder.decode(
                    received.frame, isMultilaterated: received.isMultilaterated, receivedAt: times[index],
                    into: &reports)
                index += 1
            }
            reports.removeAll(keepingCapacity: true)
        }
        // A wrong bit in each tenth frame.
        var damaged: [UInt8] = []
        var number = 0
        var whole = BeastReader()
        whole.read(beast.span) { received in
            var received = received
            number += 1
            if number % 10 == 0 { received.frame = received.frame.flipping(6 + number % 50) }
            received.appendBeast(to: &damaged)
        }
        let mended = measure {
            var reader = BeastReader()
            var decoder = ModeSDecoder(configuration)
            var index = 0
            reader.read(damaged.span) { received in
                decoder.decode(received.frame, receivedAt: times[index], into: &reports)
                index += 1
            }
            reports.removeAll(keepingCapacity: true)
        }
        // Three receivers that heard the same, one after the other.
        let merged = measure {
            var reader = BeastReader()
            var decoder = ModeSDecoder(configuration)
            var merger = ModeSMerger()
            var index = 0
            reader.read(beast.span) { received in
                for receiver in 0..<3
                where merger.take(received, from: receiver, receivedAt: times[index]) {
                    decoder.decode(received.frame, receivedAt: times[index], into: &reports)
                }
                index += 1
            }
            consume(merger.copyCount)
            reports.removeAll(keepingCapacity: true)
        }
        let json = measure {
            _ = try? decodeModeSToJSONLines(
                beast.span, format: .beast, configuration: configuration, sink: { consume($0.count) },
                problem: { _ in })
        }
        var table = Table("Mode S, from Beast", "messages/s", "ns each", "MB/s", "goal")
        for (name, seconds, copies, goal) in [
            ("frames", framing, 1, ""), ("frames, parity, fields", fields, 1, "25,000,000"),
            ("frames, parity, plots", plots, 1, "10,000,000"),
            ("the same, a wrong bit in a tenth", mended, 1, "half of that"),
            ("three receivers joined, plots", merged, 3, ""), ("JSON", json, 1, ""),
        ] as [(String, Double, Int, String)] {
            table.add(
                name, text(Double(times.count * copies) / seconds),
                text(seconds / Double(times.count * copies) * 1e9),
                text(Double(beast.count * copies) / 1e6 / seconds), goal)
        }
        table.print()
    }

    /// Frames in Beast and when each was received.
    private static func frames() throws -> ([UInt8], [Timestamp], String) {
        var beast: [UInt8] = []
        var times: [Timestamp] = []
        let name = "rs1090_long_flight.csv.gz"
        if let lines = try Recordings.unpacked("modes/" + name) {
            ModeSRecording.csv.read(lines.span, problem: { _ in }) { frame in
                frame.received.appendBeast(to: &beast)
                times.append(frame.receivedAt ?? Timestamp(nanoseconds: 0))
            }
            if !times.isEmpty { return (beast, times, name) }
        }
        let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
        var scenario = Scenario(Scenario.Configuration(seed: 1, aircraftCount: 300, start: start))
        var reports: [SensorReport] = []
        scenario.next(until: start.advanced(by: 120), into: &reports)
        var writer = BeastWriter()
        // One receiver's: it hears each broadcast once.
        let receiver = scenario.sensors.first { $0.kind == .receiver }?.id
        for case .plot(let plot) in reports where plot.kind == .broadcast && plot.sensor == receiver {
            writer.append(plot)
            writer.take { bytes in
                var reader = BeastReader()
                reader.read(bytes) { _ in times.append(plot.receivedAt) }
                for index in bytes.indices { beast.append(bytes[index]) }
            }
        }
        return (beast, times, "of our own writer, for \(name) is not here")
    }
}
