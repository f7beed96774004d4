/// Which world data are of: data of two realms never meet, and only `live` is the real one.
public enum Realm: Hashable, Sendable, CustomStringConvertible {
    case live
    case exercise(String)
    case test

    /// A realm by its description: `live`, `test` or `exercise(NAME)`; nil for anything else, or an empty name.
    public init?(_ text: some StringProtocol) {
        switch text {
        case "live": self = .live
        case "test": self = .test
        default:
            guard text.hasPrefix("exercise("), text.hasSuffix(")"), text.utf8.count > 10 else { return nil }
            self = .exercise(String(text.dropFirst(9).dropLast()))
        }
    }

    public var description: String {
        switch self {
        case .live: "live"
        case .exercise(let name): "exercise(\(name))"
        case .test: "test"
        }
    }
}
