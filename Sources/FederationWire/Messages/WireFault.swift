/// Why octets of a partner are no message.
public struct WireFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: Hashable, Sendable {
        /// It must be there, and is not.
        case missing
        /// It has more octets, or items, than it may.
        case tooLong(Int, most: Int)
        /// It is not of the form that the description asks for.
        case notOfForm
    }

    /// The field of the description, with the messages around it: `Hello.nation`.
    public let field: String
    public let reason: Reason

    init(_ field: String, _ reason: Reason) {
        self.field = field
        self.reason = reason
    }

    public var description: String {
        switch self.reason {
        case .missing: "\(self.field) is missing"
        case .tooLong(let count, let most): "\(self.field) has \(count), at most \(most) may be"
        case .notOfForm: "\(self.field) is not of the form that the description asks for"
        }
    }
}

/// The bounds that `federation.proto` states.
enum WireBounds {
    static let requestOctets = 262_144
    static let deliveryOctets = 4_194_304
    static let noteOctets = 65_536
    static let signatureLineOctets = 1024
    static let convictionOctets = 196_608
    static let textOctets = 1024
    static let laneOctets = 256
    static let realmOctets = 80
    static let entries = 4096
    static let leaves = 1024
    static let leafOctets = 16_384
    static let saltOctets = 16
}
