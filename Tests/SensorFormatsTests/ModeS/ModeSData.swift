import Foundation
import SensorFormats

/// The recordings and vectors beside the checkout; tests that need them are skipped where they are absent.
enum ModeSData {
    /// `KUMIKO_DATA`, or `../shared/data` of the package.
    static let root: URL = {
        if let path = ProcessInfo.processInfo.environment["KUMIKO_DATA"] { return URL(fileURLWithPath: path) }
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return package.deletingLastPathComponent().appendingPathComponent("shared/data")
    }()

    static func url(_ path: String) -> URL { self.root.appendingPathComponent("modes").appendingPathComponent(path) }

    /// Whether a file is there; says so if it is not.
    static func has(_ path: String) -> Bool {
        let exists = FileManager.default.fileExists(atPath: self.url(path).path)
        if !exists { print("skipped: there is no \(self.url(path).path)") }
        return exists
    }

    static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: self.url(path))) }

    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: self.url(path)), as: UTF8.self)
    }

    /// A gzip file unpacked by `gzip -dc`.
    static func unpacked(_ path: String) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", self.url(path).path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return [UInt8](data)
    }

    /// As `ModeSRecording.detect`; a span may not be handed to a macro.
    static func detect(_ bytes: [UInt8]) -> ModeSRecording? { ModeSRecording.detect(bytes.span) }

    /// The frames of a recording.
    static func frames(_ bytes: [UInt8], _ recording: ModeSRecording) -> (
        frames: [RecordedModeSFrame], problems: [ModeSProblem]
    ) {
        var frames: [RecordedModeSFrame] = []
        var problems: [ModeSProblem] = []
        recording.read(bytes.span, problem: { problems.append($0) }) { frames.append($0) }
        return (frames, problems)
    }
}

/// A small generator for tests: a failing seed prints itself.
///
/// Source: S. Vigna, splitmix64.c (public domain).
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

extension ModeSFrame {
    /// A frame that a test writes down.
    static func hex(_ text: String) -> ModeSFrame {
        guard let frame = ModeSFrame(hex: text) else { preconditionFailure("\(text) is no frame") }
        return frame
    }

    /// A frame with right parity for an address or code, from its data as hexadecimal digits.
    static func sealed(_ data: String, overlay: UInt32 = 0) -> ModeSFrame {
        ModeSParity.sealed(.hex(data + "000000"), overlay: overlay)
    }

    var list: [UInt8] { (0..<self.byteCount).map { self.byte($0) } }
}
