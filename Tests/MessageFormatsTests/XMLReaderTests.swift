import Testing

@testable import MessageFormats

@Suite("XML reader")
struct XMLReaderTests {
    static func element(_ text: String, limits: XMLLimits = XMLLimits()) throws(XMLError) -> XMLElement {
        try XMLElement(parsing: Array(text.utf8), limits: limits)
    }

    @Test("elements, attributes, namespaces and text come out as the recommendation has them")
    func reads() throws {
        let root = try Self.element(
            """
            \u{FEFF}<?xml version="1.0" encoding="utf-8"?>
            <!-- before --><?go on?>
            <a:x xmlns:a="urn:one" xmlns="urn:two" a:k='1 &lt;\t&#x41;&#10;' k="&quot;2&apos;">t<!-- c --><![CDATA[<&]]>&amp;
              <y>é\r\n\r</y><a:z xmlns:a="urn:three" xmlns=""><w xml:lang="fr"/></a:z>
            </a:x>
            <!-- after -->
            """)
        #expect((root.namespace, root.name) == ("urn:one", "x"))
        #expect(root.attribute("k", namespace: "urn:one")?.value == "1 < A\n")
        #expect(root["k"] == "\"2'")
        #expect(root.token == "t<&&")
        #expect(root.children.map { "\($0.namespace) \($0.name)" } == ["urn:two y", "urn:three z"])
        #expect(root.children[0].text == "é\n\n")
        #expect(root.children[1].children[0].namespace == "")
        #expect(
            root.children[1].children[0].attribute("lang", namespace: "http://www.w3.org/XML/1998/namespace")?.value
                == "fr")
        #expect(root.children[0].place == TextPlace(line: 4, column: 3))
    }

    @Test(
        "what is no XML, or more than is read here, is refused at its place",
        arguments: [
            ("", .noRoot, 1, 1), ("  \n ", .noRoot, 2, 2), ("a", .malformed("an element"), 1, 1),
            ("<a", .endsEarly, 1, 3), ("<a>", .endsEarly, 1, 4), ("<a/><b/>", .afterRoot, 1, 5),
            ("<a>\n </b>", .endTag(expected: "a", found: "b"), 2, 2), ("<a></a >x", .afterRoot, 1, 9),
            ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", .documentType, 1, 1),
            ("<?xml version='1.0'?><!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", .documentType, 1, 22),
            ("<a>&x;</a>", .unknownEntity("x"), 1, 7), ("<a>&#0;</a>", .characterReference, 1, 7),
            ("<a>&#xD800;</a>", .characterReference, 1, 11), ("<a>&#-1;</a>", .characterReference, 1, 8),
            ("<a>&#xFFFE;</a>", .characterReference, 1, 11), ("<a>\u{1}</a>", .forbiddenCharacter, 1, 4),
            ("<a>\u{FFFF}</a>", .forbiddenCharacter, 1, 4), ("<a k='1' k='2'/>", .attributeTwice("k"), 1, 17),
            ("<a xmlns:p='u' xmlns:q='u' p:k='' q:k=''/>", .attributeTwice("q:k"), 1, 43),
            ("<p:a/>", .unboundPrefix("p"), 1, 7), ("<a p:k=''/>", .unboundPrefix("p"), 1, 12),
            ("<a xmlns:p=''/>", .namespace("xmlns:p"), 1, 16),
            ("<a xmlns:xmlns='u'/>", .namespace("xmlns:xmlns"), 1, 21),
            ("<a xmlns:xml='u'/>", .namespace("xmlns:xml"), 1, 19),
            ("<a k='<'/>", .malformed("&lt;"), 1, 7), ("<a k=1/>", .malformed("a quotation mark"), 1, 7),
            ("<a k/>", .malformed("="), 1, 5), ("<a k='1'l='2'/>", .malformed("> or an attribute"), 1, 9),
            ("<a>]]></a>", .malformed("&gt; after ]]"), 1, 4), ("<a><!-- -- --></a>", .malformed("-->"), 1, 9),
            ("<a><!b></a>", .malformed("a comment or CDATA section"), 1, 4), ("<1a/>", .malformed("a name"), 1, 2),
            ("<a:b:c/>", .malformed("a name with one colon at most"), 1, 9),
            ("<?xml version='1.1'?><a/>", .otherVersion("1.1"), 1, 20),
            ("<?xml version='1.0' encoding='UTF-16'?><a/>", .otherEncoding("UTF-16"), 1, 38),
            (" <?xml version='1.0'?><a/>", .malformed("another target"), 1, 7),
        ] as [(String, XMLError.Code, Int, Int)])
    func refused(text: String, code: XMLError.Code, line: Int, column: Int) {
        #expect(throws: XMLError(code: code, place: TextPlace(line: line, column: column))) {
            try Self.element(text)
        }
    }

    @Test(
        "octets that are not UTF-8 are refused",
        arguments: [[0x3C, 0xFF], [0x3C, 0xC0, 0xAF], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        let error = #expect(throws: XMLError.self) { try XMLElement(parsing: bytes) }
        #expect(error?.code == .notUTF8)
    }

    @Test("depth, elements, attributes, names, namespaces and length have their limits")
    func limits() throws {
        let limits = XMLLimits(octets: 200, depth: 3, elements: 5, attributes: 2, nameOctets: 5, bindings: 2)
        func code(_ text: String) -> XMLError.Code? {
            do { _ = try Self.element(text, limits: limits) } catch { return error.code }
            return nil
        }
        #expect(code("<a><a><a/></a></a>") == nil)
        #expect(code("<a><a><a><a/></a></a></a>") == .tooDeep)
        #expect(code("<a><b/><b/><b/><b/></a>") == nil)
        #expect(code("<a><b/><b/><b/><b/><b/></a>") == .tooManyElements)
        #expect(code("<a b='' c=''/>") == nil)
        #expect(code("<a b='' c='' d=''/>") == .tooManyAttributes)
        #expect(code("<abcde/>") == nil)
        #expect(code("<abcdef/>") == .nameTooLong)
        #expect(code("<a xmlns='u'/>") == nil)
        #expect(code("<a xmlns='u'><b xmlns='v'/></a>") == .tooManyAttributes)
        #expect(code("<a>" + String(repeating: " ", count: 200) + "</a>") == .tooLong)
    }

    @Test("what is written is read again, whatever the text is", arguments: 0..<50 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let scalars: [Unicode.Scalar] = [
            "<", ">", "&", "\"", "'", "]", "\t", "\n", "\r", " ", "é", "\u{1F6E9}", "a", "-",
        ]
        func text() -> String {
            var text = ""
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                text.unicodeScalars.append(scalars.randomElement(using: &random) ?? "a")
            }
            return text
        }
        let (value, inner) = (text(), text())
        var writer = XMLWriter()
        writer.start("p:r", [("xmlns:p", "urn:p")])
        writer.element("p:e", [("k", value)], text: inner)
        writer.end()
        let root = try XMLElement(parsing: writer.bytes)
        #expect(root.children.first?["k"] == value)
        #expect(root.children.first?.text == inner)
    }
}
