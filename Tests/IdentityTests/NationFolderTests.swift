import Air
import FoundationEssentials
import Glibc
import Ledger
import Testing

@testable import Identity

@Suite("A nation's folder")
struct NationFolderTests {
    @Test("two nations that were introduced know each other at both ends", arguments: NationFolder.Curve.allCases)
    func introduced(curve: NationFolder.Curve) throws {
        let workshop = try Workshop()
        var japan = try workshop.nation("jp", curve: curve)
        let australia = try workshop.nation("au", curve: curve)
        try japan.meet(australia)
        for role in [PeerJudge.Role.client, .server] {
            let peer = try japan.judge.judge(chain: australia.tls.chain, as: role, expecting: Nation("au"), at: now)
            #expect(peer.name == australia.name)
            #expect(peer.serial == australia.tls.serial)
            #expect(peer.notAfter == now.advanced(by: 30 * day))
        }
        let again = try NationFolder(opening: japan.path)
        #expect(again.name == japan.name)
        #expect(again.salt == japan.salt)
        #expect(again.partners.partners.map(\.nation) == [australia.nation])
    }
}
