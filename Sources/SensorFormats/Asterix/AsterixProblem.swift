public import Air

/// Why bytes were not decoded.
public enum AsterixFault: UInt8, Hashable, Sendable, CaseIterable, Error {
    /// A block header does not fit, or says a length of less than three octets.
    case badBlockLength
    /// A block says that it is longer than the bytes that are there; its whole records were decoded.
    case blockBeyondEnd
    /// No layout is known for the category; the block was skipped by its length.
    case unknownCategory
    /// A record ends behind the end of its block.
    case truncatedRecord
    /// The field specification names an item that the edition does not have.
    case undefinedItem
    /// An explicit item says a length of zero, which its own length octet refutes.
    case badExplicitLength
    /// A record without any item.
    case emptyRecord
    /// Bytes between blocks that are no block.
    case noBlock
    /// A frame of the recording is damaged.
    case badFrame
    /// Fragments of an IP datagram of which others are missing, or do not fit.
    case fragment
    /// The blocks of a source fit another edition than the one that they are read by; told once for a source.
    case wrongEdition

    /// In words.
    public var text: String {
        switch self {
        case .badBlockLength: "block length is less than a header"
        case .blockBeyondEnd: "block is longer than its data"
        case .unknownCategory: "no layout for this category"
        case .truncatedRecord: "record ends behind its block"
        case .undefinedItem: "item is not in this edition"
        case .badExplicitLength: "explicit item of length zero"
        case .emptyRecord: "record without an item"
        case .noBlock: "bytes that are no block"
        case .badFrame: "damaged frame"
        case .fragment: "fragments of an IP datagram that did not come whole"
        case .wrongEdition: "blocks fit another edition"
        }
    }
}

/// Bytes that could not be decoded: where, what and why.
public struct AsterixProblem: Hashable, Sendable, CustomStringConvertible {
    /// Offset of the first of them, in the datagram or file that was given.
    public var offset: Int
    /// How many were skipped on account of it.
    public var length: Int
    /// The category of the block; 0 where there is none.
    public var category: UInt8
    /// The edition it was read by, if any.
    public var edition: AsterixEdition?
    /// The item that failed, such as `I048/250`.
    public var item: String?
    /// Why.
    public var fault: AsterixFault
    /// Who sent it, where that says more.
    public var sensor: SensorID?
    /// The edition that the blocks of `sensor` fit, if the fault is `wrongEdition`.
    public var fitting: AsterixEdition?

    public init(
        offset: Int, length: Int, category: UInt8, edition: AsterixEdition? = nil, item: String? = nil,
        fault: AsterixFault, sensor: SensorID? = nil, fitting: AsterixEdition? = nil
    ) {
        self.offset = offset
        self.length = length
        self.category = category
        self.edition = edition
        self.item = item
        self.fault = fault
        self.sensor = sensor
        self.fitting = fitting
    }

    /// For example `offset 1024: category 048 1.32, I048/250: record ends behind its block; 17 bytes skipped`.
    public var description: String {
        var text = "offset \(self.offset): "
        if let edition = self.edition {
            text += "category \(edition), "
        } else if self.category != 0 {
            text += "category \(self.category), "
        }
        if let fitting {
            let source = self.sensor.map { " of \($0)" } ?? ""
            return text + "the blocks\(source) do not fit it, but edition \(fitting.number)"
        }
        if let item = self.item { text += "\(item): " }
        return text + "\(self.fault.text); \(counted(self.length, "byte")) skipped"
    }
}
