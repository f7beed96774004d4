import Air
import ArgumentParser
import Geodesy
import Glibc
import Node
import SensorFormats

/// `kumiko decode`: recordings to JSON Lines.
struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Decode recordings of sensor data to JSON Lines.",
        discussion: """
            ASTERIX from blocks (.ast, .raw), FINAL frames (.ff) and packet captures (.pcap); Mode S from Beast, AVR and \
            CSV. One JSON object for each record goes to standard output, with the item names and units of the standard. \
            What could not be read goes to standard error, with its offset and the reason; then a summary.

            The exit status is 0 when every file was of a known format, 2 when one was not.
            """)

    @Argument(help: "The recordings.", completion: .file())
    var files: [String]

    @Option(
        help:
            "Where the receiver of Mode S frames stands, as latitude,longitude in degrees: for positions on the ground."
    )
    var receiver: String?

    @Option(help: "An edition to read a category by, as category=edition, for example 21=0.23; may be repeated.")
    var edition: [String] = []

    @Flag(help: "Write no records, only problems and the summary.")
    var quiet = false

    func run() throws {
        // A reader that goes away (`| head`) ends the program quietly, by the failed write.
        signal(SIGPIPE, SIG_IGN)
        let editions = try self.editions()
        let site = try self.receiver.map(parsePlace)
        var unknown = 0
        for path in self.files {
            let bytes: [UInt8]
            do { bytes = try contents(ofFile: path) } catch {
                say(error.description)
                unknown += 1
                continue
            }
            guard let format = RecordingFormat.detect(bytes.span, name: path) else {
                say(
                    ModeSRecording.isGzip(bytes.span)
                        ? "\(path): is compressed; unpack it first (gzip -d)"
                        : "\(path): is no recording of a known format (ASTERIX blocks, FINAL, pcap, Beast, AVR, CSV)")
                unknown += 1
                continue
            }
            if format.holdsDatagrams {
                try self.decodeAsterix(bytes, format, path, editions)
            } else if try !self.decodeModeS(bytes, path, site) {
                say("\(path): holds no Mode S frames")
                unknown += 1
            }
        }
        if unknown > 0 { throw ExitCode(2) }
    }

    private func editions() throws -> AsterixEditions {
        var editions = AsterixEditions()
        for text in self.edition {
            let parts = text.split(separator: "=")
            let known = AsterixEditions.known.first {
                parts.count == 2 && UInt8(parts[0]) == $0.category && parts[1] == $0.number
            }
            guard let known else {
                throw ValidationError("--edition \(text): there is no such edition; write for example 21=0.23.")
            }
            editions.use(known)
        }
        return editions
    }

    private func decodeAsterix(
        _ bytes: [UInt8], _ format: RecordingFormat, _ path: String, _ editions: AsterixEditions
    ) throws {
        let isQuiet = self.quiet
        let summary = try decodeAsterixToJSONLines(
            bytes.span, format: format, name: path, editions: editions,
            sink: { text in
                if !isQuiet { put(unsafe text.withUnsafeBufferPointer { unsafe Array($0) }) }
            },
            problem: { say("\(path): \($0)") })
        say("\(path): \(summary.text)")
    }

    /// Decodes a Mode S file; false when it holds no frames.
    private func decodeModeS(_ bytes: [UInt8], _ path: String, _ site: Geodetic?) throws -> Bool {
        let isQuiet = self.quiet
        let summary = try decodeModeSToJSONLines(
            bytes.span, configuration: ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1), site: site),
            sink: { text in
                if !isQuiet { put(unsafe text.withUnsafeBufferPointer { unsafe Array($0) }) }
            },
            problem: { say("\(path): \($0)") })
        guard let summary else { return false }
        say("\(path): \(summary)")
        return true
    }
}

/// Reads `latitude,longitude` or `latitude,longitude,height`.
///
/// - Throws: `ValidationError` with what would be right.
func parsePlace(_ text: String) throws -> Geodetic {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
    guard (2...3).contains(numbers.count), numbers.allSatisfy(\.isFinite), abs(numbers[0]) <= 90, abs(numbers[1]) <= 180
    else { throw ValidationError("`\(text)` is no place; write latitude,longitude in degrees, for example 41.3,2.1.") }
    return Geodetic(
        latitudeDegrees: numbers[0], longitudeDegrees: numbers[1], height: numbers.count == 3 ? numbers[2] : 0)
}
