internal import Glibc
internal import NIOCore
internal import Synchronization

/// What one system call brought: views of the receiving thread's buffers, good until its next read.
struct DatagramBatch: ~Copyable {
    fileprivate let buffers: DatagramBuffers
    /// How many datagrams.
    let count: Int

    /// The bytes of a datagram.
    func bytes(_ index: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            start: self.buffers.bytes + index * DatagramBuffers.stride, count: Int(self.buffers.headers[index].msg_len))
    }

    /// Who sent it.
    func peer(_ index: Int) -> PeerAddress {
        unsafe PeerAddress(
            UnsafeRawBufferPointer(
                start: self.buffers.names + index, count: MemoryLayout<sockaddr_in6>.size))
    }
}

/// Room for the datagrams of one system call, laid out once.
///
/// Unchecked: used by the receiving thread only, from its begin to its end.
private final class DatagramBuffers: @unchecked Sendable {
    /// How many datagrams one system call reads at most: beyond it nothing is gained on the machines measured.
    static let count = 64
    /// Room for each; the largest UDP payload is 65,527 bytes (IPv6).
    static let datagramMax = 65_536
    /// From one to the next: not a power of two, or the beginnings of all would share a few lines of the cache.
    static let stride = datagramMax + 576

    let bytes: UnsafeMutableRawPointer
    let headers: UnsafeMutablePointer<mmsghdr>
    let names: UnsafeMutablePointer<sockaddr_in6>
    private let vectors: UnsafeMutablePointer<iovec>

    init() {
        let count = Self.count
        // Untouched pages of the buffers cost no memory: small datagrams touch the first of each only.
        unsafe self.bytes = UnsafeMutableRawPointer.allocate(byteCount: count * Self.stride, alignment: 64)
        unsafe self.headers = UnsafeMutablePointer<mmsghdr>.allocate(capacity: count)
        unsafe self.names = UnsafeMutablePointer<sockaddr_in6>.allocate(capacity: count)
        unsafe self.vectors = UnsafeMutablePointer<iovec>.allocate(capacity: count)
        unsafe self.headers.initialize(repeating: mmsghdr(), count: count)
        unsafe self.names.initialize(repeating: sockaddr_in6(), count: count)
        unsafe self.vectors.initialize(repeating: iovec(), count: count)
        for index in 0..<count {
            unsafe self.vectors[index].iov_base = self.bytes + index * Self.stride
            unsafe self.vectors[index].iov_len = Self.datagramMax
            unsafe self.headers[index].msg_hdr.msg_iov = self.vectors + index
            unsafe self.headers[index].msg_hdr.msg_iovlen = 1
            unsafe self.headers[index].msg_hdr.msg_name = UnsafeMutableRawPointer(self.names + index)
        }
        self.renew(count)
    }

    /// Tells the kernel again how much room there is for the names that it has written.
    func renew(_ count: Int) {
        for index in 0..<count {
            unsafe self.headers[index].msg_hdr.msg_namelen = socklen_t(MemoryLayout<sockaddr_in6>.size)
        }
    }

    deinit {
        unsafe self.bytes.deallocate()
        unsafe self.headers.deallocate()
        unsafe self.names.deallocate()
        unsafe self.vectors.deallocate()
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
        let bell = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
        guard bell >= 0 else { throw .last }
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
            var name = sockaddr_in6()
            var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            let answer = unsafe withUnsafeMutablePointer(to: &name) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe getsockname(socket, $0, &length)
                }
            }
            guard answer == 0 else { return nil }
            if name.sin6_family == sa_family_t(AF_INET6) { return SocketAddress(name) }
            return unsafe withUnsafeBytes(of: name) { unsafe SocketAddress($0.loadUnaligned(as: sockaddr_in.self)) }
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

    /// What the thread is given.
    private final class Work: Sendable {
        let socket: DatagramSocket
        let body: @Sendable (borrowing DatagramBatch) -> Void

        init(_ socket: DatagramSocket, _ body: @escaping @Sendable (borrowing DatagramBatch) -> Void) {
            self.socket = socket
            self.body = body
        }
    }

    /// Starts the thread, which hands over what it reads until `stop`.
    ///
    /// - Returns: false when there can be no thread.
    func start(_ body: @escaping @Sendable (borrowing DatagramBatch) -> Void) -> Bool {
        let work = unsafe Unmanaged.passRetained(Work(self, body))
        self.state.withLock { $0.isRunning = true }
        var thread = pthread_t()
        let answer = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let work = unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                work.socket.run(work.body)
                return nil
            }, work.toOpaque())
        guard answer == 0 else {
            unsafe work.release()
            self.state.withLock { $0.isRunning = false }
            return false
        }
        unsafe pthread_detach(thread)
        return true
    }

    private func run(_ body: (borrowing DatagramBatch) -> Void) {
        pthread_setname_np(pthread_self(), "kumiko-udp")
        var clock = clockid_t()
        let hasClock = unsafe pthread_getcpuclockid(pthread_self(), &clock) == 0
        let (socket, bell) = self.state.withLock { state in
            if hasClock { state.processorClock = clock }
            return (state.socket, state.bell)
        }
        if let socket { Self.receive(socket, bell, body) }
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

    /// Reads as long as there is something, else waits for something or the bell.
    private static func receive(_ socket: CInt, _ bell: CInt, _ body: (borrowing DatagramBatch) -> Void) {
        let buffers = DatagramBuffers()
        var watched: InlineArray<2, pollfd> = [
            pollfd(fd: socket, events: Int16(POLLIN), revents: 0), pollfd(fd: bell, events: Int16(POLLIN), revents: 0),
        ]
        var sinceLook = 0
        while true {
            let count = unsafe recvmmsg(
                socket, buffers.headers, CUnsignedInt(DatagramBuffers.count), CInt(MSG_DONTWAIT.rawValue), nil)
            if count > 0 {
                body(DatagramBatch(buffers: buffers, count: Int(count)))
                buffers.renew(Int(count))
                sinceLook += 1
                // Under a flood that never ends the bell is looked at too, now and then.
                guard sinceLook >= 256 else { continue }
            } else if count < 0, errno == EBADF || errno == ENOTSOCK {
                return
            }
            // An unconnected socket reports errors that an earlier datagram met (ICMP); receiving goes on.
            let patience: CInt = sinceLook >= 256 ? 0 : -1
            sinceLook = 0
            watched[0].revents = 0
            watched[1].revents = 0
            var span = watched.mutableSpan
            _ = unsafe span.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, nfds_t($0.count), patience) }
            guard watched[1].revents == 0 else { return }
        }
    }

    /// Tells the thread to end; what waits in the kernel is not read.
    func stop() {
        self.state.withLock { state in
            guard state.socket != nil else { return }
            var one: UInt64 = 1
            _ = unsafe write(state.bell, &one, 8)
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
