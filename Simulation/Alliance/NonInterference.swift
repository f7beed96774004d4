public struct NonInterference: Sendable {
  public var comparisons = 0, messages = 0, secrets = 0
  public var differences: [String] = []
  public static func run(histories: UInt64, from: UInt64, workers: Int) async -> Self { Self() }
}
