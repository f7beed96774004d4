internal import CDatagrams
internal import Glibc
internal import NIOCore
internal import Synchronization

/// What one system call brought: a view of the receiving thread's buffers, good until its next read.
@safe struct DatagramBatch: ~Copyable {
    private let datagrams: UnsafePointer<kumiko_datagrams>
    /// How many datagrams.
    let count: Int

    fileprivate init(_ datagrams: UnsafePointer<kumiko_datagrams>, count: Int) {
        unsafe self.datagrams = datagrams
        self.count = count
    }

    /// The bytes of a datagram.
    @inline(__always) func bytes(_ index: Int) -> UnsafeRawBufferPointer {
        precondition(index < self.count, "a batch has so many datagrams")
        return unsafe UnsafeRawBufferPointer(
            start: self.datagrams.pointee.bytes + index * Int(self.datagrams.pointee.stride),
            count: Int(self.datagrams.pointee.lengths[index]))
    }

    /// Who sent it.
    @inline(__always) func peer(_ index: Int) -> PeerAddress {
        precondition(index < self.count, "a batch has so many datagrams")
        let stride = unsafe Int(self.datagrams.pointee.name_stride)
        return unsafe PeerAddress(
            UnsafeRawBufferPointer(start: self.datagrams.pointee.names + index * stride, count: stride))
    }
}

/// Why a system call failed.
struct SystemError: Error, CustomStringConvertible {
    let code: CInt

    /// The code of the last call of this thread.
    static var last: SystemError { SystemError(code: errno) }

    var description: String { unsafe String(cString: strerror(self.code)) }
}

