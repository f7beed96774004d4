import Air
import BenchSupport
import Foundation
import SensorFormats

/// How often the register of a Comm-B reply is found, by payloads whose register is known, and how fast.
enum CommBBench {
    /// Right, unknown and wrong.
    private struct Score {
        var right = 0
        var unknown = 0
        var wrong = 0

        var total: Int { self.right + self.unknown + self.wrong }

        mutating func count(_ register: CommBRegister?, _ truth: UInt8) {
            if register?.rawValue == truth {
                self.right += 1
            } else if register == nil {
                self.unknown += 1
            } else {
                self.wrong += 1
            }
        }

        static func + (lhs: Score, rhs: Score) -> Score {
            Score(
                right: lhs.right + rhs.right, unknown: lhs.unknown + rhs.unknown, wrong: lhs.wrong + rhs.wrong)
        }
    }

    /// A reply and the register that the radar had asked for.
    private struct Row {
        var address: UInt32
        var time: Int64
        var truth: UInt8
        var payload: UInt64
        var context: CommBContext
        /// The half of the aircraft that the rules were made with, or the other.
        var half: Int
    }

    static func run() throws {
        try self.score()
        try self.speed()
    }

    private static func score() throws {
        guard let lines = try Recordings.unpacked("modes/bds_ground_truth_cat048.csv.gz") else {
            say("  Comm-B: the payloads with known registers are not here\n")
            return
        }
        var rows: [Row] = []
        for line in String(decoding: lines, as: UTF8.self).split(separator: "\n").dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count > 9, let truth = UInt8(cells[7], radix: 16), let seconds = Double(cells[1]),
                let frame = ModeSFrame(hex: cells[9]), let message = try? ModeSMessage(frame),
                let address = message.address?.rawValue, let payload = message.commB
            else { continue }
            rows.append(
                Row(
                    address: address, time: Int64(seconds * 1e9), truth: truth, payload: payload,
                    context: CommBContext(altitudeFeet: message.altitude?.feet),
                    half: Int((address &* 0x9E37_79B1) >> 31)))
        }
        say("  Comm-B: \(text(rows.count)) payloads of two radars, with the register that was asked for\n")
        for withState in [false, true] {
            var scores: [UInt8: [Score]] = [:]
            var states: [UInt32: CommBState] = [:]
            for row in rows {
                let register =
                    withState
                    ? CommBInference.register(
                        of: row.payload, context: row.context, state: &states[row.address, default: CommBState()],
                        at: row.time) : CommBInference.register(of: row.payload, context: row.context)
                scores[row.truth, default: [Score(), Score()]][row.half].count(register, row.truth)
            }
            self.print(scores, withState ? "with what the aircraft answered before" : "each reply by itself")
        }
        let perReply = measure {
            var state = CommBState()
            for row in rows {
                consume(CommBInference.register(of: row.payload, context: row.context, state: &state, at: row.time))
            }
        }
        say("  \(text(perReply / Double(rows.count) * 1e9)) ns for a reply\n")
    }

    /// One table: a line for each register, for each half of the aircraft and for all.
    private static func print(_ scores: [UInt8: [Score]], _ title: String) {
        var table = Table("Register, " + title, "payloads", "right", "unknown", "wrong", "right", "wrong", "goal")
        func add(_ name: String, _ score: Score, _ goal: String = "") {
            guard score.total > 0 else { return }
            let percent = 100 / Double(score.total)
            table.add(
                name, text(score.total), text(score.right), text(score.unknown), text(score.wrong),
                text(Double(score.right) * percent, 3) + " %", text(Double(score.wrong) * percent, 3) + " %", goal)
        }
        var halves = [Score(), Score()]
        for (number, pair) in scores.sorted(by: { $0.key < $1.key }) where number != 0 {
            add(CommBRegister(rawValue: number).description, pair[0] + pair[1])
            halves = [halves[0] + pair[0], halves[1] + pair[1]]
        }
        let goal = title.hasPrefix("each") ? "≥ 98.5 %, wrong ≤ 0.05 %" : "≥ 99.5 %, wrong ≤ 0.05 %"
        add("all", halves[0] + halves[1], goal)
        add("half of the aircraft, rules made with it", halves[0], goal)
        add("the other half", halves[1], goal)
        if let broadcast = scores[0] {
            // What a radar calls 0,0 is a broadcast, which holds 1,0 or 1,7: none of it counts.
            add("0,0 (broadcasts, not counted)", broadcast[0] + broadcast[1])
        }
        table.print()
    }

    private static func speed() throws {
        guard let lines = try Recordings.unpacked("modes/rs1090_long_flight.csv.gz") else { return }
        var beast: [UInt8] = []
        var times: [Timestamp] = []
        ModeSRecording.csv.read(lines.span, problem: { _ in }) { frame in
            frame.received.appendBeast(to: &beast)
            times.append(frame.receivedAt ?? Timestamp(nanoseconds: 0))
        }
        let configuration = ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1))
        var reports: [SensorReport] = []
        var found = 0
        var asked = 0
        let plots = measure {
            var reader = BeastReader()
            var decoder = ModeSDecoder(configuration)
            var index = 0
            (found, asked) = (0, 0)
            reader.read(beast.span) { received in
                guard let message = try? ModeSMessage(received.frame) else { return }
                let answer = decoder.decode(message, receivedAt: times[index], into: &reports)
                index += 1
                if answer.register != nil { found += 1 }
                if answer.verdict == .accepted, message.commB ?? 0 != 0 { asked += 1 }
            }
            reports.removeAll(keepingCapacity: true)
        }
        var baseStation: [UInt8] = []
        var writer = BaseStationWriter()
        var decoder = ModeSDecoder(configuration)
        var reader = BeastReader()
        var index = 0
        reader.read(beast.span) { received in
            guard let message = try? ModeSMessage(received.frame) else { return }
            let answer = decoder.decode(message, receivedAt: times[index], into: &reports)
            writer.append(message, answer: answer, receivedAt: times[index])
            index += 1
        }
        let written = writer.messageCount
        writer.take { text in for i in text.indices { baseStation.append(text[i]) } }
        let lineTime = measure {
            var reader = BaseStationReader()
            reader.read(baseStation.span) { consume($0.latitude) }
        }
        var json = JSONWriter()
        let listTime = measure {
            json.removeAll()
            AircraftJSON.write(decoder, now: times.last ?? Timestamp(nanoseconds: 0), to: &json)
        }
        say("  \(text(asked)) registers of known aircraft in the long flight, \(text(found)) of them recognised\n")
        var table = Table("Registers, lines, lists", "a second", "ns each", "MB/s", "goal")
        let messages = Double(times.count)
        table.add(
            "Beast to plots, with registers: messages", text(messages / plots), text(plots / messages * 1e9),
            text(Double(beast.count) / 1e6 / plots), "≥ 10,000,000")
        let lines64 = Double(written)
        table.add(
            "BaseStation to messages: lines", text(lines64 / lineTime), text(lineTime / lines64 * 1e9),
            text(Double(baseStation.count) / 1e6 / lineTime), "≥ 500 MB/s")
        table.add(
            "aircraft.json of \(decoder.aircraftCount) aircraft: files", text(1 / listTime), text(listTime * 1e9),
            text(Double(json.count) / 1e6 / listTime), "")
        table.print()
    }
}

extension Recordings {
    /// A gzip file of the recordings, unpacked; nil where it is not.
    static func unpacked(_ name: String) throws -> [UInt8]? {
        guard let path = self.folder.map({ "\($0)/\(name)" }), FileManager.default.fileExists(atPath: path) else {
            return nil
        }
        let gzip = Process()
        gzip.executableURL = URL(filePath: "/bin/gzip")
        gzip.arguments = ["-dc", path]
        let pipe = Pipe()
        gzip.standardOutput = pipe
        try gzip.run()
        let bytes = [UInt8](pipe.fileHandleForReading.readDataToEndOfFile())
        gzip.waitUntilExit()
        return bytes
    }
}
