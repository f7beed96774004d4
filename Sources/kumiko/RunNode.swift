import Foundation
import Logging
import Node
import ServiceLifecycle
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
    let configuration = node.configuration
    let server = WebServer(
        node,
        configuration: WebServer.Configuration(
            host: configuration.httpHost, port: configuration.httpPort, assets: web.assetsFolder), log: log
    ) { host, port in
        let shown = host == "0.0.0.0" || host == "::" ? "localhost" : host.contains(":") ? "[\(host)]" : host
        putLine("http://\(shown):\(port)/")
    }
    var services = [
        ServiceGroupConfiguration.ServiceConfiguration(service: node),
        ServiceGroupConfiguration.ServiceConfiguration(service: server),
    ]
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
