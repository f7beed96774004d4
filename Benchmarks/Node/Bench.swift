import BenchSupport
import Foundation

/// `kumiko-bench`: the figures that Kumiko promises, each measured and printed beside what is wanted of it.
@main
struct Bench {
    static let help = """
        usage: kumiko-bench COMMAND [OPTIONS]

          all                    tracker, ingest, latency and memory, one after the other
          tracker [DIRECTORY]    plots a second on one core, over a scenario held in memory;
                                 DIRECTORY holds a scenario in the referee's form
          latency                from a datagram sent to the event read, through the real program
          federation             from a datagram at one nation's node to the event at another's, through two of the real
                                 programs
          memory                 of the real program, at 5,000 and 50,000 confirmed tracks
          ingest                 datagrams a second on one core, from the socket into the decoder, beside a bare
                                 recvmmsg loop; the exit status tells the verdict
          region                 100,000 tracks from 200 sensors in real time, through the real program; the exit status
                                 tells the verdict
          overload               twice what the node can take; the exit status tells the verdict

        options
          --minutes N            overload: how long (10)
          --seconds N            latency, region: how long to measure (30)
          --aircraft N           overload: how many aircraft (10000); region: how many tracks (100000); federation: how
                                 many (5000); tracker: only
                                 so many
          --queue N              overload, region: megabytes that may wait to be decoded (4)
          --program PATH         the kumiko program (beside this one)
        """

    static func main() {
        signal(SIGPIPE, SIG_IGN)
        Child.killAllAtExit()
        do {
            let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
            say(Machine.line)
            switch arguments.command {
            case "tracker": try TrackerBench.run(arguments)
            case "latency": try LatencyBench.run(arguments)
            case "federation": try FederationBench.run(arguments)
            case "memory": try MemoryBench.run(arguments)
            case "ingest": exit(try IngestBench.run(arguments) ? 0 : 1)
            case "region": exit(try RegionBench.run(arguments) ? 0 : 1)
            case "overload": exit(try OverloadBench.run(arguments) ? 0 : 1)
            case "all":
                try TrackerBench.run(arguments)
                _ = try IngestBench.run(arguments)
                try LatencyBench.run(arguments)
                try MemoryBench.run(arguments)
            default: throw Failure("there is no command `\(arguments.command)`\n\n\(Self.help)")
            }
        } catch {
            FileHandle.standardError.write(Data("kumiko-bench: \(error)\n".utf8))
            exit(2)
        }
    }
}

/// Why a measurement could not be made.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What was asked on the command line.
struct Arguments {
    var command = "all"
    var directory: String?
    var minutes = 10.0
    var seconds = 30.0
    var aircraft: Int?
    var queue = 4
    var program: String?

    init(_ words: [String]) throws {
        var plain: [String] = []
        var at = 0
        func value() throws -> String {
            at += 1
            guard at < words.count else { throw Failure("\(words[at - 1]) wants a value\n\n\(Bench.help)") }
            return words[at]
        }
        func number(_ range: ClosedRange<Double>) throws -> Double {
            let name = words[at]
            guard let number = Double(try value()), range.contains(number) else {
                throw Failure("\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        while at < words.count {
            switch words[at] {
            case "-h", "--help":
                say(Bench.help)
                exit(0)
            case "--minutes": self.minutes = try number(0.25...10_080)
            case "--seconds": self.seconds = try number(5...3600)
            case "--aircraft": self.aircraft = Int(try number(100...200_000))
            case "--queue": self.queue = Int(try number(1...1024))
            case "--program": self.program = try value()
            case let word where word.hasPrefix("-"): throw Failure("there is no option \(word)\n\n\(Bench.help)")
            default: plain.append(words[at])
            }
            at += 1
        }
        if let first = plain.first { self.command = first }
        if plain.count > 1 { self.directory = plain[1] }
    }
}
