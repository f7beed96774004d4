/// Why a socket could not be made.
public enum TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name or address means nothing to the resolver.
    case unresolvable(Endpoint, reason: String)
    /// Bind, connect or listen failed.
    case unusable(Endpoint, reason: String)
    /// A group was asked for whose address is not a multicast one.
    case notMulticast(Endpoint)
    /// There is no network interface of that name.
    case noInterface(String, present: [String])

    public var description: String {
        switch self {
        case .unresolvable(let endpoint, let reason): "the address \(endpoint) cannot be resolved: \(reason)"
        case .unusable(let endpoint, let reason): "the address \(endpoint) cannot be used: \(reason)"
        case .notMulticast(let endpoint): "\(endpoint) is not the address of a multicast group"
        case .noInterface(let name, let present):
            "there is no network interface \(name); present are \(present.joined(separator: ", "))"
        }
    }
}
