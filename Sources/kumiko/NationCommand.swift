import Air
import ArgumentParser
import Foundation
import Identity
import Ledger
import Node

/// `kumiko nation`: who this node is.
struct NationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nation",
        abstract: "Make and keep a nation's authority, keys and certificates.",
        discussion: """
            `init` makes a folder with the nation's certificate authority, the node's certificate for TLS, and the keys \
            that sign. What partners get is the introduction that `init` and `show` write to standard output: hand it over, \
            and compare its fingerprint by voice. docs/identity.md tells what lies where.
            """,
        subcommands: [Init.self, Renew.self, Show.self, Revoke.self, Keys.self])

    enum Curve: String, ExpressibleByArgument {
        case p256, p384
    }

    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a nation's folder, and write what partners get to standard output.")

        @Argument(help: "The nation: two letters of ISO 3166-1.")
        var nation: String

        @Option(help: "The realm: live, test or exercise(NAME). Data of two realms never meet.")
        var realm: String

        @Option(help: "The node's name: small letters, digits, hyphens and full stops.")
        var node: String

        @Option(help: "A name or address by which the node is reached; may be given several times.")
        var host: [String] = []

        @Option(help: "The curve of the authority's key: p256 or p384.")
        var curve = Curve.p256

        @Option(help: "How many days the authority's certificate lasts.")
        var authorityDays = NationFolder.Terms().authorityDays

        @OptionGroup var terms: TermOptions
        @OptionGroup var folder: FolderOptions

        func run() throws {
            guard let nation = Nation(self.nation) else {
                throw ValidationError("'\(self.nation)' is no nation: two letters, such as jp.")
            }
            guard let realm = Realm(self.realm) else {
                throw ValidationError("'\(self.realm)' is no realm: live, test or exercise(NAME).")
            }
            var terms = self.terms.terms
            terms.authorityDays = self.authorityDays
            let folder = try NationFolder.create(
                at: self.folder.folder, nation: nation, realm: realm, node: self.node, hosts: self.host,
                curve: self.curve == .p256 ? .p256 : .p384, terms: terms, at: NodeClock.real().now)
            try show(folder)
            say(
                """
                The authority's private key is \(folder.path)/ca.key. Only `kumiko nation renew` and `revoke` need it: it \
                may be kept on a medium that is connected for them alone (--ca-key).
                """)
        }
    }

    struct Renew: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a new certificate and key for TLS, and a new introduction.",
            discussion: """
                Partners take the new introduction without comparing anything: the same authority has signed it. A node that \
                runs takes the certificate up within seconds, and a new key for entries when it is started again.
                """)

        @Flag(help: "Make a new key for the node's entries too; the earlier ones are still believed.")
        var nodeKey = false

        @Option(help: "A name or address by which the node is reached, in the place of those it has.")
        var host: [String] = []

        @OptionGroup var key: AuthorityKeyOptions
        @OptionGroup var terms: TermOptions
        @OptionGroup var folder: FolderOptions

        func run() throws {
            var folder = try self.folder.open()
            try folder.renew(
                authorityKey: self.key.caKey, withNodeKey: self.nodeKey, hosts: self.host.isEmpty ? nil : self.host,
                terms: self.terms.terms, at: NodeClock.real().now)
            try show(folder)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write what partners get to standard output, and tell what the node has.")

        @OptionGroup var folder: FolderOptions

        func run() throws { try show(self.folder.open()) }
    }

    struct Keys: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the public keys by which the ledgers of this nation and its partners are verified.",
            discussion: "What `kumiko ledger` and `kumiko disclosure` take as --keys: one key a line.")

        @OptionGroup var folder: FolderOptions

        func run() throws {
            let folder = try self.folder.open()
            let own = folder.introduction, partners = folder.partners.partners
            func write(_ introduction: Introduction, nodes: [NodeKey], audiences: [Nation]) {
                putLine("cosigner \(introduction.cosigner)")
                for node in nodes { putLine("node \(node.key)") }
                for audience in audiences {
                    if let key = introduction.logKey(audience: "\(audience)") { putLine("log \(key)") }
                }
            }
            write(own, nodes: own.nodeKeys, audiences: partners.map(\.nation))
            for partner in partners {
                write(partner.introduction, nodes: partner.introduction.nodeKeys, audiences: [folder.nation])
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a certificate of this nation, and make the introduction that tells partners.",
            discussion: "`kumiko nation show` lists the serial numbers. Renew first when the node's own is to go.")

        @Argument(help: "The certificate's serial number, hexadecimal.")
        var serial: String

        @OptionGroup var key: AuthorityKeyOptions
        @OptionGroup var terms: TermOptions
        @OptionGroup var folder: FolderOptions

        func run() throws {
            let serial = try serialNumber(self.serial)
            var folder = try self.folder.open()
            guard try folder.issued().contains(where: { $0.serial == serial }) else {
                throw ExitMessage(
                    "\(self.serial) is no certificate that this authority issued; `kumiko nation show` lists them")
            }
            try folder.revoke(
                serial, authorityKey: self.key.caKey, terms: self.terms.terms, at: NodeClock.real().now)
            try show(folder)
        }
    }
}

