import Air
public import ArgumentParser
import Foundation
public import SensorFormats

/// `kumiko convert`: a recording in another framing, byte for byte.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write a recording in another format, its records byte for byte as they are.",
        discussion: """
            ASTERIX goes from any framing that is read to bare blocks, FINAL, ORADIS, HDLC and pcap, also from the JSON \
            Lines of `kumiko decode`; Mode S between Beast and AVR, also from CSV, and to BaseStation lines (sbs). With a \
            filter only the records that it lets through are written, in blocks made anew around them.

            The exit status is 0 when all was written, 1 when something had no place in the format, 2 when the input is of \
            no format that can be converted, or the output cannot be written, 64 when an option is wrong or is not for \
            the format.
            """)

    @Argument(help: "The recording; - is standard input.", completion: .file())
    var input: String

    @Option(help: "asterix (bare blocks), final, oradis, hdlc or pcap; beast, avr or sbs.")
    var to: RecordingFormat

    @Option(name: [.customShort("o"), .long], help: "The file to write; - is standard output.", completion: .file())
    var out: String

    @Option(
        help: """
            The day of a recording that knows only times of day, or none at all, as 2023-05-02. Without it times in sbs \
            and pcap are of 1970-01-01; Mode S without times begins at noon.
            """)
    var date: String?

    @OptionGroup var filter: FilterOptions

    @OptionGroup var problems: ProblemOptions

    func validate() throws { _ = try self.noon() }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        do { try self.convert() } catch let error as ExitMessage { throw self.refusal(error.description) }
    }

    private func convert() throws {
        let filter = try self.filter.filter()
        var window = RecordingWindow()
        let input = try Input(self.input, showsProgress: true)
        try window.fill(from: input.next)
        guard let format = RecordingFormat.detect(window.bytes.span, name: self.input) else {
            throw ExitMessage(unknownFormat(window.bytes.span, input.name))
        }
        if self.out != "-", isSameFile(self.input, self.out) {
            throw ExitMessage("\(self.out) is the input itself")
        }
        if !format.holdsDatagrams {
            try refuse(self.filter.givenForAsterix + (filter.area == nil ? [] : ["--area"]), format, input.name)
        }
        if let modeS = format.modeS {
            guard let converter = ModeSConverter(from: modeS, to: self.to, start: try self.noon()) else {
                throw ExitMessage("Mode S cannot be written as \(self.to.rawValue); it can as beast, avr and sbs")
            }
            self.warnOfDate(format, input.name)
            try self.convert(input, &window, converter)
        } else if format == .json {
            let converter: AsterixJSONConverter
            do {
                converter = try AsterixJSONConverter(to: self.to, start: try self.noon())
            } catch let error as RecordingError { throw ExitMessage("\(input.name): \(error)") }
            self.warnOfDate(format, input.name)
            try self.convert(input, &window, converter)
        } else {
            let converter: RecordingConverter
            do {
                converter = try RecordingConverter(
                    from: format, to: self.to, editions: try self.filter.editions(), filter: filter,
                    start: try self.noon())
            } catch let error as RecordingError { throw ExitMessage("\(input.name): \(error)") }
            self.warnOfDate(format, input.name)
            try self.convert(input, &window, converter)
        }
    }

    /// Says once that times in the output are of no real day.
    private func warnOfDate(_ format: RecordingFormat, _ name: String) {
        guard self.date == nil, !format.bringsDate, self.to == .sbs || self.to == .pcap else { return }
        let times = format.modeS == nil ? "times are of 1970-01-01" : "times begin at 1970-01-01 12:00"
        say("\(name): the recording knows no date, so \(times); --date names the day")
    }

    /// Says why nothing is converted; status 2.
    private func refusal(_ reason: String) -> ExitCode {
        say(reason)
        return ExitCode(2)
    }

    /// The noon of `date`.
    private func noon() throws -> Timestamp {
        let date = self.date ?? "1970-01-01"
        guard let noon = try? Date(date + "T12:00:00Z", strategy: .iso8601), noon.timeIntervalSince1970 > 0,
            noon.timeIntervalSince1970 < 9e9
        else { throw ValidationError("--date \(date): write year-month-day, for example 2023-05-02.") }
        return Timestamp(nanoseconds: Int64(noon.timeIntervalSince1970) * 1_000_000_000)
    }

    private func convert(
        _ input: Input, _ window: inout RecordingWindow, _ converter: consuming RecordingConverter
    ) throws {
        let output = try Output(self.out)
        var log = ProblemLog(input.name, self.problems)
        try window.forEachPiece(from: input.next) { piece, base, isComplete in
            try converter.read(
                piece, from: base, isComplete: isComplete, sink: { try output.write($0) }, problem: { log.note($0) })
        }
        try output.finish()
        log.finish()
        let summary = converter.summary
        sayUnplaced(summary.unplaced, input.name)
        say("\(input.name): \(summary)")
        if summary.tooLong > 0 { throw ExitCode(1) }
    }

    private func convert(
        _ input: Input, _ window: inout RecordingWindow, _ converter: consuming AsterixJSONConverter
    ) throws {
        let output = try Output(self.out)
        var log = ProblemLog(input.name, self.problems)
        try window.forEachPiece(from: input.next) { piece, base, isComplete in
            try converter.read(
                piece, from: base, isComplete: isComplete, sink: { try output.write($0) },
                problem: { offset, reason in log.note(kind: reason, "offset \(offset): \(reason)") })
        }
        try output.finish()
        log.finish()
        say(
            "\(input.name): json to \(self.to.rawValue): \(counted(converter.written, "record")), "
                + counted(converter.problems, "problem"))
        if converter.problems > 0 { throw ExitCode(1) }
    }

    private func convert(_ input: Input, _ window: inout RecordingWindow, _ converter: consuming ModeSConverter) throws
    {
        let output = try Output(self.out)
        var bytes: [UInt8] = []
        var log = ProblemLog(input.name, self.problems)
        try window.forEachPiece(from: input.next) { piece, base, isComplete in
            converter.read(piece, isLast: isComplete, into: &bytes, problem: { log.note($0) })
            try output.write(bytes.span)
            bytes.removeAll(keepingCapacity: true)
            return base + piece.count
        }
        try output.finish()
        log.finish()
        say(
            "\(input.name): to \(self.to.rawValue): \(counted(converter.written, "frame")), "
                + counted(converter.problems, "problem"))
    }
}

