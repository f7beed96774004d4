/// Messages and enumerations of Protocol Buffers, compiled from a compact text; see `SapientSchema` for the notation.
final class ProtoSchema: Sendable {
    enum Kind: Hashable, Sendable {
        case string, double, float, bool, int32, bytes, time, opaque
        case message(Int)
        case enumeration(Int)

        /// The wire type of one value.
        var wireType: UInt8 {
            switch self {
            case .bool, .int32, .enumeration: 0
            case .double: 1
            case .float: 5
            case .string, .bytes, .time, .opaque, .message: 2
            }
        }
    }

    enum Form: Hashable, Sendable { case any, ulid, uuid }

    struct Field: Hashable, Sendable {
        var number: UInt32
        var name: String
        var kind: Kind
        var isRepeated = false
        var isMandatory = false
        /// The letter of the choice that it is a part of.
        var choice: UInt8?
        var isChoiceMandatory = false
        var form = Form.any

        var isPacked: Bool { self.isRepeated && self.kind.wireType != 2 }
    }

    struct Message: Sendable {
        var name: String
        var fields: [Field] = []

        func field(_ number: UInt32) -> Field? { self.fields.first { $0.number == number } }
    }

    struct Enumeration: Sendable {
        var name: String
        /// Names with their prefix; nil where a number has none.
        var names: [String?]
    }

    let messages: [Message]
    let enumerations: [Enumeration]

    /// Compiles a text; a mistake in it is ours and ends the program.
    init(_ text: String) {
        let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
        var messageIndex: [Substring: Int] = [:]
        var enumIndex: [Substring: Int] = [:]
        var enumerations: [Enumeration] = []
        for line in lines where line.count > 1 {
            if line[0] == "message" { messageIndex[line[1]] = messageIndex.count }
            if line[0] == "enum" {
                enumIndex[line[1]] = enumerations.count
                enumerations.append(
                    Enumeration(
                        name: String(line[1]), names: line.dropFirst(3).map { $0 == "-" ? nil : "\(line[2])\($0)" }))
            }
        }
        var messages: [Message] = []
        for line in lines where line.count > 1 && line[0] != "enum" {
            if line[0] == "message" {
                messages.append(Message(name: String(line[1])))
                continue
            }
            guard line.count > 2, let number = UInt32(line[0]),
                let kind = Self.kind(line[2], messageIndex, enumIndex)
            else { preconditionFailure("the schema has a line that is no field: \(line.joined(separator: " "))") }
            var field = Field(number: number, name: String(line[1]), kind: kind)
            for word in line.dropFirst(3) {
                switch word {
                case "ulid": field.form = .ulid
                case "uuid": field.form = .uuid
                default:
                    for byte in word.utf8 {
                        switch byte {
                        case UInt8(ascii: "*"): field.isRepeated = true
                        case UInt8(ascii: "!"): field.isMandatory = true
                        default:
                            field.choice = byte | 0x20
                            field.isChoiceMandatory = byte & 0x20 == 0
                        }
                    }
                }
            }
            messages[messages.count - 1].fields.append(field)
        }
        self.messages = messages
        self.enumerations = enumerations
    }

    private static func kind(_ word: Substring, _ messages: [Substring: Int], _ enums: [Substring: Int]) -> Kind? {
        switch word {
        case "string": .string
        case "double": .double
        case "float": .float
        case "bool": .bool
        case "int32": .int32
        case "bytes": .bytes
        case "time": .time
        case "opaque": .opaque
        default: messages[word].map { .message($0) } ?? enums[word].map { .enumeration($0) }
        }
    }
}
