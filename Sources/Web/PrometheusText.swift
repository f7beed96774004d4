internal import Node

/// Figures as Prometheus reads them.
///
/// Source: Prometheus documentation, "Exposition formats", text format 0.0.4.
enum PrometheusText {
    /// Figures of one name stand together, under one help and type.
    static func of(_ metrics: [Metric]) -> String {
        var order: [String] = []
        var groups: [String: [Metric]] = [:]
        for metric in metrics {
            if groups[metric.name] == nil { order.append(metric.name) }
            groups[metric.name, default: []].append(metric)
        }
        var text = ""
        for name in order {
            guard let group = groups[name], let first = group.first else { continue }
            text += "# HELP \(name) \(first.help.escaped(quotes: false))\n# TYPE \(name) \(first.kind.rawValue)\n"
            for metric in group {
                let labels = metric.labels.map { "\($0.name)=\"\($0.value.escaped(quotes: true))\"" }
                text += labels.isEmpty ? name : "\(name){\(labels.joined(separator: ","))}"
                text += " \(Self.number(metric.value))\n"
            }
        }
        return text
    }

    private static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        if value.isNaN { return "NaN" }
        return value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : "\(value)"
    }
}

extension String {
    fileprivate func escaped(quotes: Bool) -> String {
        var result = ""
        for character in self {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.append(character)
            }
        }
        return result
    }
}
