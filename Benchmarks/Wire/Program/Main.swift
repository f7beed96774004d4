import BenchSupport

/// `kumiko-bench-wire [--seconds N]`: tracks through one link on the loopback, as many as go and 50,000 updates a second,
/// with urgent entries beside.
/// `kumiko-bench-wire serve DIRECTORY PORT`: a node that welcomes the client in `scripts/check_federation.py`.
@main
struct Main {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "serve", arguments.count == 3, let port = Int(arguments[2]) {
            return try await Serve.run(arguments[1], port: port)
        }
        var seconds = 5.0
        if arguments.first == "--seconds", arguments.count == 2, let given = Double(arguments[1]) { seconds = given }
        say(Machine.line)
        say("256 updates of 220 octets a batch; an urgent entry each 20 ms")
        try await Load.run(seconds: seconds, perSecond: nil, leaves: 256, octets: 220)
        try await Load.run(seconds: seconds, perSecond: 50_000 / 256, leaves: 256, octets: 220)
    }
}
