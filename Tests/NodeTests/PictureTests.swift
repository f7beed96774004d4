import Air
import Geodesy
import Testing

@testable import Node

@Suite("Picture")
struct PictureTests {
    static func track(_ id: UInt32, at seconds: Double) -> Track {
        Track(
            id: TrackID(id), status: .confirmed, measuredAt: Timestamp(seconds: seconds),
            receivedAt: Timestamp(seconds: seconds), position: Geodetic(latitudeDegrees: 35, longitudeDegrees: 139))
    }

    @Test("a late reader gets the newest state of each track, once")
    func conflates() throws {
        let picture = Picture()
        let reader = picture.subscribe()
        #expect(reader.take()?.isSnapshot == true)
        for second in 1...5 { picture.apply([.updated(Self.track(1, at: Double(second)))]) }
        picture.apply([.updated(Self.track(2, at: 9))])
        let delta = try #require(reader.take())
        #expect(!delta.isSnapshot)
        #expect(delta.updated.sorted { $0.id < $1.id }.map(\.measuredAt.seconds) == [5, 9])
        #expect(reader.take() == nil)
    }

    @Test("a track that began and ended unseen is not told at all; the end of a known one is")
    func dropped() throws {
        let picture = Picture()
        let reader = picture.subscribe()
        _ = reader.take()
        picture.apply([.updated(Self.track(1, at: 1)), .dropped(TrackID(1), at: Timestamp(seconds: 2))])
        #expect(reader.take() == nil)
        #expect(picture.count == 0 && picture.track(TrackID(1)) == nil)
        picture.apply([.updated(Self.track(2, at: 3))])
        _ = reader.take()
        picture.apply([.dropped(TrackID(2), at: Timestamp(seconds: 4))])
        let delta = try #require(reader.take())
        #expect(delta.updated.isEmpty)
        #expect(delta.dropped == [TrackID(2)])
    }

    @Test("a new reader begins with every track")
    func snapshotFirst() throws {
        let picture = Picture()
        picture.apply((1...1000).map { .updated(Self.track($0, at: 1)) })
        let delta = try #require(picture.subscribe().take())
        #expect(delta.isSnapshot && delta.updated.count == 1000)
    }

    @Test("a snapshot is not touched by later changes, and places are used again")
    func snapshots() {
        let picture = Picture()
        picture.apply((1...600).map { .updated(Self.track($0, at: 1)) })
        let before = picture.snapshot()
        picture.apply((1...600).map { .dropped(TrackID($0), at: Timestamp(seconds: 2)) })
        picture.apply((601...1200).map { .updated(Self.track($0, at: 3)) })
        var ids: Set<UInt32> = []
        before.forEach { ids.insert($0.id.rawValue) }
        #expect(ids == Set(1...600))
        ids = []
        picture.snapshot().forEach { ids.insert($0.id.rawValue) }
        #expect(ids == Set(601...1200))
        #expect(picture.snapshot().count == 600)
    }

    @Test("a reader that waits is woken by a change")
    func signals() async {
        let picture = Picture()
        let reader = picture.subscribe()
        _ = reader.take()
        async let woken: Int = {
            for await _ in reader.signals {
                if let delta = reader.take() { return delta.updated.count }
            }
            return 0
        }()
        picture.apply([.updated(Self.track(7, at: 1))])
        #expect(await woken == 1)
    }

    @Test("a cancelled reader's signals end")
    func cancelled() async {
        let reader = Picture().subscribe()
        reader.cancel()
        for await _ in reader.signals {}
    }
}
