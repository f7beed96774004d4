public import Air
internal import Foundation
internal import SensorFormats
internal import Transport

/// Recordings, to be played on their own clock: into a node, or out as datagrams.
public struct Replay: Sendable {
    /// Why a file cannot be played.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// One file of sensor data.
    struct Recording: Sendable {
        /// What it holds, and so what it is played as.
        enum Kind: Hashable, Sendable {
            /// Datagrams of ASTERIX.
            case datagrams(RecordingFormat)
            /// Mode S frames.
            case frames(RecordingFormat)
            /// State vectors of OpenSky, played as plots of category 021.
            case states
        }

        var name: String
        var bytes: [UInt8]
        var kind: Kind

        /// Whether it knows the date, not only a time of day.
        var bringsDate: Bool {
            switch self.kind {
            case .datagrams(let format), .frames(let format): format.bringsDate
            case .states: true
            }
        }
    }

    /// A piece of a recording and its instant.
    struct Item: Sendable {
        var time: Timestamp
        var file: Int
        /// A datagram of the file; or in `frames` one that was put together, or the frame of a Mode S file in Beast, or
        /// plots as ASTERIX.
        var range: Range<Int>
        var isInFrames = false
    }

    private var recordings: [Recording] = []
    /// Of each file what it does not have in one piece: Mode S frames in Beast, datagrams that came in fragments.
    private var frames: [[UInt8]] = []
    private var items: [Item] = []

    /// Reads files and puts what is in them in the order of time.
    ///
    /// A file that knows only times of day is put on the day of the first that knows its date, or of `start`; one that
    /// knows no time at all (AVR without stamps) plays at its beginning.
    ///
    /// - Throws: `Failure` with the file and the reason.
    public init(_ paths: [String], start: Timestamp) throws(Failure) {
        for path in paths {
            let bytes = try contents(ofFile: path)
            let kind: Recording.Kind
            if OpenSkyReader.detect(bytes.span) {
                kind = .states
            } else if let format = RecordingFormat.detect(bytes.span, name: path) {
                kind = format.holdsDatagrams ? .datagrams(format) : .frames(format)
            } else {
                throw Failure(description: "\(path) is no recording that Kumiko knows.")
            }
            self.recordings.append(Recording(name: URL(filePath: path).lastPathComponent, bytes: bytes, kind: kind))
            self.frames.append([])
        }
        var day = start
        var isDated = false
        func bringsDate(_ file: Int) -> Bool { self.recordings[file].bringsDate }
        let order = self.recordings.indices.filter(bringsDate) + self.recordings.indices.filter { !bringsDate($0) }
        for file in order {
            let first = self.items.count
            switch self.recordings[file].kind {
            case .datagrams(let format):
                self.addDatagrams(of: file, format, Timestamp(secondsOfDay: 43_200, nearest: day))
            case .frames: self.addFrames(of: file, day)
            case .states: self.addStates(of: file)
            }
            if !isDated, bringsDate(file), self.items.count > first {
                day = self.items[first].time
                isDated = true
            }
        }
        guard !self.items.isEmpty else {
            throw Failure(
                description: "There is nothing to play in \(paths.joined(separator: ", ")): "
                    + "ASTERIX, Mode S and OpenSky recordings can be played, others only decoded.")
        }
        // The order within a file is kept where times are equal.
        self.items = self.items.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .map(\.element)
    }

    private mutating func addDatagrams(of file: Int, _ format: RecordingFormat, _ noon: Timestamp) {
        let recording = self.recordings[file]
        guard var reader = DatagramReader(format: format) else { return }
        var clock = RecordingClock(start: noon)
        let first = self.items.count
        var newest: Timestamp?
        while let datagram = reader.next(in: recording.bytes.span) {
            var time = clock.time(of: datagram, in: recording.bytes.span)
            if time != noon {
                // What was recorded later was received later, whatever the sensor's clock says.
                time = max(time, newest ?? time)
                newest = time
            }
            var item = Item(time: time, file: file, range: datagram.range)
            if let assembled = datagram.assembled {
                let start = self.frames[file].count
                self.frames[file] += assembled[datagram.range]
                item = Item(time: time, file: file, range: start..<self.frames[file].count, isInFrames: true)
            }
            self.items.append(item)
        }
        // Datagrams without a time before the first that has one came just before it.
        guard let known = self.items[first...].firstIndex(where: { $0.time != noon }) else { return }
        for index in first..<known { self.items[index].time = self.items[known].time }
    }

