/// Every layout that is known, compiled when first asked for.
package enum AsterixLayouts {
    /// The layouts by category, the newest edition last.
    package static let all: [AsterixEdition: AsterixLayout] = {
        var layouts: [AsterixEdition: AsterixLayout] = [:]
        for table in AsterixTable.all {
            do {
                layouts[table.edition] = try AsterixTableCompiler.compile(
                    table, hot: AsterixHotItems.names(of: table.edition))
            } catch {
                preconditionFailure("\(error)")
            }
        }
        return layouts
    }()

    /// The newest edition of each category, by category.
    static let newest: [AsterixLayout?] = {
        var newest = [AsterixLayout?](repeating: nil, count: 256)
        for (edition, layout) in all {
            let category = Int(edition.category)
            if let known = newest[category], known.edition > edition { continue }
            newest[category] = layout
        }
        return newest
    }()

    /// The layouts that have code of their own, by its number.
    static let coded: [AsterixLayout?] = {
        var coded = [AsterixLayout?](repeating: nil, count: 256)
        for layout in all.values where layout.generated != 0 { coded[Int(layout.generated)] = layout }
        return coded
    }()

    /// By category, an older edition that does not fit into the newest and is still met: which of the two a block
    /// follows shows in its structure.
    ///
    /// 021 edition 0.23 comes from older ADS-B ground stations, 062 edition 0.17 from systems of before its release.
    static let older: [AsterixLayout?] = {
        var older = [AsterixLayout?](repeating: nil, count: 256)
        for edition in [
            AsterixEdition(category: 21, major: 0, minor: 23), AsterixEdition(category: 62, major: 0, minor: 17),
        ] {
            older[Int(edition.category)] = all[edition]
        }
        return older
    }()

    /// Whether there is a layout for the category.
    static func knows(_ category: UInt8) -> Bool { newest[Int(category)] != nil }

    /// Whether a whole block begins at `at`, with records that fill it by the newest or the older edition.
    ///
    /// - Returns: the verdict, and how many bytes were looked at for it.
    static func isWholeBlock(_ bytes: Span<UInt8>, at: Int, to limit: Int) -> (Bool, cost: Int) {
        guard at + 4 <= limit, let layout = newest[Int(bytes[at])] else { return (false, 1) }
        let start = at + 3
        let end = at + (Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]))
        guard end > start, end <= limit else { return (false, 1) }
        var reach = layout.reach(bytes, from: start, to: end)
        if reach == end { return (true, end - at) }
        var cost = reach - at
        if let old = older[Int(bytes[at])] {
            reach = old.reach(bytes, from: start, to: end)
            cost += reach - at
        }
        return (reach == end, cost)
    }
}

extension AsterixTable {
    /// Every table there is, by category and edition.
    public static let all: [AsterixTable] = generated + [cat062Edition0x17, cat129Edition1x2]
}

/// The items that the plot view reads, by category: their position in the list is their index in the walk's offsets.
enum AsterixHotItems {
    static func names(of edition: AsterixEdition) -> [String] {
        switch (edition.category, edition.major) {
        case (34, _): Category034.items
        case (48, _): Category048.items
        case (21, 0): Category021Old.items
        case (21, _): Category021.items
        case (62, 0): Category062Old.items
        case (62, _): Category062.items
        case (63, _): Category063.items
        case (65, _): Category065.items
        default: timeAndSource(edition.category)
        }
    }

    /// Other categories: source and time of day, for the replay of recordings.
    private static func timeAndSource(_ category: UInt8) -> [String] {
        switch category {
        case 2: ["010", "030"]
        case 10, 19, 20: ["010", "140"]
        case 23: ["010", "070"]
        default: ["010"]
        }
    }
}