/// `kumiko partner`: whom this node knows.
struct PartnerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partner",
        abstract: "Say which nations are partners, and which of their certificates and keys are not to be believed.",
        subcommands: [Add.self, Remove.self, Revoke.self, List.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take the introduction that a partner handed over.",
            discussion: """
                The first one of a nation needs its fingerprint, as the partner read it to you by voice, or by another way \
                than the file came. Later ones of the same authority need nothing.
                """)

        @Argument(help: "The file, or - for standard input.", completion: .file())
        var file: String

        @Option(help: "The fingerprint that you heard: 64 hexadecimal digits, with or without spaces.")
        var fingerprint: String?

        @OptionGroup var folder: FolderOptions

        func run() throws {
            var heard: Fingerprint?
            if let fingerprint {
                guard let read = Fingerprint(fingerprint) else {
                    throw ValidationError("--fingerprint has 64 hexadecimal digits, in groups or without.")
                }
                heard = read
            }
            var folder = try self.folder.open()
            let octets = try self.read()
            let introduction: Introduction
            do throws(IntroductionRefusal) { introduction = try Introduction(parsing: octets) } catch {
                throw ExitMessage("\(self.file): \(IdentityError.introduction(error))")
            }
            let nation = introduction.nation
            guard heard != nil || folder.partners[nation] != nil else {
                say(
                    """
                    \(nation) is not known yet. Call a person there whose voice you know, have them read the fingerprint that \
                    `kumiko nation show` tells them, and type what you hear:
                      kumiko partner add \(self.file) --fingerprint "…"
                    """)
                throw ExitCode(1)
            }
            switch try folder.partners.add(octets, fingerprint: heard, at: NodeClock.real().now) {
            case .added: say("\(nation) is a partner from now on.")
            case .updated: say("\(nation): introduction \(introduction.number) is taken.")
            case .unchanged: say("\(nation): introduction \(introduction.number) was taken before.")
            }
        }

        /// One octet more than an introduction may have tells that it is too long.
        private func read() throws -> [UInt8] {
            do {
                let handle =
                    self.file == "-"
                    ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: self.file))
                var octets: [UInt8] = []
                while octets.count <= Introduction.octetsMax, let more = try handle.read(upToCount: 1 << 16),
                    !more.isEmpty
                { octets += more }
                return octets
            } catch { throw ExitMessage("\(self.file) cannot be read: \(error.localizedDescription)") }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget a partner; what was revoked of it stays revoked.")

        @Argument(help: "The nation.")
        var nation: String

        @OptionGroup var folder: FolderOptions

        func run() throws {
            let nation = try nationOf(self.nation)
            var folder = try self.folder.open()
            try folder.partners.remove(nation)
            say("\(nation) is no partner any more.")
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Believe a partner's authority, one of its certificates, or one of its keys no more.",
            discussion: """
                Without --certificate or --key the nation as a whole is shut out; it comes back with another authority: \
                `kumiko partner remove`, then `add`. The file partners/denied in the folder holds one line for each, which \
                you may delete.
                """)

        @Argument(help: "The nation.")
        var nation: String

        @Option(help: "Only the certificate of this serial number, hexadecimal.")
        var certificate: String?

        @Option(help: "Only this key of a node, as `kumiko partner list` shows it.")
        var key: String?

        @OptionGroup var folder: FolderOptions

        func validate() throws {
            if self.certificate != nil, self.key != nil {
                throw ValidationError("--certificate and --key are for one thing each; give one of them.")
            }
        }

        func run() throws {
            let nation = try nationOf(self.nation)
            var folder = try self.folder.open()
            if let certificate {
                let serial = try serialNumber(certificate)
                try folder.partners.revoke(certificate: serial, of: nation)
                say("\(nation): the certificate \(serial) is refused from now on.")
            } else if let key {
                guard let key = NoteKey(vkey: key) else {
                    throw ValidationError("--key is a key as `kumiko partner list` shows it: NAME+ID+BASE64.")
                }
                guard folder.partners[nation]?.introduction.nodeKeys.contains(where: { $0.key == key }) == true else {
                    throw ExitMessage("\(key) is no key of \(nation); kumiko partner list shows them.")
                }
                try folder.partners.revoke(key: key)
                say("\(nation): the key \(key) is believed no more.")
            } else {
                try folder.partners.revoke(nation)
                say("\(nation): nobody of it is let in from now on.")
            }
            say("A node that runs takes this up within seconds.")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the partners, their keys, and what was revoked here.")

        @OptionGroup var folder: FolderOptions

        func run() throws {
            let folder = try self.folder.open()
            if folder.partners.partners.isEmpty { say("No partners: kumiko partner add FILE.") }
            for partner in folder.partners.partners {
                let introduction = partner.introduction
                let list = partner.revocations
                putLine(
                    """
                    \(partner.nation)  introduction \(introduction.number)\(partner.isRevoked ? ", REVOKED HERE" : "")
                        authority    \(introduction.fingerprint)
                                     until \(introduction.notAfter)
                        list         number \(list.number), \(list.serials.count) revoked, until \(list.nextUpdate)
                    """)
                for key in introduction.nodeKeys {
                    putLine("    key          \(key.key)\(partner.nodeKeys.contains(key) ? "" : "  revoked here")")
                }
                for serial in partner.deniedSerials { putLine("    certificate  \(serial)  revoked here") }
            }
        }
    }
}