extension RecordingFormat: ExpressibleByArgument {
    public static var allValueStrings: [String] {
        (DatagramWriter.formats + ModeSConverter.formats).map(\.rawValue)
    }
}

/// A file that is written, or standard output, which is `-`.
final class Output {
    private let path: String
    private var descriptor: Int32

    /// - Throws: `ExitMessage` with the system's reason.
    init(_ path: String) throws(ExitMessage) {
        self.path = path
        self.descriptor =
            path == "-" ? STDOUT_FILENO : unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard self.descriptor >= 0 else { throw self.failure() }
    }

    private func failure() -> ExitMessage {
        ExitMessage("\(self.path) cannot be written: \(unsafe String(cString: strerror(errno)))")
    }

    func write(_ bytes: Span<UInt8>) throws(ExitMessage) {
        if self.path == "-" { return putBytes(bytes) }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(self.descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw self.failure()
            }
            written += count
        }
    }

    /// Closes the file: some systems tell only now that it did not fit.
    func finish() throws(ExitMessage) {
        guard self.path != "-" else { return }
        defer { self.descriptor = -1 }
        if close(self.descriptor) != 0 { throw self.failure() }
    }
}

/// Whether two paths lead to the same file.
private func isSameFile(_ one: String, _ other: String) -> Bool {
    func file(_ path: String) -> [UInt64]? {
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: URL(filePath: path).resolvingSymlinksInPath().path)
        let numbers = [attributes?[.systemNumber], attributes?[.systemFileNumber]].compactMap { $0 as? NSNumber }
        return numbers.count == 2 ? numbers.map(\.uint64Value) : nil
    }
    guard let first = file(one), let second = file(other) else { return false }
    return first == second
}
