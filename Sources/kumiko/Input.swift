import Air
import ArgumentParser
import Geodesy
import Glibc
import Node
import SensorFormats

/// A recording that is read in pieces: a file, a pipe, or standard input, which is `-`.
final class Input {
    let name: String
    /// How long it is, where it is a file.
    let size: Int?
    private let descriptor: Int32
    private let progress: Progress?
    private var count = 0

    /// - Throws: `ExitMessage` with the system's reason.
    init(_ path: String, showsProgress: Bool = false) throws(ExitMessage) {
        self.name = path == "-" ? "standard input" : path
        self.descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard self.descriptor >= 0 else { throw Self.failure(path) }
        // What has an end can be gone back from; a pipe has none.
        let end = lseek(self.descriptor, 0, SEEK_END)
        self.size = end > 0 && lseek(self.descriptor, 0, SEEK_SET) == 0 ? Int(end) : nil
        self.progress = showsProgress ? self.size.flatMap { Progress(size: $0) } : nil
    }

    deinit {
        self.progress?.clear()
        if self.descriptor != STDIN_FILENO { close(self.descriptor) }
    }

    /// Appends the bytes that come next; none at the end.
    func next(_ bytes: inout [UInt8]) throws(ExitMessage) {
        var failed = false
        bytes.append(addingCapacity: 1 << 20) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, filled in
                var got = -1
                repeat {
                    got = unsafe read(self.descriptor, buffer.baseAddress, 1 << 20)
                } while got < 0 && errno == EINTR
                failed = got < 0
                filled = max(0, got)
                self.count += filled
            }
        }
        if failed { throw Self.failure(self.name) }
        self.progress?.show(self.count)
    }

    private static func failure(_ name: String) -> ExitMessage {
        ExitMessage("\(name) cannot be read: \(unsafe String(cString: strerror(errno)))")
    }
}

/// A line at a terminal that says how far a long file has been read; it is nowhere else.
final class Progress {
    /// Shorter files are read before anyone looks.
    private static let sizeMin = 16 << 20
    private let size: Int
    private var shown = -1

    /// Nil if the file is short, errors do not go to a terminal, or results go to the same one.
    init?(size: Int) {
        guard size >= Self.sizeMin, isatty(STDERR_FILENO) == 1, isatty(STDOUT_FILENO) == 0 else { return nil }
        self.size = size
    }

    func show(_ count: Int) {
        let percent = min(100, count * 100 / self.size)
        guard percent != self.shown else { return }
        self.shown = percent
        let done = percent * 30 / 100
        let bar = String(repeating: "#", count: done) + String(repeating: "-", count: 30 - done)
        sayInPlace("[\(bar)] \(percent) % of \(self.size / 1_000_000) MB")
    }

    /// Leaves an empty line.
    func clear() {
        if self.shown >= 0 { sayInPlace("") }
    }
}

/// Which records are wanted: the options of `decode` and `convert`.
struct FilterOptions: ParsableArguments {
    @Option(help: "Only records of this category; may be repeated.")
    var category: [UInt8] = []

    @Option(help: "Only records of this sender, as SAC/SIC, for example 20/129; may be repeated.")
    var source: [String] = []

    @Option(help: "Only records that have this item, for example I048/240; may be repeated, one is enough.")
    var item: [String] = []

