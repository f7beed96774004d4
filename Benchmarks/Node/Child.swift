import BenchSupport
import Foundation
import Synchronization

/// The `kumiko` program as a child of this one, with a configuration and a folder of its own.
final class Child {
    /// Children that live; fixed places, so that a signal's handler can read them.
    private static let living = Atomic<Int32>(0)
    private static let livingToo = Atomic<Int32>(0)

    let httpPort: UInt16
    let udpPort: UInt16
    private let process = Process()
    private let folder: URL

    /// Starts the program and waits until it tells the address of its map.
    ///
    /// - Parameters:
    ///   - sensors: the `sensors:` section.
    ///   - nation: a line of the `node:` section, or nothing.
    ///   - sections: whole sections beside the others.
    init(
        _ arguments: Arguments, sensors: String, queueMegabytes: Int = 4, nation: String = "", sections: String = ""
    ) throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = arguments.program ?? URL(filePath: own).deletingLastPathComponent().appending(path: "kumiko").path
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw Failure("\(program) is not there; build it: swift build -c release --product kumiko")
        }
        self.folder = FileManager.default.temporaryDirectory.appending(path: "kumiko-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        self.udpPort = try Loopback.freePort()
        let configuration = self.folder.appending(path: "kumiko.yaml")
        try """
        node:
          name: Bench
          realm: test
        \(nation)
        http:
          host: 127.0.0.1
          port: 0
        history:
          directory: \(self.folder.path)/history
        sensors:
        \(sensors)
        feeds:
          - name: bench
            format: asterix
            listen: 127.0.0.1:\(self.udpPort)
            queueMegabytes: \(queueMegabytes)
        \(sections)
        """.write(to: configuration, atomically: true, encoding: .utf8)
        let command = [program, "serve", "--config", configuration.path, "--port", "0"]
        // With setpriv the child also ends when this program is killed outright.
        let isGuarded = FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")
        let words = isGuarded ? ["/usr/bin/setpriv", "--pdeathsig", "KILL"] + command : command
        self.process.executableURL = URL(filePath: words[0])
        self.process.arguments = Array(words.dropFirst())
        let output = Pipe()
        let log = self.folder.appending(path: "log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        self.process.standardOutput = output
        self.process.standardError = try FileHandle(forWritingTo: log)
        try self.process.run()
        if Self.living.load(ordering: .relaxed) == 0 {
            Self.living.store(self.process.processIdentifier, ordering: .relaxed)
        } else {
            Self.livingToo.store(self.process.processIdentifier, ordering: .relaxed)
        }
        var line: [UInt8] = []
        let deadline = Machine.monotonic + 20_000_000_000
        while !line.contains(10), Machine.monotonic < deadline, self.process.isRunning {
            var wait = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&wait, 1, 200) > 0 { line += [UInt8](output.fileHandleForReading.availableData) }
        }
        let address = String(decoding: line.prefix { $0 != 10 }, as: UTF8.self)
        guard let port = URL(string: address)?.port.flatMap({ UInt16(exactly: $0) }) else {
            let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            self.process.terminate()
            throw Failure("\(program) did not start: \(address)\n\(text.suffix(2000))")
        }
        self.httpPort = port
    }

    var pid: Int32 { self.process.processIdentifier }
    var isRunning: Bool { self.process.isRunning }
    /// Resident now and at most, bytes.
    var memory: (now: Int, peak: Int) {
        (Machine.memory("VmRSS", of: "\(self.pid)"), Machine.memory("VmHWM", of: "\(self.pid)"))
    }

    /// Every figure of `/metrics`, by its name and labels as they stand there.
    func metrics() throws -> Metrics {
        guard self.process.isRunning else {
            let log = (try? String(contentsOf: self.folder.appending(path: "log"), encoding: .utf8)) ?? ""
            throw Failure("the node has ended: \(log.suffix(2000))")
        }
        return Metrics(try Loopback.get("/metrics", port: self.httpPort))
    }

    /// Ends the program and removes its folder.
    func stop() {
        if self.process.isRunning { kill(self.pid, SIGKILL) }
        self.process.waitUntilExit()
        if Self.living.load(ordering: .relaxed) == self.pid {
            Self.living.store(0, ordering: .relaxed)
        } else {
            Self.livingToo.store(0, ordering: .relaxed)
        }
        try? FileManager.default.removeItem(at: self.folder)
    }

    /// Ends the child however this program ends.
    static func killAllAtExit() {
        atexit { Child.killLiving() }
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                Child.killLiving()
                _exit(128 + number)
            }
        }
    }

    private static func killLiving() {
        for pid in [Self.living.load(ordering: .relaxed), Self.livingToo.load(ordering: .relaxed)] where pid > 0 {
            kill(pid, SIGKILL)
        }
    }
}

/// The text of `/metrics`, read.
struct Metrics {
    private var values: [Substring: Double] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let blank = line.lastIndex(of: " "), let value = Double(line[line.index(after: blank)...]) else {
                continue
            }
            self.values[line[..<blank]] = value
        }
    }

    /// The sum of all figures of a name whose labels hold a text.
    func sum(_ name: String, _ label: String = "") -> Double {
        self.values.reduce(0) { sum, entry in
            let isNamed = entry.key == name || entry.key.hasPrefix(name + "{")
            return isNamed && (label.isEmpty || entry.key.contains(label)) ? sum + entry.value : sum
        }
    }

    var confirmed: Int { Int(self.sum("kumiko_tracks", "\"confirmed\"")) }
    /// Datagrams that were received; records that were decoded; datagrams that were dropped.
    var items: Double { self.sum("kumiko_feed_items_total") }
    var records: Double { self.sum("kumiko_feed_records_total") }
    var queueDrops: Double { self.sum("kumiko_feed_dropped_total", "queue full") }
    var kernelDrops: Double { self.sum("kumiko_feed_dropped_total", "kernel buffer full") }
    var drops: Double { self.queueDrops + self.kernelDrops }
    var waitingBytes: Double { self.sum("kumiko_feed_waiting_bytes") }
}
