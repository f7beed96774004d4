import Air
import SensorFormats

/// Keeps the decoders from one input to the next, as a feed does.
private final class OtherState {
    var ais = AISDecoder(sensor: SensorID(sac: 0, sic: 3))
    var remoteID = RemoteIDFraming.allCases.map {
        RemoteIDDecoder(sensor: SensorID(sac: 0, sic: 4), framing: $0, transmittersMax: 16)
    }
    var reports: [SensorReport] = []
    let receivedAt = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

    /// Checks what must hold of every plot, and forgets them.
    func check() {
        for case .plot(let plot) in self.reports {
            guard case .geodetic(let latitude, let longitude, let deviation) = plot.measurement else { continue }
            precondition(latitude.magnitude <= .pi / 2 && longitude.magnitude <= .pi, "a plot lies on the globe")
            precondition(deviation > 0 && deviation.isFinite, "a plot has an accuracy")
        }
        self.reports.removeAll(keepingCapacity: true)
    }
}

private func fuzzAIS(_ bytes: Span<UInt8>, _ state: OtherState) {
    _ = AISReceiver.detects(bytes)
    var problems: [AISProblem] = []
    state.ais.decode(bytes, receivedAt: state.receivedAt, into: &state.reports, problems: &problems)
    state.check()

    var whole = AISReceiver()
    var received: [AISReceived] = []
    whole.read(bytes, isWhole: true, problem: { _ in }) { received.append($0) }
    let tally = whole.tally
    precondition(
        tally.acceptedBytes + tally.otherBytes + tally.skippedBytes == bytes.count, "every byte is accounted for")
    var cut = AISReceiver()
    var count = 0
    cut.read(bytes.extracting(first: bytes.count / 2), isWhole: false, problem: { _ in }) { _ in count += 1 }
    cut.read(bytes.extracting((bytes.count / 2)..<bytes.count), isWhole: true, problem: { _ in }) { _ in count += 1 }
    precondition(count == received.count, "where a stream is cut does not matter")
    for one in received {
        var writer = JSONWriter(capacity: 1024)
        one.write(to: &writer)
        var text: [UInt8] = []
        one.message.appendSentences(to: &text)
        var again: [AISMessage] = []
        var reader = AISReceiver()
        reader.read(text.span, isWhole: true, problem: { _ in }) { again.append($0.message) }
        precondition(again == [one.message], "a message is sent as it was received")
    }
    // The bytes as a message without sentences around it.
    guard let bits = BitString(bytes.extracting(first: 180)), let message = try? AISMessage(bits) else { return }
    precondition(message.bits == bits, "a message is encoded to its own bits")
}

private func fuzzRemoteID(_ bytes: Span<UInt8>, _ state: OtherState) {
    var problems: [RemoteIDProblem] = []
    for i in state.remoteID.indices {
        state.remoteID[i].decode(
            bytes, from: bytes.count > 0 ? UInt64(bytes[0]) : nil, receivedAt: state.receivedAt,
            into: &state.reports, problems: &problems)
        precondition(state.remoteID[i].transmitterCount <= 16, "the table of transmitters is bounded")
    }
    state.check()
    guard let message = try? RemoteIDMessage(bytes) else { return }
    let again = message.bytes
    for i in again.indices { precondition(again[i] == bytes[i], "a message is encoded to its own bytes") }
    var writer = JSONWriter(capacity: 1024)
    writer.beginObject()
    message.writeFields(to: &writer)
    writer.endObject()
}

private func fuzzSapient(_ bytes: Span<UInt8>, _ state: OtherState) {
    var session = SapientSession(
        .init(sensor: SensorID(sac: 0, sic: 5), nodeID: "00000000-0000-4000-8000-000000000001", messageMax: 4096))
    var events: [SapientSession.Event] = []
    var output: [UInt8] = []
    var problems: [SapientProblem] = []
    for piece in [0..<(bytes.count / 2), (bytes.count / 2)..<bytes.count] {
        session.receive(
            bytes.extracting(piece), receivedAt: state.receivedAt, into: &state.reports, events: &events,
            output: &output, problems: &problems)
    }
    precondition(session.tally.bytes == bytes.count, "every byte is counted")
    state.check()
    _ = try? decodeSapientToJSONLines(bytes, showsBytes: true, sink: { _ in })
    guard let message = try? SapientMessage(bytes) else { return }
    let written = message.bytes
    let again = try? SapientMessage(written.span)
    precondition(again == message, "a message means the same when it was written")
}

