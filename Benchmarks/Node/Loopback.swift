import BenchSupport
import Foundation
import Glibc
import Synchronization

/// Plain sockets on 127.0.0.1.
enum Loopback {
    static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        return address
    }

    private static func with<Result>(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        let address = Self.address(port)
        return unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// A UDP port that nobody uses at this moment.
    static func freePort() throws -> UInt16 {
        let (socket, port) = try Self.bound(kernelBufferBytes: 1 << 16)
        close(socket)
        return port
    }

    /// A UDP socket that may hold so many bytes, and its port.
    static func bound(kernelBufferBytes: Int) throws -> (socket: Int32, port: UInt16) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var size = CInt(clamping: kernelBufferBytes)
        if unsafe setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, 4) != 0 {
            unsafe setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, 4)
        }
        guard unsafe Self.with(0, { unsafe bind(socket, $0, $1) }) == 0, let port = Self.port(of: socket) else {
            throw Failure("no free port: \(errno)")
        }
        return (socket, port)
    }

    private static func port(of socket: Int32) -> UInt16? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isNamed = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(socket, $0, &length)
            }
        }
        return isNamed == 0 ? UInt16(bigEndian: address.sin_port) : nil
    }

    /// Datagrams that the kernel dropped at a socket (SO_MEMINFO, SK_MEMINFO_DROPS).
    static func drops(_ socket: Int32) -> Int {
        var memory = InlineArray<9, UInt32>(repeating: 0)
        var length = socklen_t(MemoryLayout<InlineArray<9, UInt32>>.size)
        return unsafe getsockopt(socket, SOL_SOCKET, 55, &memory, &length) == 0 ? Int(memory[8]) : 0
    }

    static func connect(_ port: UInt16, _ type: __socket_type) throws -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(type.rawValue), 0)
        guard socket >= 0, unsafe Self.with(port, { unsafe Glibc.connect(socket, $0, $1) }) == 0 else {
            if socket >= 0 { close(socket) }
            throw Failure("cannot connect to port \(port): errno \(errno)")
        }
        return socket
    }

    static func sendAll(_ text: String, to socket: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe send(socket, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// The body of an answer that has the status 200.
    static func get(_ path: String, port: UInt16) throws -> String {
        let socket = try Self.connect(port, SOCK_STREAM)
        defer { close(socket) }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        Self.sendAll("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", to: socket)
        var body = ChunkedBody()
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while !body.isComplete {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { break }
            body.read(buffer.span.extracting(first: count)) { bytes in
                unsafe bytes.withUnsafeBufferPointer { unsafe text.append(contentsOf: $0) }
            }
        }
        guard body.status == 200 else { throw Failure("\(path) was answered with \(body.status)") }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Takes the head and the chunks off an answer of HTTP/1.1.
///
/// Source: RFC 9112, 6 and 7.1.
struct ChunkedBody {
    private enum Place { case head, size, plain, chunk, chunkEnd, complete }

    private(set) var status = 0
    private var place = Place.head
    private var head: [UInt8] = []
    private var left = 0

    var isComplete: Bool { self.place == .complete }

    mutating func read(_ bytes: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        var at = 0
        while at < bytes.count {
            switch self.place {
            case .head:
                self.head.append(bytes[at])
                at += 1
                if self.head.suffix(4) == [13, 10, 13, 10] { self.readHead() }
            case .size:
                if bytes[at] == 10 {
                    let digits = String(decoding: self.head, as: UTF8.self).trimmingCharacters(in: .whitespaces)
                    self.left = Int(digits.filter(\.isHexDigit), radix: 16) ?? 0
                    self.head.removeAll(keepingCapacity: true)
                    self.place = self.left == 0 ? .complete : .chunk
                } else if bytes[at] != 13 {
                    self.head.append(bytes[at])
                }
                at += 1
            case .chunk, .plain:
                let count = min(self.left, bytes.count - at)
                body(bytes.extracting(at..<(at + count)))
                at += count
                self.left -= count
                if self.left == 0 { self.place = self.place == .chunk ? .chunkEnd : .complete }
            case .chunkEnd:
                if bytes[at] == 10 { self.place = .size }
                at += 1
            case .complete: return
            }
        }
    }

    private mutating func readHead() {
        let lines = String(decoding: self.head, as: UTF8.self).lowercased().split(whereSeparator: \.isNewline)
        self.head.removeAll(keepingCapacity: true)
        self.status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        self.place = .plain
        self.left = .max
        for line in lines {
            if line.hasPrefix("transfer-encoding:"), line.contains("chunked") { self.place = .size }
            if line.hasPrefix("content-length:") {
                self.left = Int(line.split(separator: ":")[1].trimmingCharacters(in: .whitespaces)) ?? 0
                if self.left == 0 { self.place = .complete }
            }
        }
    }
}

/// Sends datagrams to one port.
final class DatagramSocket: Sendable {
    private let socket: Int32

    init(_ port: UInt16) throws {
        self.socket = try Loopback.connect(port, SOCK_DGRAM)
        var size: Int32 = 4 << 20
        unsafe setsockopt(self.socket, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(self.socket) }

    /// Whether the kernel took it.
    func send(_ datagram: Span<UInt8>) -> Bool {
        unsafe datagram.withUnsafeBytes { unsafe Glibc.send(self.socket, $0.baseAddress, $0.count, 0) }
            == datagram.count
    }
}

/// A row of the stream, as far as it is needed here.
struct StreamRow {
    /// Nil when the aircraft has told none.
    var address: UInt32?
    var measuredAtMilliseconds: Int64
}

/// Reads `/api/tracks/stream` on a thread of its own.
final class StreamReader: Sendable {
    private let socket: Int32
    private let newest = Atomic<Int64>(0)
    private let rows = Atomic<UInt64>(0)
    private let events = Atomic<UInt64>(0)
    private let bytes = Atomic<UInt64>(0)

    /// - Parameter body: gets each row when its event is complete, and the monotonic time at which that was; on the
    ///   reader's thread.
    init(port: UInt16, _ body: (@Sendable (StreamRow, UInt64) -> Void)? = nil) throws {
        self.socket = try Loopback.connect(port, SOCK_STREAM)
        Loopback.sendAll("GET /api/tracks/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", to: self.socket)
        let thread = Thread { self.run(body) }
        thread.stackSize = 1 << 20
        thread.start()
    }

    deinit { close(self.socket) }

    /// Rows and events so far, and bytes.
    var totals: (rows: UInt64, events: UInt64, bytes: UInt64) {
        (
            self.rows.load(ordering: .relaxed), self.events.load(ordering: .relaxed),
            self.bytes.load(ordering: .relaxed)
        )
    }

    /// The newest time of measurement on the stream, milliseconds since 1970.
    var newestMilliseconds: Int64 { self.newest.load(ordering: .relaxed) }

    func stop() { shutdown(self.socket, Int32(SHUT_RDWR)) }

    private func run(_ body: (@Sendable (StreamRow, UInt64) -> Void)?) {
        var parser = EventParser()
        var chunks = ChunkedBody()
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(self.socket, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return }
            let now = Machine.monotonic
            self.bytes.add(UInt64(count), ordering: .relaxed)
            chunks.read(buffer.span.extracting(first: count)) { bytes in
                parser.read(bytes) { rows in
                    var newest = self.newest.load(ordering: .relaxed)
                    for row in rows {
                        newest = max(newest, row.measuredAtMilliseconds)
                        body?(row, now)
                    }
                    self.newest.store(newest, ordering: .relaxed)
                    self.rows.add(UInt64(rows.count), ordering: .relaxed)
                    self.events.add(1, ordering: .relaxed)
                }
            }
        }
    }
}

/// Finds the rows in events: arrays in an array, with the address as the tenth and the time as the last but one of
/// fifteen.
struct EventParser {
    private var depth = 0
    private var isString = false
    private var column = 0
    private var number: Int64 = 0
    private var isNumber = true
    private var address: UInt32?
    private var time: Int64 = 0
    private var rows: [StreamRow] = []
    private var lastByte: UInt8 = 0

    mutating func read(_ bytes: Span<UInt8>, _ event: ([StreamRow]) -> Void) {
        for index in bytes.indices {
            let byte = bytes[index]
            if self.isString {
                if byte == UInt8(ascii: "\"") {
                    self.isString = false
                } else if self.column == 9, self.depth == 2 {
                    self.address = (self.address ?? 0) << 4 | UInt32(Self.digit(byte))
                }
            } else {
                switch byte {
                case UInt8(ascii: "\""): self.isString = true
                case UInt8(ascii: "["):
                    self.depth += 1
                    self.column = 0
                    self.number = 0
                    self.address = nil
                case UInt8(ascii: ","):
                    if self.column == 13 { self.time = self.number }
                    self.column += 1
                    self.number = 0
                case UInt8(ascii: "0")...UInt8(ascii: "9"): self.number = self.number &* 10 &+ Int64(byte & 15)
                case UInt8(ascii: "]"):
                    if self.depth == 2, self.column == 14 {
                        self.rows.append(StreamRow(address: self.address, measuredAtMilliseconds: self.time))
                    }
                    self.depth = max(0, self.depth - 1)
                case 10:
                    if self.lastByte == 10 {
                        if !self.rows.isEmpty { event(self.rows) }
                        self.rows.removeAll(keepingCapacity: true)
                        self.depth = 0
                    }
                default: break
                }
            }
            self.lastByte = byte
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8 { byte & 0x40 != 0 ? (byte & 7) + 9 : byte & 15 }
}
