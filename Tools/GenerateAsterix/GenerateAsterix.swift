import Foundation

/// `swift run GenerateAsterix`: writes Sources/SensorFormats/Asterix/Generated from the tables.
@main
struct GenerateAsterix {
    static func main() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.appending(path: "Sources/SensorFormats/Asterix/Generated")
        for file in AsterixGenerator.files() {
            try Data(file.text.utf8).write(to: folder.appending(path: file.name))
            print(file.name)
        }
    }
}
