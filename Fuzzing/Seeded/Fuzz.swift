import FuzzTargets
import Glibc

/// A generator of random numbers with a seed.
///
/// Source: S. Vigna, splitmix64.c, public domain.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number below `bound`; not quite even, which does no harm here.
    mutating func below(_ bound: Int) -> Int { Int(self.next() >> 33) % max(1, bound) }
}

/// Damages bytes in the ways that lines, disks and enemies do.
struct Mutator {
    var random: SplitMix64

    mutating func mutate(_ input: inout [UInt8], with other: [UInt8]) {
        for _ in 0...self.random.below(3) { self.once(&input, other) }
        if input.count > 4096 { input.removeLast(input.count - 4096) }
    }

    private mutating func once(_ input: inout [UInt8], _ other: [UInt8]) {
        guard !input.isEmpty else {
            input = other
            return
        }
        let at = self.random.below(input.count)
        switch self.random.below(10) {
        case 0:  // One bit.
            input[at] ^= 1 << UInt8(self.random.below(8))
        case 1:  // One byte.
            input[at] = UInt8(truncatingIfNeeded: self.random.next())
        case 2:  // A length that lies.
            if input.count >= 3 {
                let length = self.random.below(8) == 0 ? self.random.below(65536) : self.random.below(input.count + 8)
                input[1] = UInt8(length >> 8)
                input[2] = UInt8(length & 0xFF)
            }
        case 3:  // Cut short.
            input.removeLast(input.count - at)
        case 4:  // Field specifications that say more, or never end.
            let from = min(3, input.count - 1)
            for i in from..<min(input.count, from + 1 + self.random.below(6)) {
                input[i] |= UInt8(truncatingIfNeeded: self.random.next()) | UInt8(self.random.below(2))
            }
        case 5:  // A piece of another input, here.
            guard !other.isEmpty else { return }
            let from = self.random.below(other.count)
            input.insert(contentsOf: other[from..<min(other.count, from + 1 + self.random.below(64))], at: at)
        case 6:  // A piece of it gone.
            input.removeSubrange(at..<min(input.count, at + 1 + self.random.below(16)))
        case 7:  // An extreme byte, which lengths and counts are made of.
            input[at] = self.random.below(2) == 0 ? 0xFF : 0x00
        case 8:  // Another input behind it.
            input += other
        default:  // Noise.
            for i in at..<min(input.count, at + 1 + self.random.below(32)) {
                input[i] = UInt8(truncatingIfNeeded: self.random.next())
            }
        }
    }
}

/// Runs every target on `inputs` mutations in turn; 0 if all came through.
///
/// A trap ends the process, and a slow input shows as the longest time. The inputs before it are those of the seed.
func runFuzzing(inputs: Int, seed: UInt64, only: String?, paths: [String]) -> Int32 {
    let all = fuzzTargets()
    let targets = all.filter { only == nil || $0.name == only }
    guard !targets.isEmpty else { fail("no target of the name \(only ?? ""); there are \(all.map(\.name))") }
    for target in targets {
        var pool = target.corpus(from: paths)
        guard !pool.isEmpty else { fail("\(target.name) has nothing to mutate") }
        var mutator = Mutator(random: SplitMix64(state: seed))
        let count = max(1, inputs / targets.count)
        var longest: UInt64 = 0
        var longestNumber = 0
        var bytesTotal = 0
        let begun = monotonicNanoseconds()
        for number in 0..<count {
            var input = pool[mutator.random.below(pool.count)]
            mutator.mutate(&input, with: pool[mutator.random.below(pool.count)])
            bytesTotal += input.count
            let before = monotonicNanoseconds()
            target.run(input.span)
            var took = monotonicNanoseconds() - before
            if took > 1_000_000 {
                // Others may have had the processor: what counts is the time of this thread, measured again.
                let again = threadNanoseconds()
                target.run(input.span)
                took = threadNanoseconds() - again
            }
            if took > longest {
                longest = took
                longestNumber = number
            }
            // Now and then a damaged input becomes one of those that are damaged further.
            if number % 64 == 0, input.count <= 1024, !input.isEmpty { pool[mutator.random.below(pool.count)] = input }
        }
        let seconds = Double(monotonicNanoseconds() - begun) / 1e9
        print(
            "\(target.name): \(count) inputs, \(bytesTotal) bytes, seed \(seed), \(Int(Double(count) / seconds)) inputs/s, "
                + "longest \(longest / 1000) us of processor (input \(longestNumber)); no trap, no hang")
    }
    return 0
}
