internal import Air
internal import Geodesy
internal import Hummingbird
internal import HummingbirdCore

/// What `/api/tracks` is asked to leave out.
struct TrackFilter: Sendable {
    /// West, south, east, north, degrees; west may be greater than east: over the date line. South and north may stand
    /// in either order.
    private var box: (west: Double, south: Double, east: Double, north: Double)?
    private var status: Track.Status?
    private var text: String?

    /// As long as a callsign and longer than the rest.
    private static let textMax = 8

    /// Reads `bbox`, `status` and `q`; others are ignored.
    ///
    /// - Throws: `Problem` with what would be right.
    init(_ parameters: FlatDictionary<Substring, Substring>) throws {
        if let bbox = parameters["bbox"] {
            let numbers = bbox.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
            guard numbers.count == 4, numbers.allSatisfy(\.isFinite), abs(numbers[0]) <= 180, abs(numbers[2]) <= 180,
                abs(numbers[1]) <= 90, abs(numbers[3]) <= 90
            else { throw Problem.badRequest("bbox is west,south,east,north in degrees, for example 120,20,150,50.") }
            self.box = (numbers[0], min(numbers[1], numbers[3]), numbers[2], max(numbers[1], numbers[3]))
        }
        if let status = parameters["status"] {
            switch status {
            case "tentative": self.status = .tentative
            case "confirmed": self.status = .confirmed
            case "coasting": self.status = .coasting
            default: throw Problem.badRequest("status is tentative, confirmed or coasting.")
            }
        }
        if let text = parameters["q"] {
            guard text.unicodeScalars.count <= Self.textMax else {
                throw Problem.badRequest("q has \(Self.textMax) characters at most.")
            }
            self.text = text.isEmpty ? nil : text.uppercased()
        }
    }

    func passes(_ track: borrowing Track) -> Bool {
        if let status = self.status, track.status != status { return false }
        if let box = self.box {
            let (longitude, latitude) = (track.position.longitudeDegrees, track.position.latitudeDegrees)
            guard latitude >= box.south, latitude <= box.north else { return false }
            let isInside =
                box.west <= box.east
                ? longitude >= box.west && longitude <= box.east : longitude >= box.west || longitude <= box.east
            guard isInside else { return false }
        }
        guard let text = self.text else { return true }
        if let callsign = track.callsign?.value, callsign.description.contains(text) { return true }
        if let address = track.address?.value, address.description.uppercased().contains(text) { return true }
        if let code = track.mode3A?.value, code.description.contains(text) { return true }
        return track.id.description == text
    }
}
