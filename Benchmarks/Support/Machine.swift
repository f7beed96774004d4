import Foundation

/// The machine that measures.
package enum Machine {
    /// Cores, processor, system, date and load: what a figure means nothing without.
    package static var line: String {
        let processor =
            Self.lines("/proc/cpuinfo").first { $0.hasPrefix("model name") }
            .flatMap { $0.split(separator: ":").last }.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let memory = Int(ProcessInfo.processInfo.physicalMemory >> 30)
        let date = Date.now.formatted(.iso8601)
        return "Machine: \(cores) cores, \(processor), \(memory) GB, \(date), \(Self.load)"
    }

    /// The load average of the last minute: above zero, others were at work too.
    package static var load: String {
        "load \(Self.lines("/proc/loadavg").first?.split(separator: " ").first ?? "unknown")"
    }

    package static func lines(_ path: String) -> [Substring] {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n")
    }

    /// A figure of `/proc/PID/status` in bytes, for example `VmRSS`.
    package static func memory(_ name: String, of process: String = "self") -> Int {
        for line in Self.lines("/proc/\(process)/status") where line.hasPrefix(name + ":") {
            return (line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0)
                * 1024
        }
        return 0
    }

    private static func time(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Nanoseconds of a clock that never jumps.
    package static var monotonic: UInt64 { Self.time(CLOCK_MONOTONIC) }
    /// Nanoseconds since 1970.
    package static var now: Int64 { Int64(Self.time(CLOCK_REALTIME)) }
    /// Processor time of this thread, seconds: what other programs take does not count.
    package static var threadTime: Double { Double(Self.time(CLOCK_THREAD_CPUTIME_ID)) / 1e9 }
    /// Seconds of processor time of another process.
    package static func processTime(_ process: Int32) -> Double {
        let fields = Self.lines("/proc/\(process)/stat").first?.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / 100
    }
}

/// Seconds of processor time that one `pass` takes: the median of five runs of 0.3 s or more.
package func measure(_ pass: () -> Void) -> Double {
    pass()
    var results: [Double] = []
    for _ in 0..<5 {
        let begin = Machine.threadTime
        var passes = 0.0, spent = 0.0
        repeat {
            pass()
            passes += 1
            spent = Machine.threadTime - begin
        } while spent < 0.3
        results.append(spent / passes)
    }
    return results.sorted()[2]
}

/// Takes a value so that the compiler must make it.
@inline(never) @_optimize(none) package func consume<Value: ~Copyable>(_ value: borrowing Value) {}

/// Figures in columns.
package struct Table {
    private var rows: [[String]]

    package init(_ head: String...) { self.rows = [head] }

    package mutating func add(_ cells: String...) { self.rows.append(cells) }

    package func print() {
        let columns = self.rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in self.rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        for row in self.rows {
            var line = "  "
            for (column, cell) in row.enumerated() {
                let pad = String(repeating: " ", count: widths[column] - cell.count)
                line += (column == 0 ? cell + pad : pad + cell) + "   "
            }
            say(line.trimmingCharacters(in: .whitespaces).isEmpty ? "" : line)
        }
        say("")
    }
}

/// A number with so many decimals and thousands apart.
package func text(_ value: Double, _ decimals: Int = 0) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "–" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int((abs(value) * scale).rounded())
    var whole = String(scaled / Int(scale)), grouped = ""
    while whole.count > 3 {
        grouped = "," + whole.suffix(3) + grouped
        whole.removeLast(3)
    }
    let fraction = String(scaled % Int(scale))
    let tail = decimals == 0 ? "" : "." + String(repeating: "0", count: decimals - fraction.count) + fraction
    return (value < 0 && scaled != 0 ? "-" : "") + whole + grouped + tail
}

package func text(_ value: Int) -> String { text(Double(value)) }

/// Writes a line to standard output at once, also into a pipe.
package func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