    // South and west begin with a minus, which is no option here.
    @Option(
        parsing: .unconditional,
        help: """
            Only records with a position in here, as south,west,north,east in degrees: of ASTERIX 021, 048 and 062, Mode S, \
            AIS, SBS and OpenSky. Plots of radars need --site.
            """)
    var area: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: "Where the radar stands, as latitude,longitude,height; or SAC/SIC=… for one of several.")
    var site: [String] = []

    @Option(help: "An edition to read a category by, as 21=0.23, or for one sender as 21@0/107=0.23; may be repeated.")
    var edition: [String] = []

    /// - Throws: `ValidationError` with what would be right.
    func filter() throws -> AsterixFilter {
        var filter = AsterixFilter()
        filter.categories = Set(self.category)
        for text in self.source {
            guard let sensor = SensorID(text) else {
                throw ValidationError("--source \(text): write SAC/SIC, for example 20/129.")
            }
            filter.sources.insert(sensor)
        }
        filter.items = try self.item.map { try Self.item($0, option: "--item") }
        if let area {
            let numbers = area.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
            guard numbers.count == 4, numbers.allSatisfy(\.isFinite), abs(numbers[0]) <= 90, abs(numbers[2]) <= 90,
                numbers[0] <= numbers[2], abs(numbers[1]) <= 180, abs(numbers[3]) <= 180
            else {
                throw ValidationError(
                    "--area \(area): write south,west,north,east in degrees, for example 41.2,1.9,41.4,2.2.")
            }
            let radians = numbers.map { $0 * .pi / 180 }
            filter.area = AsterixFilter.Area(
                south: radians[0], west: radians[1], north: radians[2], east: radians[3])
        }
        for text in self.site {
            let parts = text.split(separator: "=", maxSplits: 1)
            if parts.count == 2 {
                guard let sensor = SensorID(String(parts[0])) else {
                    throw ValidationError("--site \(text): write SAC/SIC=latitude,longitude,height.")
                }
                filter.sites[sensor] = try parsePlace(String(parts[1]))
            } else {
                filter.site = try parsePlace(text)
            }
        }
        return filter
    }

    static func item(_ text: String, option: String) throws -> AsterixItem {
        guard let item = AsterixItem(text) else {
            throw ValidationError("\(option) \(text): write category and number, for example I048/240.")
        }
        guard item.isKnown else { throw ValidationError("\(option) \(text): no edition has such an item.") }
        return item
    }

    /// - Throws: `ValidationError` with what would be right.
    func editions() throws -> AsterixEditions { try Self.editions(self.edition) }

    static func editions(_ texts: [String]) throws -> AsterixEditions {
        var editions = AsterixEditions()
        for text in texts {
            let parts = text.split(separator: "=")
            let target = parts.first?.split(separator: "@") ?? []
            let sensor = target.count == 2 ? SensorID(String(target[1])) : nil
            let known = AsterixEditions.known.first {
                parts.count == 2 && (target.count == 1 || sensor != nil) && UInt8(target[0]) == $0.category
                    && parts[1] == $0.number
            }
            guard let known else { throw ValidationError("--edition \(text): \(Self.remedy(target.first))") }
            editions.use(known, for: sensor)
        }
        return editions
    }

    /// What would be right where an edition is wrong: those that the category has, if it is one.
    private static func remedy(_ category: Substring?) -> String {
        let form = "write for example 21=0.23 or 21@0/107=0.23."
        guard let number = category.flatMap({ UInt8($0) }) else { return "there is no such edition; \(form)" }
        let known = AsterixEditions.known.filter { $0.category == number }.map(\.number)
        return known.isEmpty
            ? "category \(number) is not known; \(form)"
            : "category \(number) has the editions \(known.joined(separator: ", ")); \(form)"
    }

    /// The options that are for ASTERIX alone and were given.
    var givenForAsterix: [String] {
        [
            ("--category", !self.category.isEmpty), ("--source", !self.source.isEmpty), ("--item", !self.item.isEmpty),
            ("--site", !self.site.isEmpty), ("--edition", !self.edition.isEmpty),
        ].filter(\.1).map(\.0)
    }
}

/// Says that options do not go with a recording.
///
/// - Throws: `ValidationError` if there are any.
func refuse(_ options: [String], _ format: RecordingFormat, _ name: String) throws {
    guard let first = options.first else { return }
    let verb = options.count == 1 ? "is" : "are"
    let list = options.count == 1 ? first : options.dropLast().joined(separator: ", ") + " and " + (options.last ?? "")
    throw ValidationError("\(name): \(list) \(verb) not for recordings of format \(format.rawValue).")
}

/// Says which radars' plots an area could not be asked of, and what helps.
func sayUnplaced(_ unplaced: [SensorID: Int], _ name: String) {
    for (sensor, count) in unplaced.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        say(
            "\(name): radar \(sensor): \(counted(count, "plot")) left out, because --area needs a position and nothing says "
                + "where the radar stands: add --site \(sensor)=latitude,longitude,height")
    }
}