/// A UDP socket and the thread that reads it.
///
/// The thread closes the socket when it ends, under the lock under which others ask it for figures: so no number of a
/// closed socket is ever used, which might by then be another's.
final class DatagramSocket: Sendable {
    private struct State {
        /// Nil once closed.
        var socket: CInt?
        /// Wakes the thread when it is written to.
        var bell: CInt
        var isRunning = false
        var processorClock: clockid_t?
        var lastDrops: UInt32 = 0
        var lastProcessorTime = 0.0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    /// Binds to the address, and joins the group if it is one.
    ///
    /// - Parameter interface: the number of the interface on which the group is joined; 0 leaves it to the system.
    init(_ address: SocketAddress, interface: UInt32, kernelBufferBytes: Int) throws(SystemError) {
        let isIPv6 = address.protocol == .inet6
        let bell = kumiko_bell_create()
        guard bell >= 0 else { throw SystemError(code: -bell) }
        let socket = Glibc.socket(
            isIPv6 ? AF_INET6 : AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else {
            let error = SystemError.last
            _ = Glibc.close(bell)
            throw error
        }
        do throws(SystemError) {
            // For groups only: with it a second unicast socket would take over all that comes to the first.
            if address.isMulticast { try Self.set(socket, SOL_SOCKET, SO_REUSEADDR, CInt(1)) }
            // SO_RCVBUFFORCE passes net.core.rmem_max and needs CAP_NET_ADMIN.
            let size = CInt(clamping: kernelBufferBytes)
            do {
                try Self.set(socket, SOL_SOCKET, SO_RCVBUFFORCE, size)
            } catch {
                try Self.set(socket, SOL_SOCKET, SO_RCVBUF, size)
            }
            let isBound = unsafe address.withSockAddr { unsafe Glibc.bind(socket, $0, socklen_t($1)) } == 0
            guard isBound else { throw .last }
            if address.isMulticast { try Self.join(socket, PeerAddress(address), interface: interface) }
        } catch {
            _ = Glibc.close(socket)
            _ = Glibc.close(bell)
            throw error
        }
        self.state = Mutex(State(socket: socket, bell: bell))
    }

    deinit {
        // A thread that runs holds this object: here there is none, and nobody else.
        self.state.withLock { state in
            if let socket = state.socket { _ = Glibc.close(socket) }
            _ = Glibc.close(state.bell)
        }
    }

    private static func set<Value: BitwiseCopyable>(
        _ socket: CInt, _ level: CInt, _ name: CInt, _ value: Value
    ) throws(SystemError) {
        let answer = unsafe withUnsafeBytes(of: value) {
            unsafe setsockopt(socket, level, name, $0.baseAddress, socklen_t($0.count))
        }
        guard answer == 0 else { throw .last }
    }

    /// Joins a group; closing the socket leaves it.
    ///
    /// By the interface's number: so an interface need not have an address of the family, nor say of itself that it
    /// can multicast (the loopback does not, and can).
    ///
    ///     ip_mreqn    | group 4 | own address 4 | interface 4 |      group in network order, interface of this machine
    ///     ipv6_mreq   | group 16 | interface 4 |
    private static func join(_ socket: CInt, _ group: PeerAddress, interface: UInt32) throws(SystemError) {
        if group.isIPv4 {
            let request: InlineArray<3, UInt32> = [UInt32(truncatingIfNeeded: group.low).bigEndian, 0, interface]
            try Self.set(socket, CInt(IPPROTO_IP), IP_ADD_MEMBERSHIP, request)
        } else {
            let request: InlineArray<5, UInt32> = [
                UInt32(truncatingIfNeeded: group.high >> 32).bigEndian,
                UInt32(truncatingIfNeeded: group.high).bigEndian,
                UInt32(truncatingIfNeeded: group.low >> 32).bigEndian,
                UInt32(truncatingIfNeeded: group.low).bigEndian, interface,
            ]
            try Self.set(socket, CInt(IPPROTO_IPV6), IPV6_JOIN_GROUP, request)
        }
    }

    /// Where it is bound.
    var localAddress: SocketAddress? {
        self.state.withLock { state in
            guard let socket = state.socket else { return nil }
            var name = InlineArray<28, UInt8>(repeating: 0)
            var length = socklen_t(28)
            let peer = unsafe withUnsafeMutableBytes(of: &name) { bytes -> PeerAddress? in
                guard let start = bytes.baseAddress,
                    unsafe getsockname(socket, start.assumingMemoryBound(to: sockaddr.self), &length) == 0
                else { return nil }
                return unsafe PeerAddress(UnsafeRawBufferPointer(bytes))
            }
            return peer.flatMap { SocketAddress($0) }
        }
    }

    var kernelBufferBytes: Int {
        self.state.withLock { state in
            guard let socket = state.socket else { return 0 }
            var value: CInt = 0
            var length = socklen_t(MemoryLayout<CInt>.size)
            return unsafe getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &value, &length) == 0 ? Int(value) : 0
        }
    }

    var kernelDrops: UInt64 {
        self.state.withLock { state in
            if let socket = state.socket { state.lastDrops = Self.drops(of: socket) ?? state.lastDrops }
            return UInt64(state.lastDrops)
        }
    }

    /// Number 8 of SO_MEMINFO (55) is SK_MEMINFO_DROPS (linux/sock_diag.h).
    private static func drops(of socket: CInt) -> UInt32? {
        var memory = InlineArray<9, UInt32>(repeating: 0)
        var length = socklen_t(MemoryLayout<InlineArray<9, UInt32>>.size)
        return unsafe getsockopt(socket, SOL_SOCKET, 55, &memory, &length) == 0 ? memory[8] : nil
    }