/// Where the nation's folder is.
struct FolderOptions: ParsableArguments {
    @Option(help: "The nation's folder.", completion: .directory)
    var folder = "kumiko-nation"

    func open() throws -> NationFolder { try NationFolder(opening: self.folder) }
}

/// Where the authority's private key is.
struct AuthorityKeyOptions: ParsableArguments {
    @Option(
        help: "The authority's private key, where it is not in the folder.", completion: .file(extensions: ["key"]))
    var caKey: String?
}

/// How long what is signed lasts.
struct TermOptions: ParsableArguments {
    @Option(help: "How many days the certificate for TLS lasts.")
    var days = NationFolder.Terms().leafDays

    @Option(help: "How many days partners may rely on the revocation list.")
    var listDays = NationFolder.Terms().listDays

    var terms: NationFolder.Terms {
        var terms = NationFolder.Terms()
        terms.leafDays = self.days
        terms.listDays = self.listDays
        return terms
    }
}

/// Writes the introduction to standard output, and what there is to know about it to standard error.
private func show(_ folder: NationFolder) throws {
    put(folder.introduction.octets)
    let introduction = folder.introduction
    say(
        """
        \(folder.name)
          introduction  number \(introduction.number)
          authority     until \(introduction.notAfter)
          list          number \(introduction.revocations.number), until \(introduction.revocations.nextUpdate)
        """)
    for issued in try folder.issued() {
        let current = issued.serial == folder.tls.serial ? ", in use" : ""
        say("  certificate   \(issued.serial), until \(issued.notAfter)\(issued.isRevoked ? ", revoked" : current)")
    }
    say("Fingerprint, to be compared by voice:\n  \(introduction.fingerprint)")
}

private func nationOf(_ text: String) throws -> Nation {
    guard let nation = Nation(text) else { throw ValidationError("'\(text)' is no nation: two letters, such as jp.") }
    return nation
}

private func serialNumber(_ text: String) throws -> SerialNumber {
    guard let serial = SerialNumber(text) else {
        throw ValidationError("'\(text)' is no serial number: pairs of hexadecimal digits, 20 at most.")
    }
    return serial
}
