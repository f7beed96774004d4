import Air
import Exercises
import Foundation
import Identity
import Node
import Releasability

/// Three nations on one machine, for the demonstration: their keys, what they have agreed, and who has which sensors.
///
/// Japan and the United States show each other all they have. Australia, with two radars and a receiver in the area for the
/// exercise, has an agreement of its own with each; Japan's shows it the south, to five kilometres and without sensors.
struct DemoAlliance {
    /// One nation of it.
    struct Member {
        let nation: Nation
        let name: String
        let folder: String
        let port: Int
        let sensors: [Sensor]
    }

    static let realm = Realm.exercise("demo")
    let members: [Member]

    /// Makes keys and agreements in a folder.
    ///
    /// - Parameter ports: where each nation's node listens for its partners, in the order jp, us, au.
    init(in folder: String, sensors: [Sensor], ports: [Int], at now: Timestamp) throws {
        let names = [("jp", "Japan"), ("us", "United States"), ("au", "Australia")]
        self.members = zip(names, ports).compactMap { name, port in
            Nation(name.0).map { nation in
                Member(
                    nation: nation, name: name.1, folder: "\(folder)/\(nation)", port: port,
                    sensors: sensors.filter { Self.owner(of: $0) == name.0 })
            }
        }
        var folders: [NationFolder] = []
        for member in self.members {
            try FileManager.default.createDirectory(atPath: member.folder, withIntermediateDirectories: true)
            folders.append(
                try NationFolder.create(
                    at: "\(member.folder)/identity", nation: member.nation, realm: Self.realm, node: "demo",
                    hosts: ["127.0.0.1"], at: now))
        }
        for number in folders.indices {
            for other in folders where other.nation != folders[number].nation {
                _ = try folders[number].partners.add(other.introduction.octets, at: now)
            }
        }
        for member in self.members { try self.writeAgreements(of: member, at: now) }
    }

    /// What the node of a member is told.
    func configuration(of member: Member, label: String) throws -> Configuration {
        var configuration = Configuration()
        configuration.name = "Demonstration, \(member.name)"
        configuration.nation = member.nation
        configuration.realm = Self.realm
        configuration.sensors = member.sensors
        configuration.feeds = [ScenarioFeed.feed]
        configuration.history = Configuration.History(directory: "\(member.folder)/history")
        let policy = try Policy(folder: "\(member.folder)/agreements")
        configuration.release = Configuration.Release(policy: policy, label: try Label(yaml: label, policy: policy))
        configuration.lattice = Configuration.Lattice(
            identity: "\(member.folder)/identity", ledger: "\(member.folder)/ledger",
            listen: Configuration.Lattice.Address(host: "127.0.0.1", port: member.port),
            partners: self.members.filter { $0.nation != member.nation }.map {
                Configuration.Lattice.Partner(
                    nation: $0.nation, address: Configuration.Lattice.Address(host: "127.0.0.1", port: $0.port))
            })
        return configuration
    }

    /// The label of all that a member's sensors report.
    func label(of member: Member) -> String {
        let others = self.members.map(\.nation.description).filter { $0 != member.nation.description }
        return "{policy: demo, classification: restricted, releasable_to: [\(others.joined(separator: ", "))]}"
    }

    private static func owner(of sensor: Sensor) -> String {
        switch (sensor.id.sac, sensor.name) {
        case (211, _), (_, "Yaedake"), (_, "Naha"): "us"
        case (_, "Hachijo"), (_, "Imanoyama"), (_, "Rokko"): "au"
        default: "jp"
        }
    }

    private func writeAgreements(of member: Member, at now: Timestamp) throws {
        let folder = "\(member.folder)/agreements"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let others = self.members.map(\.nation.description).filter { $0 != member.nation.description }
        let clearances = others.map { "  - {audience: \($0), policy: demo, classification_max: restricted}" }
        try self.write(
            """
            nation: \(member.nation)
            realm: exercise(demo)
            policies:
              - name: demo
                classifications: [unclassified, restricted]
            clearances:
            \(clearances.joined(separator: "\n"))
            """, to: "\(folder)/policy.yaml")
        for agreement in Self.agreements where agreement.between.contains(member.nation.description) {
            let day = { (days: Double) in "\(now.advanced(by: days * 86_400))".prefix(10) + "T00:00:00Z" }
            try self.write(
                """
                name: \(agreement.between.joined(separator: "-"))-demo
                between: [\(agreement.between.joined(separator: ", "))]
                realm: exercise(demo)
                from: \(day(-1))
                to: \(day(365))
                policy: demo
                classification_max: restricted
                onward: never
                clauses:
                \(agreement.clauses)
                """, to: "\(folder)/\(agreement.between.joined(separator: "-")).yaml")
        }
    }

    private func write(_ text: String, to path: String) throws {
        try (text + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }

    private static let agreements: [(between: [String], clauses: String)] = [
        (["jp", "us"], "  - {permit: [tracks, tracklets], areas: everywhere}"),
        (["au", "us"], "  - {permit: [tracks, tracklets], areas: everywhere}"),
        (
            ["au", "jp"],
            """
              - permit: [tracks]
                areas: [{box: {south_deg: 20, west_deg: 120, north_deg: 36, east_deg: 150}}]
                position_grid_m: 5000
                withhold: [sensors]
            """
        ),
    ]
}