    var processorTime: Double {
        self.state.withLock { state in
            if let clock = state.processorClock { state.lastProcessorTime = Self.seconds(clock) }
            return state.lastProcessorTime
        }
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: The thread

    /// What the thread is given: the room for what it reads too, so that a lack of memory is told by `start`.
    @safe private final class Work: Sendable {
        let socket: DatagramSocket
        let body: @Sendable (borrowing DatagramBatch) -> Void
        /// Written by the thread alone, and freed here when the thread is done with it.
        nonisolated(unsafe) let datagrams: UnsafeMutablePointer<kumiko_datagrams>

        init(
            _ socket: DatagramSocket, _ datagrams: UnsafeMutablePointer<kumiko_datagrams>,
            _ body: @escaping @Sendable (borrowing DatagramBatch) -> Void
        ) {
            self.socket = socket
            unsafe self.datagrams = datagrams
            self.body = body
        }

        deinit { unsafe kumiko_datagrams_destroy(self.datagrams) }
    }

    /// Starts the thread, which hands over what it reads until `stop`.
    ///
    /// - Parameter batchMax: how many datagrams one system call reads at most.
    /// - Throws: `SystemError` when there is no memory for what is read, or can be no thread.
    func start(
        batchMax: UInt32, _ body: @escaping @Sendable (borrowing DatagramBatch) -> Void
    ) throws(SystemError) {
        guard let datagrams = unsafe kumiko_datagrams_create(batchMax) else { throw SystemError(code: ENOMEM) }
        let work = unsafe Unmanaged.passRetained(Work(self, datagrams, body))
        self.state.withLock { $0.isRunning = true }
        var thread = pthread_t()
        let answer = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let work = unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                work.socket.run(work)
                return nil
            }, work.toOpaque())
        guard answer == 0 else {
            unsafe work.release()
            self.state.withLock { $0.isRunning = false }
            throw SystemError(code: answer)
        }
        pthread_detach(thread)
    }

    private func run(_ work: Work) {
        unsafe kumiko_thread_name("kumiko-udp")
        var clock = clockid_t()
        let hasClock = unsafe pthread_getcpuclockid(pthread_self(), &clock) == 0
        let (socket, bell) = self.state.withLock { state in
            if hasClock { state.processorClock = clock }
            return (state.socket, state.bell)
        }
        if let socket { Self.receive(socket, bell, work) }
        let waiters = self.state.withLock { state in
            if let socket { state.lastDrops = Self.drops(of: socket) ?? state.lastDrops }
            if hasClock { state.lastProcessorTime = Self.seconds(clock) }
            state.processorClock = nil
            if let socket { _ = Glibc.close(socket) }
            state.socket = nil
            state.isRunning = false
            defer { state.waiters.removeAll() }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// How many datagrams one system call reads at most: beyond it nothing is gained on the machines measured.
    static let batchMax: UInt32 = 64
    /// After so many reads without a pause the bell is looked at too: a flood that never ends must not deafen.
    private static let readsMax = 256

    /// Reads as long as there is something, else waits for something or the bell.
    private static func receive(_ socket: CInt, _ bell: CInt, _ work: Work) {
        let datagrams = unsafe work.datagrams
        var reads = 0
        while true {
            let count = unsafe kumiko_datagrams_read(datagrams, socket)
            if count > 0 {
                work.body(unsafe DatagramBatch(UnsafePointer(datagrams), count: Int(count)))
                reads += 1
                if reads < Self.readsMax { continue }
            } else if count == -EBADF || count == -ENOTSOCK {
                return
            }
            // An unconnected socket reports errors that an earlier datagram met (ICMP); receiving goes on.
            guard !Self.isRung(bell, socket, patience: reads < Self.readsMax ? -1 : 0) else { return }
            reads = 0
        }
    }

    /// Waits for a datagram or the bell, for so many milliseconds (−1: for ever); true when it was the bell.
    private static func isRung(_ bell: CInt, _ socket: CInt, patience: CInt) -> Bool {
        var watched: InlineArray<2, pollfd> = [
            pollfd(fd: socket, events: Int16(POLLIN), revents: 0), pollfd(fd: bell, events: Int16(POLLIN), revents: 0),
        ]
        var span = watched.mutableSpan
        _ = unsafe span.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, nfds_t($0.count), patience) }
        return watched[1].revents != 0
    }

    /// Tells the thread to end; what waits in the kernel is not read.
    func stop() {
        self.state.withLock { state in
            guard state.socket != nil else { return }
            kumiko_bell_ring(state.bell)
        }
    }

    /// Waits until the thread has ended.
    func closed() async {
        await withCheckedContinuation { continuation in
            let isOver = self.state.withLock { state in
                guard state.isRunning else { return true }
                state.waiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}
