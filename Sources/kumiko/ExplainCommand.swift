import ArgumentParser
import Glibc
import SensorFormats

/// `kumiko explain`: what each bit of one message is.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain one message bit by bit.",
        discussion: """
            Takes ASTERIX blocks or a Mode S frame as hexadecimal digits (with blanks, 0x and the like between them), Mode S \
            also in AVR (*…;) and Beast; AIS in its sentences; - reads the text from standard input. Which of them it is, is found out.

            The exit status is 0 when the message is right, 1 when something in it is wrong (it is explained up to there), \
            2 when the text is no message.
            """)

    @Argument(help: "The message, in one word or several; - is standard input.")
    var message: [String]

    @Option(help: "An edition to read an ASTERIX category by, as 21=0.23.")
    var edition: [String] = []

    @Option(help: "Colours: auto (at a terminal), always, never.")
    var color = Colour.auto

    enum Colour: String, ExpressibleByArgument, CaseIterable {
        case auto, always, never
    }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        var text = self.message.joined(separator: " ")
        if self.message == ["-"] {
            var bytes: [UInt8] = []
            let input = try Input("-")
            // More than this is no single message.
            while bytes.count < 1 << 20 {
                let before = bytes.count
                try input.next(&bytes)
                if bytes.count == before { break }
            }
            text = String(decoding: bytes, as: UTF8.self)
        }
        let editions = try FilterOptions.editions(self.edition)
        let explanation: Explanation
        do throws(ExplanationError) {
            explanation = try Explanation(of: text, editions: editions)
        } catch {
            say("This is no message: \(error)")
            throw ExitCode(2)
        }
        let isTerminal = unsafe isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil
        let isColoured = self.color == .always || self.color == .auto && isTerminal
        put(Array(explanation.text(isColoured: isColoured).utf8))
        if explanation.hasFaults { throw ExitCode(1) }
    }
}
