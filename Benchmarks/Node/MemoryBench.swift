import BenchSupport
import Foundation

/// What the program holds in memory at so many confirmed tracks.
enum MemoryBench {
    static func run(_ arguments: Arguments) throws {
        say("\nMemory of the program, with history, one reader of the stream (\(Machine.load))\n")
        var table = Table(
            "confirmed tracks", "plots/s", "VmRSS MB", "VmHWM MB", "bytes/track",
            "HWM after GET /api/tracks", "core", "goal")
        var empty = 0
        for count in [0, 5_000, 50_000] {
            let child = try Child(arguments, sensors: Fleet.sensorsYAML)
            defer { child.stop() }
            let reader = try StreamReader(port: child.httpPort)
            defer { reader.stop() }
            if count == 0 {
                sleep(2)
                empty = child.memory.now
                table.add(
                    "0", "0", text(Double(empty) / 1e6), text(Double(child.memory.peak) / 1e6), "", "", "",
                    "")
                continue
            }
            let rate = Double(count) / 5
            let fleet = Fleet(count: count, start: Machine.now, rate: rate, hasRadars: false)
            let feeder = try Feeder(fleet, port: child.udpPort)
            defer { feeder.stop() }
            try LatencyBench.awaitTracks(count * 99 / 100, child, seconds: 120)
            let before = Machine.processTime(child.pid)
            sleep(20)
            let busy = (Machine.processTime(child.pid) - before) / 20 * 100
            let confirmed = try child.metrics().confirmed
            let memory = child.memory
            let asked = try Loopback.get("/api/tracks", port: child.httpPort).utf8.count
            guard asked > confirmed * 100 else { throw Failure("/api/tracks holds only \(asked) bytes") }
            let goal =
                count == 50_000 ? "< 300 MB\(memory.peak < 300_000_000 ? "" : "  MISSED")" : ""
            table.add(
                text(confirmed), text(rate), text(Double(memory.now) / 1e6), text(Double(memory.peak) / 1e6),
                text(Double(memory.now - empty) / Double(max(1, confirmed))), text(Double(child.memory.peak) / 1e6),
                text(busy) + "%", goal)
        }
        table.print()
    }
}