/// A message of each kind.
private let aisSeeds: [[UInt8]] = [
    "!AIVDM,1,1,,A,15N1u<PP1FJuvSRHOE6QIwwh0HQ6,0*30\r\n",
    "\\g:1-2-1604,s:rORBCOMM008,c:1418169601,T:2014-12-10 00.00.01*37\\"
        + "!AIVDM,2,1,6,A,53@o0E000001Q0CG37U8u<Tp4q@D00000000000018330400000000000000,0*63\r\n"
        + "\\g:2-2-1604,s:rORBCOMM008,c:1418169601,T:2014-12-10 00.00.01*34\\!AIVDM,2,2,6,A,00000000008,2*2A\r\n",
    "!AIVDM,1,1,,B,9muc;QvN2`TG6BE76wm;U7u>K>?b,0*64,r003669945,1325899370\r\n",
    "!AIVDM,1,1,,A,F030p>R2N2P6jIA`2eTjS@520000,0*1B\r\n!AIVDM,1,1,,A,KvQ:1o`7EBrBQ`?w,0*37\r\n",
].map { Array($0.utf8) }

private func octets(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
        UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)
    }
}

private let remoteIDSeeds: [[UInt8]] = [
    "02223132333435363738393031323334353637383930000000", "122624160a42bf241b6ed1b4b69808ac0870086b53150e0200",
    "22100128003fab013132333435363738393031323334353637", "4204a6bf241bd2d1b4b62300073109230824f907003fab0100",
    "f2190202223132333435363738393031323334353637383930000000122624160a42bf241b6ed1b4b69808ac0870086b53150e0200",
    "1e16faff0d07122624160a42bf241b6ed1b4b69808ac0870086b53150e0200",
    "80000000ffffffffffff12345621436512345621436500000000000000000000640020040003554153010118cdd21fa0bbc0d55f21901"
        + "122624160a42bf241b6ed1b4b69808ac0870086b53150e0200",
].map(octets)

private let sapientEnvelope =
    "0a0b08d0ab86d8061080e59a77122437623166326331652d366135342d346630652d396133612d306431653266336134623563"
private let sapientSeeds: [[UInt8]] = [
    "22990"
        + "10a0a08021206582062616e64121142534920466c6578203333352076322e301a0a48696c6c2072616461722a1f0a055261646172120d"
        + "4d6178696d756d2072616e67651a043530303022016d32090a0708041d0000a0403a320a0744656661756c741001220708041d000080"
        + "3f520e0a040801180132062202080230015a0c120a0a0201021a0408011801520c0a054d616b657212034f6e65",
    "3a590a1a3031485a58344d3351324a384b374e3650355234533354325631121a3031485a58344d3351324a384b374e36503552345333"
        + "543256332a1f0900000000000008401100000000008056c019000000000000044038034001",
    "324a0a1a3031485a58344d3351324a384b374e3650355234533354325634100118012a0744656661756c743a1f09b81e85eb51b8bebf"
        + "110000000000c04940190000000000003e4038014001",
].map { octets(sapientEnvelope + $0) }

/// AIS, Remote ID and SAPIENT.
func otherTargets() -> [FuzzTarget] {
    let state = OtherState()
    let framed = sapientSeeds.map { [UInt8(truncatingIfNeeded: $0.count), UInt8($0.count >> 8), 0, 0] + $0 }
    return [
        FuzzTarget(
            name: "ais", seeds: aisSeeds,
            pieces: { bytes, _ in
                AISReceiver.detects(bytes.span)
                    ? bytes.split(separator: 0x0A).prefix(400).map { Array($0.prefix(400)) + [0x0A] } : []
            }, run: { fuzzAIS($0, state) }),
        FuzzTarget(
            name: "remote-id", seeds: remoteIDSeeds, pieces: { _, _ in [] }, run: { fuzzRemoteID($0, state) }),
        FuzzTarget(
            name: "sapient", seeds: sapientSeeds + framed + [framed[0] + framed[1] + framed[2]],
            pieces: { _, _ in [] }, run: { fuzzSapient($0, state) }),
    ]
}
