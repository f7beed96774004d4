import Glibc

/// Ends the program with a sentence on standard error.
package func fail(_ sentence: String) -> Never {
    complain("kumiko-fuzz: \(sentence)\n")
    exit(2)
}

/// Writes text on standard error.
package func complain(_ text: String) {
    write(Array(text.utf8).span, to: 2)
}

/// The bytes of a file; nil if it cannot be read.
package func readFile(_ path: String) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { return nil }
        if count == 0 { return bytes }
        bytes += chunk[0..<count]
    }
}

/// The files below a path, in order of their names; the path itself if it is a file.
package func files(below path: String) -> [String] {
    guard let directory = unsafe opendir(path) else { return [path] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { raw in
            unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted().flatMap { files(below: path + "/" + $0) }
}

/// Writes bytes to a file that is open, standard output unless told otherwise.
package func write(_ bytes: Span<UInt8>, to descriptor: Int32 = 1) {
    unsafe bytes.withUnsafeBytes { buffer in
        var done = 0
        while done < buffer.count {
            let count = unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done)
            guard count > 0 else { return }
            done += count
        }
    }
}

/// Seconds of a clock that never goes back.
package func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Nanoseconds of processor that this thread has used.
package func threadNanoseconds() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Writes the undamaged inputs of each target below a directory, a folder for each, for a fuzzer that learns from them.
package func writeCorpus(of targets: [FuzzTarget], from paths: [String], to directory: String) {
    _ = unsafe mkdir(directory, 0o755)
    for target in targets {
        let folder = directory + "/" + target.name
        _ = unsafe mkdir(folder, 0o755)
        let inputs = target.corpus(from: paths)
        for (number, input) in inputs.enumerated() {
            let descriptor = unsafe open("\(folder)/\(number)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
            guard descriptor >= 0 else { fail("cannot write below \(folder)") }
            write(input.span, to: descriptor)
            close(descriptor)
        }
        print("\(folder): \(inputs.count) inputs")
    }
}
