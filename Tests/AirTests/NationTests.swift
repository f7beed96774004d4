import Air
import Testing

@Suite("Nations and realms")
struct NationTests {
    @Test("a nation is two letters, whatever their case", arguments: ["jp", "us", "AU", "Kr", "zz"])
    func code(_ code: String) {
        #expect(Nation(code)?.description == code.lowercased())
    }

    @Test("anything else is no nation", arguments: ["", "j", "jpn", "j1", "日本", "j ", "@`", "É"])
    func noCode(_ code: String) {
        #expect(Nation(code) == nil)
    }

    @Test("nations are ordered by their letters")
    func order() {
        let codes = ["us", "au", "jp", "ph", "kr"]
        #expect(codes.compactMap { Nation($0) }.sorted().map(\.description) == codes.sorted())
    }

    @Test("a realm is read as it is written", arguments: [Realm.live, .test, .exercise("dawn"), .exercise("(a) b)")])
    func realm(_ realm: Realm) {
        #expect(Realm(realm.description) == realm)
    }

    @Test("anything else is no realm", arguments: ["", "Live", "exercise", "exercise()", "exercise(x", "war"])
    func noRealm(_ text: String) {
        #expect(Realm(text) == nil)
    }
}