    private mutating func addFrames(of file: Int, _ start: Timestamp) {
        let recording = self.recordings[file]
        guard let modeS = ModeSRecording.detect(recording.bytes.span) else { return }
        var beast: [UInt8] = []
        var items: [Item] = []
        modeS.read(recording.bytes.span, problem: { _ in }) { frame in
            let first = beast.count
            frame.received.appendBeast(to: &beast)
            let time = frame.receivedAt ?? start.advanced(by: frame.elapsed)
            items.append(Item(time: time, file: file, range: first..<beast.count, isInFrames: true))
        }
        self.frames[file] = beast
        self.items += items
    }

    /// The positions of the file, as a receiver would have sent them: those of a quarter of a second together.
    private mutating func addStates(of file: Int) {
        var reader = OpenSkyReader(sensor: self.receiver(of: file))
        var reports: [SensorReport] = []
        let text = self.recordings[file].bytes
        reader.read(text.span, into: &reports)
        reader.finish(into: &reports)
        // The order within the file is kept where times are equal.
        let order = reports.indices.sorted { (reports[$0].measuredAt, $0) < (reports[$1].measuredAt, $1) }
        var writer = AsterixWriter()
        var bytes: [UInt8] = []
        var index = 0
        while index < order.count {
            let begin = reports[order[index]].measuredAt
            var end = begin
            while index < order.count, reports[order[index]].measuredAt.seconds(since: begin) < 0.25 {
                end = reports[order[index]].measuredAt
                writer.append(reports[order[index]])
                index += 1
            }
            writer.takeDatagrams { _, datagram in
                let start = bytes.count
                unsafe datagram.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
                self.items.append(Item(time: end, file: file, range: start..<bytes.count, isInFrames: true))
            }
        }
        self.frames[file] = bytes
    }

    /// The number of the receiver that a file without sensors is said to be of.
    private func receiver(of file: Int) -> SensorID { SensorID(sac: 0, sic: UInt8(clamping: file + 1)) }

    /// The instant of the first piece.
    public var begin: Timestamp { self.items.first?.time ?? Timestamp(nanoseconds: 0) }
    /// The instant of the last piece.
    public var end: Timestamp { self.items.last?.time ?? Timestamp(nanoseconds: 0) }
    /// How many datagrams and frames there are.
    public var count: Int { self.items.count }

    /// One feed for each file, to be filled by `play(into:)`: frames of file n are heard by receiver 0/n.
    public var feeds: [Configuration.Feed] {
        self.recordings.enumerated().map { index, recording in
            let isModeS = if case .frames = recording.kind { true } else { false }
            return Configuration.Feed(
                name: "\(recording.name) (\(index + 1))", source: .injected,
                format: isModeS ? .beast(receiver: self.receiver(of: index)) : .asterix())
        }
    }

    private func bytes(of item: Item) -> ArraySlice<UInt8> {
        item.isInFrames ? self.frames[item.file][item.range] : self.recordings[item.file].bytes[item.range]
    }

    /// Plays into a node whose feeds are `feeds`, by the node's clock; returns at the end, or when cancelled.
    ///
    /// With a clock that stands still it plays as fast as the node takes it, and the clock follows.
    public func play(into node: KumikoNode) async {
        var ticked = self.begin
        for item in self.items {
            while let wait = node.clock.secondsUntil(item.time) {
                guard !Task.isCancelled else { return }
                try? await Task.sleep(for: .seconds(min(wait, 0.25)))
            }
            guard !Task.isCancelled else { return }
            if item.time.seconds(since: ticked) >= 0.25 {
                await node.advance(to: item.time)
                ticked = item.time
            }
            await node.inject(Array(self.bytes(of: item)), into: item.file, receivedAt: item.time)
        }
        await node.advance(to: self.end)
    }

    /// Plays as datagrams to `host:port`, `speed` times as fast as it was recorded; a Mode S frame is one datagram.
    ///
    /// - Returns: how many datagrams were sent.
    /// - Throws: `Failure` when the address cannot be used.
    public func send(to address: String, speed: Double) async throws -> Int {
        guard let endpoint = Endpoint(address) else {
            throw Failure(description: "`\(address)` is no address; write host:port, for example 127.0.0.1:8600")
        }
        let sender = try await DatagramSender.open(to: endpoint)
        let clock = NodeClock.played(from: self.begin, speed: speed)
        var sent = 0
        var unflushed = 0
        for item in self.items {
            while let wait = clock.secondsUntil(item.time) {
                try await sender.flush()
                unflushed = 0
                try await Task.sleep(for: .seconds(min(wait, 60)))
            }
            sender.send(self.bytes(of: item).span)
            sent += 1
            unflushed += 1
            if unflushed == 64 {
                try await sender.flush()
                unflushed = 0
            }
        }
        try await sender.flush()
        await sender.close()
        return sent
    }
}
