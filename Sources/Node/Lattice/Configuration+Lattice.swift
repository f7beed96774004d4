public import Air
internal import Transport

extension Configuration {
    /// What a node shares with partners' nodes, and how they are reached.
    public struct Lattice: Hashable, Sendable {
        /// A partner's node.
        public struct Partner: Hashable, Sendable {
            public var nation: Nation
            /// Where its node listens; nil: nothing is received from it.
            public var address: Address?

            public init(nation: Nation, address: Address?) {
                self.nation = nation
                self.address = address
            }
        }

        /// A host and a port.
        public struct Address: Hashable, Sendable, CustomStringConvertible {
            public var host: String
            public var port: Int

            public init(host: String, port: Int) {
                self.host = host
                self.port = port
            }

            public var description: String {
                self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
            }
        }

        /// The folder that `kumiko nation init` made.
        public var identity: String
        /// Where the ledger is kept.
        public var ledger: String
        /// Where partners' nodes reach this one; nil: nothing is shared with them.
        public var listen: Address?
        public var partners: [Partner]

        public init(
            identity: String, ledger: String = "kumiko-ledger", listen: Address? = nil, partners: [Partner] = []
        ) {
            self.identity = identity
            self.ledger = ledger
            self.listen = listen
            self.partners = partners
        }
    }

    mutating func readLattice(_ root: Section) {
        guard let section = root.section("federation") else { return }
        defer { section.finish() }
        let identity = section.requiredText("identity", example: "nation")
        let ledger = section.text("ledger") ?? "kumiko-ledger"
        let listen = Self.address(section, "listen")
        var partners: [Lattice.Partner] = []
        for partner in section.sections("partners") {
            let address = Self.address(partner, "address")
            if let text = partner.requiredText("nation", example: "au") {
                if let nation = Nation(text), nation.description == text {
                    if nation == self.nation { partner.report("nation", "is this node's own; name another") }
                    if partners.contains(where: { $0.nation == nation }) {
                        partner.report("nation", "`\(text)` stands twice; give each partner one entry")
                    }
                    partners.append(Lattice.Partner(nation: nation, address: address))
                } else {
                    partner.report("nation", "is `\(text)`; write the two small letters of ISO 3166-1, for example au")
                }
            }
            partner.finish()
        }
        if self.nation == nil {
            section.report("identity", "needs to know whose node this is; add `nation:` under node:")
        }
        guard let identity else { return }
        self.lattice = Lattice(
            identity: identity, ledger: ledger, listen: listen, partners: partners)
    }

    private static func address(_ section: Section, _ key: String) -> Lattice.Address? {
        guard let text = section.text(key) else { return nil }
        guard let address = Endpoint(text), address.port > 0 else {
            section.report(key, "is `\(text)`; write host and port, for example 192.0.2.7:7600 or [2001:db8::7]:7600")
            return nil
        }
        return Lattice.Address(host: address.host, port: address.port)
    }
}
