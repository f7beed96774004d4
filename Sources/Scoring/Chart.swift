import Glibc

/// A drawing with axes, as SVG: a value that is written line by line.
struct Chart {
    static let width = 640.0, height = 240.0
    private static let left = 64.0, right = 12.0, top = 12.0, bottom = 40.0

    private let x: ClosedRange<Double>
    private let y: ClosedRange<Double>
    private var body = ""

    /// An empty drawing; ranges without width are widened.
    ///
    /// - Parameter isDecades: whether x is the decimal logarithm of what is written at its axis.
    init(x: ClosedRange<Double>, y: ClosedRange<Double>, xTitle: String, yTitle: String, isDecades: Bool = false) {
        func wide(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
            range.upperBound > range.lowerBound ? range : range.lowerBound...range.lowerBound + 1
        }
        (self.x, self.y) = (wide(x), wide(y))
        for tick in Self.ticks(self.y, 5) {
            let place = self.place(y: tick)
            self.body += "<path class=grid d=\"M\(Self.left) \(place)H\(Self.width - Self.right)\"/>"
            self.body +=
                "<text x=\"\(Self.left - 6)\" y=\"\(place)\" dy=\".32em\" text-anchor=end>\(Self.label(tick))</text>"
        }
        let ticks = isDecades ? Self.decades(self.x) : Self.ticks(self.x, 8)
        for tick in ticks {
            let place = self.place(x: tick)
            self.body += "<path class=grid d=\"M\(place) \(Self.top)V\(Self.height - Self.bottom)\"/>"
            self.body +=
                "<text x=\"\(place)\" y=\"\(Self.height - Self.bottom + 16)\" text-anchor=middle>\(Self.label(isDecades ? pow(10, tick) : tick))</text>"
        }
        let middle = (Self.left + Self.width - Self.right) / 2
        self.body += "<text x=\"\(middle)\" y=\"\(Self.height - 4)\" text-anchor=middle>\(xTitle)</text>"
        self.body +=
            "<text transform=\"translate(13 \((Self.top + Self.height - Self.bottom) / 2)) rotate(-90)\" text-anchor=middle>\(yTitle)</text>"
    }

    private func place(x: Double) -> String {
        let share =
            (min(max(x, self.x.lowerBound), self.x.upperBound) - self.x.lowerBound)
            / (self.x.upperBound - self.x.lowerBound)
        return short(Self.left + share * (Self.width - Self.left - Self.right))
    }

    private func place(y: Double) -> String {
        let share =
            (min(max(y, self.y.lowerBound), self.y.upperBound) - self.y.lowerBound)
            / (self.y.upperBound - self.y.lowerBound)
        return short(Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom))
    }

    /// A line through points; a point without a value breaks it.
    mutating func line(_ points: [(Double, Double?)], class name: String) {
        var path = ""
        var isDrawing = false
        for (x, y) in points {
            guard let y, y.isFinite else {
                isDrawing = false
                continue
            }
            path += "\(isDrawing ? "L" : "M")\(self.place(x: x)) \(self.place(y: y))"
            isDrawing = true
        }
        self.body += "<path class=\"line \(name)\" d=\"\(path)\"/>"
    }

    /// The area between two lines.
    mutating func band(_ points: [(x: Double, low: Double, high: Double)], class name: String) {
        guard !points.isEmpty else { return }
        var path = ""
        for point in points {
            path += "\(path.isEmpty ? "M" : "L")\(self.place(x: point.x)) \(self.place(y: point.high))"
        }
        for point in points.reversed() { path += "L\(self.place(x: point.x)) \(self.place(y: point.low))" }
        self.body += "<path class=\"\(name)\" d=\"\(path)Z\"/>"
    }

    /// A bar from zero.
    mutating func bar(from: Double, to: Double, height: Double, class name: String, title: String) {
        guard height > 0 else { return }
        self.body += "<path class=\"\(name)\" d=\"M\(self.place(x: from)) \(self.place(y: 0))V\(self.place(y: height))"
        self.body += "H\(self.place(x: to))V\(self.place(y: 0))Z\"><title>\(title)</title></path>"
    }

    /// A line across the drawing at a value.
    mutating func level(_ y: Double, class name: String) {
        self.line([(self.x.lowerBound, y), (self.x.upperBound, y)], class: name)
    }

    /// The drawing.
    ///
    /// - Parameter description: what one sees, for those who do not.
    func svg(_ description: String) -> String {
        let text = escaped(description, for: .html)
        return
            "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=img aria-label=\"\(text)\">\(self.body)</svg>"
    }

    /// Round values in a range, about so many.
    static func ticks(_ range: ClosedRange<Double>, _ count: Double) -> [Double] {
        let raw = (range.upperBound - range.lowerBound) / count
        guard raw > 0, raw.isFinite else { return [] }
        let unit = pow(10, log10(raw).rounded(.down))
        let step = [1, 2, 5, 10].map { $0 * unit }.first { $0 >= raw } ?? 10 * unit
        let first = (range.lowerBound / step).rounded(.up)
        return (0..<20).map { (first + Double($0)) * step }.filter { $0 <= range.upperBound + step * 1e-9 }
    }

    /// The logarithms of 1, 2 and 5 and their tenfolds in a range of logarithms.
    private static func decades(_ range: ClosedRange<Double>) -> [Double] {
        let first = Int(max(range.lowerBound, -12).rounded(.down)), last = Int(min(range.upperBound, 12).rounded(.up))
        return (min(first, last)...last).flatMap { decade in [1, 2, 5].map { Double(decade) + log10($0) } }
            .filter { range.contains($0) }
    }

    private static func label(_ value: Double) -> String { significant(value, 4) }
}

/// A coordinate with one decimal, none where it is zero.
func short(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "0" }
    let tenths = Int((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10)"
}
