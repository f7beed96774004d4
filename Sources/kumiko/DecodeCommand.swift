import Air
import ArgumentParser
import Geodesy
import Glibc
import SensorFormats

/// `kumiko decode`: recordings to JSON Lines, trees or lines of text.
struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Decode recordings of sensor data to JSON Lines or text.",
        discussion: """
            ASTERIX from blocks (.ast, .raw), FINAL, IOSS, ORADIS, GPS, HDLC and RFF frames and packet captures (.pcap, \
            .pcapng); Mode S from Beast, AVR and CSV; AIS from NMEA sentences; BaseStation (SBS) and OpenSky state vectors. Files of any length are read in a few \
            megabytes of memory; - is standard input, so that `gzip -dc FILE.gz | kumiko decode -` unpacks. Records go to \
            standard output, what could not be read to standard error, with its offset and the reason; then a summary.

            --count and --area are for all formats; the other filters, --format text and line, --only and --meanings for \
            ASTERIX, --receiver for Mode S.

            The exit status is 0 when every file was of a known format, 2 when one was not, 64 when an option is wrong or \
            is not for the format.
            """)

    @Argument(help: "The recordings; - is standard input.", completion: .file())
    var files: [String]

    @Option(help: "How records are written: json (one object a line), text (a tree), line (one line of fields).")
    var format = Form.json

    @Flag(help: "Write what codes mean beside them; text always does.")
    var meanings = false

    @Option(help: "Write only this item of each record, in text and lines; may be repeated.")
    var only: [String] = []

    @Option(help: "End after so many records.")
    var count: Int?

    @OptionGroup var filter: FilterOptions

    @Option(
        parsing: .unconditional,
        help:
            "Where the receiver of Mode S frames stands, as latitude,longitude in degrees: for positions on the ground."
    )
    var receiver: String?

    @Flag(help: "Write no records, only problems and the summary.")
    var quiet = false

    @OptionGroup var problems: ProblemOptions

    enum Form: String, ExpressibleByArgument, CaseIterable {
        case json, text, line

        var view: AsterixView {
            switch self {
            case .json: .json
            case .text: .text
            case .line: .line
            }
        }
    }

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count is 1 or more.") }
        if !self.only.isEmpty, self.format == .json {
            throw ValidationError("--only is for --format text and line; JSON objects are picked by jq.")
        }
    }

    func run() throws {
        // A reader that goes away (`| head`) ends the program quietly, by the failed write.
        signal(SIGPIPE, SIG_IGN)
        let job = Job(
            editions: try self.filter.editions(), filter: try self.filter.filter(),
            only: try self.only.map { try FilterOptions.item($0, option: "--only") },
            receiver: try self.receiver.map(parsePlace))
        var unknown = 0
        for path in self.files {
            do { try self.decode(try Input(path, showsProgress: true), path, job) } catch let error as ExitMessage {
                say(error.description)
                unknown += 1
            }
        }
        if unknown > 0 { throw ExitCode(2) }
    }

    /// What is the same for all files.
    private struct Job {
        var editions: AsterixEditions
        var filter: AsterixFilter
        var only: [AsterixItem]
        var receiver: Geodetic?
    }

    /// - Throws: `ExitMessage` if the file cannot be read or is of no known format.
    private func decode(_ input: Input, _ path: String, _ job: Job) throws {
        var window = RecordingWindow()
        try window.fill(from: input.next)
        guard let format = RecordingFormat.detect(window.bytes.span, name: path) else {
            throw ExitMessage(unknownFormat(window.bytes.span, input.name))
        }
        let summary: String
        guard format != .json else {
            throw ExitMessage("\(input.name): is JSON Lines already; `kumiko convert` makes a recording of it")
        }
        try refuse(self.optionsNot(for: format), format, input.name)
        var log = ProblemLog(input.name, self.problems)
        if format.holdsDatagrams {
            summary = try self.decodeAsterix(input, &window, format, job, &log)
        } else if let modeS = format.modeS {
            summary = try self.decodeModeS(input, &window, modeS, job, &log)
        } else if let decoder = PlotRecordingDecoder(
            format: format, area: job.filter.area, countMax: self.count ?? .max)
        {
            summary = try self.decodePlots(input, &window, decoder, &log)
        } else {
            summary = try self.decodeAIS(input, &window, job, &log)
        }
        log.finish()
        say("\(input.name): \(summary)")
    }

    /// The options given that mean nothing for a format.
    private func optionsNot(for format: RecordingFormat) -> [String] {
        var options: [String] = []
        if !format.holdsDatagrams {
            options = self.filter.givenForAsterix
            if self.format != .json { options.append("--format \(self.format.rawValue)") }
            if self.meanings { options.append("--meanings") }
        }
        if self.receiver != nil, format.modeS == nil { options.append("--receiver") }
        return options
    }

    private func write(_ text: Span<UInt8>) {
        if !self.quiet { putBytes(text) }
    }

    private func decodeAsterix(
        _ input: Input, _ window: inout RecordingWindow, _ format: RecordingFormat, _ job: Job,
        _ log: inout ProblemLog
    ) throws -> String {
        var decoder = try AsterixRecordingDecoder(
            format: format, editions: job.editions, filter: job.filter, view: self.format.view, only: job.only,
            hasMeanings: self.meanings, countMax: self.count ?? .max)
        try window.forEachPiece(from: input.next) { piece, base, isComplete in
            try decoder.read(
                piece, from: base, isComplete: isComplete, sink: self.write, problem: { log.note($0) })
        }
        sayUnplaced(decoder.summary.unplaced, input.name)
        return decoder.summary.text
    }

    private func decodeModeS(
        _ input: Input, _ window: inout RecordingWindow, _ format: ModeSRecording, _ job: Job, _ log: inout ProblemLog
    ) throws -> String {
        var decoder = ModeSRecordingDecoder(
            format, configuration: ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1), site: job.receiver),
            area: job.filter.area, countMax: self.count ?? .max)
        try window.forEachPiece(from: input.next) { piece, base, isComplete in
            try decoder.read(piece, isLast: isComplete, sink: self.write, problem: { log.note($0) })
            return decoder.isDone ? nil : base + piece.count
        }
        return "\(format), \(decoder.summary)"
    }

    private func decodePlots(
        _ input: Input, _ window: inout RecordingWindow, _ decoder: consuming PlotRecordingDecoder,
        _ log: inout ProblemLog
    ) throws -> String {
        try window.forEachPiece(from: input.next) { piece, base, isComplete in
            try decoder.read(
                piece, isLast: isComplete, sink: self.write, problem: { text, reason in log.note(kind: reason, text) })
            return decoder.isDone ? nil : base + piece.count
        }
        return "\(decoder.format.rawValue), \(counted(decoder.written, "plot")); "
            + counted(decoder.problems, "problem")
    }

    private func decodeAIS(
        _ input: Input, _ window: inout RecordingWindow, _ job: Job, _ log: inout ProblemLog
    ) throws -> String {
        var decoder = AISRecordingDecoder(area: job.filter.area, countMax: self.count ?? .max)
        try window.forEachPiece(from: input.next) { piece, base, isComplete in
            try decoder.read(piece, isLast: isComplete, sink: self.write, problem: { log.note($0) })
            return decoder.isDone ? nil : base + piece.count
        }
        return "ais, \(decoder.summary)"
    }
}

/// Says that a file is of no known format, and what may help.
func unknownFormat(_ bytes: Span<UInt8>, _ name: String) -> String {
    ModeSRecording.isGzip(bytes)
        ? "\(name): is compressed; unpack it first: gzip -dc FILE | kumiko decode -"
        : "\(name): is no recording of a known format (ASTERIX in blocks, FINAL, IOSS, ORADIS, GPS, HDLC, RFF, pcap; Beast, "
            + "AVR, CSV; AIS; SBS; OpenSky)"
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
