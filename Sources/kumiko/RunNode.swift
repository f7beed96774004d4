import Foundation
import Logging
import Node
import ServiceLifecycle
import Synchronization
import UnixSignals
import Web

/// Runs a node with its web server until the program is asked to stop (Ctrl-C, SIGTERM) or `work` ends.
///
/// Prints the address of the map on standard output, alone on a line, once it can be opened.
///
/// - Parameter work: what feeds the node, if something does; when it returns true the node stops too.
func runNode(
    _ node: KumikoNode, web: WebOptions, log: Logger, work: (@Sendable () async -> Bool)? = nil
) async throws {
    try await runNodes([node], web: web, log: log, work: work)
}

/// Runs several nodes, each with its web server; their addresses are printed in their order.
func runNodes(
    _ nodes: [KumikoNode], web: WebOptions, log: Logger, work: (@Sendable () async -> Bool)? = nil
) async throws {
    let addresses = AddressBoard(count: nodes.count)
    var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
    for (number, node) in nodes.enumerated() {
        let configuration = node.configuration
        let server = WebServer(
            node,
            configuration: WebServer.Configuration(
                host: configuration.httpHost, port: configuration.httpPort, assets: web.assetsFolder), log: log
        ) { host, port in
            let shown = host == "0.0.0.0" || host == "::" ? "localhost" : host.contains(":") ? "[\(host)]" : host
            addresses.put("http://\(shown):\(port)/", at: number)
        }
        services.append(ServiceGroupConfiguration.ServiceConfiguration(service: node))
        services.append(ServiceGroupConfiguration.ServiceConfiguration(service: server))
    }
    if let work {
        services.append(
            ServiceGroupConfiguration.ServiceConfiguration(
                service: Work(body: work), successTerminationBehavior: .gracefullyShutdownGroup))
    }
    var group = ServiceGroupConfiguration(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: log)
    group.maximumGracefulShutdownDuration = .seconds(5)
    group.maximumCancellationDuration = .seconds(2)
    try await ServiceGroup(configuration: group).run()
}

/// Prints addresses in their order, each as soon as those before it are known.
private final class AddressBoard: Sendable {
    private let state: Mutex<(addresses: [String?], printed: Int)>

    init(count: Int) { self.state = Mutex((Array(repeating: nil, count: count), 0)) }

    func put(_ address: String, at place: Int) {
        self.state.withLock { state in
            state.addresses[place] = address
            while state.printed < state.addresses.count, let next = state.addresses[state.printed] {
                putLine(next)
                state.printed += 1
            }
        }
    }
}

/// What feeds a node, as a service beside it.
private struct Work: Service {
    let body: @Sendable () async -> Bool

    func run() async throws {
        let isDone = await cancelWhenGracefulShutdown { await self.body() }
        // The node goes on being shown until it is asked to stop.
        if !isDone { try? await gracefulShutdown() }
    }
}

extension WebOptions {
    /// The folder that was named, or `.assets` here or above the program, where `make assets` puts it.
    var assetsFolder: String? {
        if let assets { return assets }
        var folders = [URL(filePath: FileManager.default.currentDirectoryPath)]
        var above = Bundle.main.bundleURL
        for _ in 0..<5 {
            folders.append(above)
            above.deleteLastPathComponent()
        }
        return folders.map { $0.appending(path: ".assets").path }.first {
            FileManager.default.fileExists(atPath: $0)
        }
    }
}

/// A folder for the history of an exercise, gone when the program ends in order.
struct TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "kumiko-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        self.path = url.path
    }

    func remove() { try? FileManager.default.removeItem(atPath: self.path) }
}

/// Ports of this machine that nobody listens on now.
func freePorts(_ count: Int) throws -> [Int] {
    var sockets: [Int32] = []
    defer { for socket in sockets { close(socket) } }
    return try (0..<count).map { _ in
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw ExitMessage("no socket can be opened: \(errno)") }
        sockets.append(descriptor)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        // The C interface takes a general address by pointer.
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw ExitMessage("no port of this machine is free: \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
