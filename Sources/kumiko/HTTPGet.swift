import Glibc

/// Asks a node: one GET, one answer, and the connection is closed.
enum HTTPGet {
    /// How much of an answer is taken, bytes.
    private static let answerMax = 16_000_000
    /// Seconds without a byte.
    private static let patience = 10

    /// The status and body of an answer.
    ///
    /// - Parameter base: `http://HOST:PORT`, with or without a slash behind it.
    /// - Throws: `ExitMessage` when the node cannot be asked.
    static func get(_ path: String, from base: String) throws(ExitMessage) -> (status: Int, body: [UInt8]) {
        let (host, port) = try self.endpoint(base)
        let socket = try self.connect(host, port, base)
        defer { close(socket) }
        let shown = host.contains(":") ? "[\(host)]" : host
        let request = Array(
            "GET \(path) HTTP/1.1\r\nHost: \(shown):\(port)\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
                .utf8)
        let sent = unsafe request.withUnsafeBytes {
            unsafe send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent == request.count else { throw ExitMessage("\(base) took no request.") }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while answer.count < self.answerMax {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            answer += piece[..<count]
        }
        guard let parsed = self.parse(answer) else { throw ExitMessage("\(base) gives no answer of a node.") }
        return parsed
    }

    /// - Throws: `ExitMessage` for what is no address.
    private static func endpoint(_ base: String) throws(ExitMessage) -> (host: String, port: String) {
        var rest = Substring(base)
        guard rest.hasPrefix("http://") else {
            throw ExitMessage("`\(base)` is no address of a node; write for example http://127.0.0.1:8080")
        }
        rest = rest.dropFirst(7)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            let port = rest[rest.index(after: end)...]
            return (String(rest[..<end].dropFirst()), port.isEmpty ? "80" : String(port.dropFirst()))
        }
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, parts.count <= 2, !rest.contains("/") else {
            throw ExitMessage("`\(base)` is no address of a node; write for example http://127.0.0.1:8080")
        }
        return (String(host), parts.count == 2 ? String(parts[1]) : "80")
    }

    private static func connect(_ host: String, _ port: String, _ base: String) throws(ExitMessage) -> Int32 {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, port, &hints, &list) == 0 else {
            throw ExitMessage("\(host) is not known; is --node right?")
        }
        defer { unsafe freeaddrinfo(list) }
        var next = unsafe list
        while let address = unsafe next {
            let socket = unsafe Glibc.socket(address.pointee.ai_family, address.pointee.ai_socktype, 0)
            if socket >= 0 {
                var patience = timeval(tv_sec: self.patience, tv_usec: 0)
                let size = socklen_t(MemoryLayout<timeval>.size)
                unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
                unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
                if unsafe Glibc.connect(socket, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 {
                    return socket
                }
                close(socket)
            }
            unsafe next = address.pointee.ai_next
        }
        throw ExitMessage("No node answers at \(base); start one with `kumiko serve`, or name it with --node.")
    }

    /// Status and body of an answer whose length is told, or that ends with its connection.
    static func parse(_ answer: [UInt8]) -> (status: Int, body: [UInt8])? {
        let end = Array("\r\n\r\n".utf8)
        guard let head = answer.firstRange(of: end) else { return nil }
        let lines = String(decoding: answer[..<head.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
        let body = Array(answer[head.upperBound...])
        let length = lines.dropFirst().first { $0.lowercased().hasPrefix("content-length:") }
        if let length, let told = Int(length.drop { $0 != ":" }.dropFirst().trimmingPrefix(" ")), told != body.count {
            return nil
        }
        return (status, body)
    }
}
