/// A place in a text; the column counts octets, from 1.
public struct TextPlace: Hashable, Sendable, CustomStringConvertible {
    public var line: Int
    public var column: Int
    public var description: String { "line \(self.line), column \(self.column)" }
}

/// Why a text is no XML that is read here, and where.
public struct XMLError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: Hashable, Sendable {
        case tooLong, tooDeep, tooManyElements, tooManyAttributes, nameTooLong
        case notUTF8, otherEncoding(String), otherVersion(String), forbiddenCharacter
        case endsEarly, noRoot, afterRoot, malformed(String)
        /// A document type declaration: it could define entities, and is refused whole.
        case documentType
        case unknownEntity(String), characterReference
        case attributeTwice(String), endTag(expected: String, found: String)
        case unboundPrefix(String), namespace(String)
    }

    public let code: Code
    public let place: TextPlace

    public var description: String { "\(self.place): \(self.text)" }

    /// The sentence without the place.
    public var text: String {
        switch self.code {
        case .tooLong: "the document is too long"
        case .tooDeep: "the elements are nested too deeply"
        case .tooManyElements: "there are too many elements"
        case .tooManyAttributes: "the element has too many attributes"
        case .nameTooLong: "the name is too long"
        case .notUTF8: "the text is not UTF-8"
        case .otherEncoding(let name): "the encoding is \(name), and only UTF-8 is read"
        case .otherVersion(let name): "the XML version is \(name), and only 1.0 is read"
        case .forbiddenCharacter: "a character that XML does not allow"
        case .endsEarly: "the document ends early"
        case .noRoot: "there is no element"
        case .afterRoot: "something stands after the document's element"
        case .malformed(let what): "\(what) is expected"
        case .documentType: "a document type declaration is not accepted"
        case .unknownEntity(let name): "the entity \(name) is not one of the five of XML"
        case .characterReference: "a character reference to no character"
        case .attributeTwice(let name): "the attribute \(name) stands twice"
        case .endTag(let expected, let found): "</\(expected)> is expected, not </\(found)>"
        case .unboundPrefix(let name): "no namespace is bound to the prefix \(name)"
        case .namespace(let name): "the namespace declaration \(name) is not allowed"
        }
    }
}

/// What a reader of XML takes at most.
struct XMLLimits: Sendable {
    var octets = 4 << 20
    var depth = 32
    var elements = 65_536
    var attributes = 64
    var nameOctets = 256
    /// Namespaces in force at one place.
    var bindings = 64
}
