import Glibc

/// Writes a line to standard error: what happened, beside the results on standard output.
func say(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    writeAll(bytes, to: STDERR_FILENO)
}

/// Writes bytes to standard output; the process ends quietly when nobody reads any more.
func put(_ bytes: [UInt8]) {
    writeAll(bytes, to: STDOUT_FILENO)
}

/// Writes bytes to standard output, as `put` does.
func putBytes(_ bytes: Span<UInt8>) {
    var written = 0
    while written < bytes.count {
        let count = unsafe bytes.withUnsafeBytes { buffer in
            unsafe write(STDOUT_FILENO, buffer.baseAddress?.advanced(by: written), buffer.count - written)
        }
        if count < 0 {
            if errno == EINTR { continue }
            exit(errno == EPIPE ? 0 : 1)
        }
        written += count
    }
}

/// Writes over the last line at a terminal.
func sayInPlace(_ text: String) { writeAll(Array("\r\u{1B}[K\(text)".utf8), to: STDERR_FILENO) }

/// Writes a line to standard output at once, also into a pipe.
func putLine(_ text: String) { put(Array((text + "\n").utf8)) }

private func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
    var written = 0
    while written < bytes.count {
        let count = unsafe bytes.withUnsafeBytes { buffer in
            unsafe write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
        }
        if count < 0 {
            if errno == EINTR { continue }
            exit(errno == EPIPE ? 0 : 1)
        }
        written += count
    }
}

/// Seconds of processor time of this process.
func processorTime() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The most memory that this process has held, bytes (VmHWM).
func peakMemory() -> Int {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
}

extension Double {
    /// Decimal text with so many digits behind the point.
    func formatted(digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        guard self.isFinite, abs(self) < 1e15 else { return "\(self)" }
        let scaled = Int64((abs(self) * scale).rounded())
        let whole = scaled / Int64(scale), fraction = String(scaled % Int64(scale))
        let sign = self < 0 && scaled != 0 ? "-" : ""
        if digits == 0 { return "\(sign)\(whole)" }
        return "\(sign)\(whole).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}
