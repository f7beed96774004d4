import Air
import Federation
import GRPCCore
import Identity

/// The call `Receive`, as this node answers it.
struct LinkService: Kumiko_Federation_V1_Federation.StreamingServiceProtocol {
    let links: FederationLinks
    let table: ConnectionTable
    let delegate: any FederationDelegate
    let identity: @Sendable () -> WireIdentity
    let clock: @Sendable () -> Timestamp

    private var counters: WireCounters { self.links.counters }

    func receive(
        request: StreamingServerRequest<Kumiko_Federation_V1_Request>, context: ServerContext
    ) async throws -> StreamingServerResponse<Kumiko_Federation_V1_Delivery> {
        let (connection, drain) = try self.connection(of: request.metadata)
        // It was judged in the handshake. Between that and this call it may have been revoked.
        guard let peer = connection.peer else { throw RPCError(code: .unauthenticated, message: "no certificate") }
        do throws(PeerRefusal) { try self.identity().judge.review(peer, at: self.clock()) } catch {
            self.counters.count(.outlived(error))
            throw RPCError(code: .unauthenticated, message: error.description)
        }
        return StreamingServerResponse { writer in
            await self.serve(peer, connection, drain, request.messages, writer)
            return [:]
        }
    }

    /// The connection on which a request came, by what `StreamGate` wrote into its headers.
    private func connection(of metadata: Metadata) throws(RPCError) -> (Connection, Drain) {
        var values = metadata[stringValues: StreamGate.header].makeIterator()
        let numbers = values.next()?.split(separator: " ").compactMap { UInt64($0) } ?? []
        guard numbers.count == 2, values.next() == nil, let connection = self.table[numbers[0]],
            let drain = connection.drain(of: numbers[1])
        else { throw RPCError(code: .unauthenticated, message: "no connection") }
        return (connection, drain)
    }

    private func serve(
        _ peer: Peer, _ connection: Connection, _ drain: Drain,
        _ messages: RPCAsyncSequence<Kumiko_Federation_V1_Request, any Error>,
        _ writer: RPCWriter<Kumiko_Federation_V1_Delivery>
    ) async {
        let limits = self.links.limits
        let outbox = Outbox<Delivery>(firstMax: limits.waiting, bulkMax: limits.waitingBulk)
        let link = self.links.number()
        let endings = await withTaskGroup(of: (isReader: Bool, ending: LinkEnding?).self) { group in
            group.addTask { (true, await self.read(link, peer, connection, outbox, messages)) }
            group.addTask { (false, await self.write(link, outbox, drain, writer)) }
            var read: LinkEnding?, written: LinkEnding?
            while let (isReader, ending) = await group.next() {
                if isReader { read = ending } else { written = ending }
                // Whoever says no more has no reason to listen; whoever hears no more may still say why.
                if !isReader || ending?.isBroken == true { group.cancelAll() }
                outbox.end()
                self.links.farewell(link, connection)
            }
            return (read, written)
        }
        guard self.links[link] != nil else { return }
        connection.unlinked()
        let ending = self.links.remove(link).map { .closed($0) } ?? endings.0 ?? endings.1 ?? .left(nil)
        await self.delegate.closed(link, ending)
    }

    /// Says what waits, until the end; nil unless the connection breaks.
    private func write(
        _ link: LinkID, _ outbox: Outbox<Delivery>, _ drain: Drain,
        _ writer: RPCWriter<Kumiko_Federation_V1_Delivery>
    ) async -> LinkEnding? {
        do {
            while let (message, rank) = await outbox.next() {
                try await writer.write(Kumiko_Federation_V1_Delivery(message))
                if rank == .bulk {
                    await drain.empty()
                    await self.delegate.sent(link)
                }
            }
            return nil
        } catch {
            return .broken(String(describing: error))
        }
    }

    /// Hears the `hello`, holds it against the certificate, opens the link, and hands on what follows, until the end.
    private func read(
        _ link: LinkID, _ peer: Peer, _ connection: Connection, _ outbox: Outbox<Delivery>,
        _ messages: RPCAsyncSequence<Kumiko_Federation_V1_Request, any Error>
    ) async -> LinkEnding? {
        var isOpen = false
        do {
            for try await message in messages {
                let request = try Request(message)
                if !isOpen {
                    guard case .hello(let hello) = request else { throw LinkRefusal.outOfTurn }
                    guard hello.nation == peer.nation, hello.node == peer.node else { throw LinkRefusal.wrongNation }
                    guard hello.realm == peer.realm else { throw LinkRefusal.wrongRealm }
                    isOpen = true
                    self.links.open(link, .accepted(outbox, connection))
                    connection.linked()
                    await self.delegate.accepted(link, peer: peer)
                }
                await self.delegate.request(link, request)
            }
            return .left(nil)
        } catch let fault as WireFault {
            self.counters.count(.malformed)
            outbox.end(saying: .refusal(.malformed(fault.description)))
            return .closed(.malformed(fault.description))
        } catch let refusal as LinkRefusal {
            self.counters.count(.wrongHello)
            outbox.end(saying: .refusal(refusal))
            return .closed(refusal)
        } catch {
            return .broken(String(describing: self.counted(error)))
        }
    }

    private func counted(_ error: any Error) -> any Error {
        // So gRPC calls octets that are no protocol buffer.
        if (error as? RPCError)?.code == .invalidArgument { self.counters.count(.malformed) }
        return error
    }
}
