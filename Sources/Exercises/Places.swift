import Geodesy

/// An airport of the exercise area.
///
/// Positions and elevations are those of the national aeronautical publications, to about 100 m and 1 m; runway
/// directions are true and rounded to a degree.
struct Airport {
    /// ICAO location indicator.
    var code: String
    /// Degrees, north positive.
    var latitude: Double
    /// Degrees, east positive.
    var longitude: Double
    /// Metres.
    var elevation: Double
    /// Direction of landing and take-off, degrees from true north.
    var runway: Double
    /// Parallel runways, for the lateral place of a landing.
    var runways: Int
    /// Its share of the traffic, in no unit.
    var weight: Double

    init(
        _ code: String, _ latitude: Double, _ longitude: Double, elevation: Double, runway: Double, runways: Int = 1,
        weight: Double
    ) {
        self.code = code
        self.latitude = latitude
        self.longitude = longitude
        self.elevation = elevation
        self.runway = runway
        self.runways = runways
        self.weight = weight
    }

    var isKorean: Bool { self.code.hasPrefix("RK") }
    var place: Geodetic {
        Geodetic(latitudeDegrees: self.latitude, longitudeDegrees: self.longitude, height: self.elevation)
    }

    static let all: [Airport] = [
        Airport("RJTT", 35.5533, 139.7811, elevation: 6, runway: 330, runways: 3, weight: 10),
        Airport("RJAA", 35.7647, 140.3864, elevation: 41, runway: 328, runways: 2, weight: 5),
        Airport("RJBB", 34.4347, 135.2440, elevation: 5, runway: 232, runways: 2, weight: 5),
        Airport("RJOO", 34.7855, 135.4382, elevation: 15, runway: 316, runways: 2, weight: 3),
        Airport("RJFF", 33.5859, 130.4510, elevation: 10, runway: 332, weight: 4),
        Airport("RJCC", 42.7752, 141.6923, elevation: 25, runway: 1, runways: 2, weight: 4),
        Airport("ROAH", 26.1958, 127.6459, elevation: 4, runway: 355, runways: 2, weight: 3.5),
        Airport("RJGG", 34.8584, 136.8054, elevation: 4, runway: 352, weight: 2.5),
        Airport("RJSN", 37.9559, 139.1206, elevation: 9, runway: 276, weight: 0.6),
        Airport("RJSS", 38.1397, 140.9169, elevation: 5, runway: 266, weight: 1),
        Airport("RJFK", 31.8034, 130.7194, elevation: 276, runway: 335, weight: 1.2),
        Airport("RJFM", 31.8772, 131.4486, elevation: 6, runway: 265, weight: 0.8),
        Airport("RJFT", 32.8373, 130.8551, elevation: 196, runway: 245, weight: 0.8),
        Airport("RJFU", 32.9169, 129.9136, elevation: 3, runway: 318, weight: 0.7),
        Airport("RJOA", 34.4361, 132.9194, elevation: 332, runway: 276, weight: 0.8),
        Airport("RJOM", 33.8272, 132.6997, elevation: 8, runway: 315, weight: 0.7),
        Airport("RJOT", 34.2142, 134.0156, elevation: 187, runway: 255, weight: 0.5),
        Airport("RJNK", 36.3946, 136.4065, elevation: 11, runway: 236, weight: 0.6),
        Airport("RJEC", 43.6708, 142.4475, elevation: 220, runway: 333, weight: 0.4),
        Airport("RJCK", 43.0410, 144.1930, elevation: 95, runway: 163, weight: 0.4),
        Airport("RJSA", 40.7347, 140.6909, elevation: 203, runway: 232, weight: 0.5),
        Airport("RKSI", 37.4691, 126.4505, elevation: 7, runway: 325, runways: 3, weight: 9),
        Airport("RKSS", 37.5583, 126.7906, elevation: 18, runway: 316, runways: 2, weight: 4),
        Airport("RKPC", 33.5113, 126.4930, elevation: 36, runway: 60, weight: 5),
        Airport("RKPK", 35.1795, 128.9382, elevation: 2, runway: 353, runways: 2, weight: 3),
        Airport("RKTU", 36.7166, 127.4991, elevation: 58, runway: 232, weight: 0.6),
        Airport("RKTN", 35.8941, 128.6589, elevation: 35, runway: 306, weight: 0.6),
        Airport("RKJB", 34.9914, 126.3828, elevation: 15, runway: 3, weight: 0.4),
    ]
}

/// The en-route points between which the airways of the exercise run.
///
/// Named after the place below; they lie where traffic does, but they are no published navigation points.
struct AirwayPoint {
    var name: String
    /// Degrees, north positive.
    var latitude: Double
    /// Degrees, east positive.
    var longitude: Double
    /// The weight of traffic that enters or leaves the area here; zero inside it.
    var gateWeight: Double

    init(_ name: String, _ latitude: Double, _ longitude: Double, gate: Double = 0) {
        self.name = name
        self.latitude = latitude
        self.longitude = longitude
        self.gateWeight = gate
    }

    var place: Geodetic { Geodetic(latitudeDegrees: self.latitude, longitudeDegrees: self.longitude) }

    static let all: [AirwayPoint] = [
        AirwayPoint("Oshima", 34.75, 139.40), AirwayPoint("Hachijo", 33.12, 139.80),
        AirwayPoint("Shizuoka", 34.95, 138.45), AirwayPoint("Ise", 34.45, 136.90),
        AirwayPoint("Kushimoto", 33.45, 135.85), AirwayPoint("Awaji", 34.30, 134.80),
        AirwayPoint("Matsumoto", 36.20, 137.95), AirwayPoint("Utsunomiya", 36.60, 139.95),
        AirwayPoint("Choshi", 35.75, 141.00), AirwayPoint("Iwaki", 37.05, 141.15), AirwayPoint("Sendai", 38.40, 141.30),
        AirwayPoint("Niigata", 38.10, 138.90), AirwayPoint("Akita", 39.70, 140.00),
        AirwayPoint("Miyako", 39.65, 142.20), AirwayPoint("Hachinohe", 40.60, 141.60),
        AirwayPoint("Hakodate", 41.80, 140.70), AirwayPoint("Muroran", 42.20, 141.30),
        AirwayPoint("Obihiro", 42.80, 143.20), AirwayPoint("Kushiro", 42.95, 144.50),
        AirwayPoint("Abashiri", 43.95, 144.10), AirwayPoint("Rumoi", 43.95, 141.60),
        AirwayPoint("Noto", 37.40, 137.00), AirwayPoint("Fukui", 35.95, 135.90), AirwayPoint("Miho", 35.60, 133.40),
        AirwayPoint("Hamada", 34.95, 132.00), AirwayPoint("Hiroshima", 34.20, 132.60),
        AirwayPoint("Ashizuri", 32.75, 133.00), AirwayPoint("Oita", 33.30, 131.80),
        AirwayPoint("Hyuga", 32.10, 131.90), AirwayPoint("Kagoshima", 31.40, 130.45),
        AirwayPoint("Tanegashima", 30.60, 131.00), AirwayPoint("Fukue", 32.65, 128.80),
        AirwayPoint("Tsushima", 34.30, 129.30), AirwayPoint("Amami", 28.40, 129.60),
        AirwayPoint("Okinoerabu", 27.35, 128.60), AirwayPoint("Kerama", 26.20, 127.20),
        AirwayPoint("Miyakojima", 24.80, 125.30), AirwayPoint("Daito", 25.80, 131.25),
        AirwayPoint("Pohang", 36.00, 129.50), AirwayPoint("Gangneung", 37.75, 128.90),
        AirwayPoint("Anyang", 37.15, 127.00), AirwayPoint("Daejeon", 36.30, 127.40),
        AirwayPoint("Gwangju", 35.10, 126.85), AirwayPoint("Yeosu", 34.70, 127.80), AirwayPoint("Jeju", 33.55, 126.90),
        AirwayPoint("Seosan", 36.75, 125.90), AirwayPoint("Heuksan", 34.70, 125.20),
        // Where traffic comes in over the sea.
        AirwayPoint("Pacific, north", 42.50, 150.00, gate: 3), AirwayPoint("Pacific, centre", 38.50, 150.00, gate: 5),
        AirwayPoint("Pacific, east", 34.80, 149.50, gate: 4), AirwayPoint("Ogasawara", 28.50, 146.00, gate: 2),
        AirwayPoint("Guam route", 25.00, 141.00, gate: 3), AirwayPoint("Philippine Sea", 22.80, 129.00, gate: 3),
        AirwayPoint("Taiwan side", 24.00, 123.00, gate: 5), AirwayPoint("Shanghai side", 31.30, 123.20, gate: 6),
        AirwayPoint("Qingdao side", 36.80, 123.20, gate: 6), AirwayPoint("Sakhalin side", 46.50, 142.20, gate: 2),
        AirwayPoint("Primorye side", 43.60, 137.00, gate: 2),
    ]
}

/// An area over the sea where fast aircraft hold and manoeuvre.
struct HoldingArea {
    var centre: Geodetic
    /// Metres.
    var radius: Double

    init(_ latitude: Double, _ longitude: Double, radius: Double) {
        self.centre = Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude)
        self.radius = radius
    }

    static let all: [HoldingArea] = [
        HoldingArea(36.9, 142.6, radius: 70e3), HoldingArea(38.6, 136.4, radius: 80e3),
        HoldingArea(32.6, 135.0, radius: 70e3), HoldingArea(41.0, 143.4, radius: 60e3),
        HoldingArea(30.6, 128.6, radius: 80e3), HoldingArea(37.2, 130.6, radius: 60e3),
        HoldingArea(27.6, 126.2, radius: 70e3), HoldingArea(35.8, 124.8, radius: 50e3),
    ]
}

/// The airways: a graph over the airway points in which neighbours are joined, and the ways through it.
///
/// Two points are neighbours when no third lies in the circle over their distance (the graph of Gabriel), which
/// gives a connected net without crossings.
struct Airways: Sendable {
    /// Nodes: the airway points, then the airports.
    private var next: [[Int16]]

    static let pointCount = AirwayPoint.all.count

    /// The net over all points and airports; each airport hangs on its three nearest points.
    static let shared = Airways()

    private init() {
        let points = AirwayPoint.all.map { Geocentric($0.place) }
        let airports = Airport.all.map { Geocentric($0.place) }
        let count = points.count + airports.count
        var length = [[Double]](repeating: [Double](repeating: .infinity, count: count), count: count)
        for i in points.indices {
            for j in points.indices where j > i {
                let squared = pow2(points[i].distance(to: points[j]))
                let blocked = points.indices.contains { k in
                    k != i && k != j
                        && pow2(points[k].distance(to: points[i])) + pow2(points[k].distance(to: points[j])) < squared
                }
                guard !blocked else { continue }
                length[i][j] = squared.squareRoot()
                length[j][i] = length[i][j]
            }
        }
        for (offset, airport) in airports.enumerated() {
            let a = points.count + offset
            let nearest = points.indices.sorted { points[$0].distance(to: airport) < points[$1].distance(to: airport) }
            for p in nearest.prefix(3) {
                length[a][p] = points[p].distance(to: airport)
                length[p][a] = length[a][p]
            }
        }
        // Floyd and Warshall over some 90 nodes: a millisecond, once. Airports carry no through traffic.
        var next = [[Int16]](repeating: [Int16](repeating: -1, count: count), count: count)
        for i in 0..<count { for j in 0..<count where length[i][j] < .infinity { next[i][j] = Int16(j) } }
        for k in points.indices {
            for i in 0..<count where length[i][k] < .infinity {
                for j in 0..<count where length[i][k] + length[k][j] < length[i][j] {
                    length[i][j] = length[i][k] + length[k][j]
                    next[i][j] = next[i][k]
                }
            }
        }
        self.next = next
    }

    /// The airway points of the shortest way between two nodes, without the nodes themselves.
    func way(from origin: Int, to destination: Int) -> [Int] {
        var way: [Int] = []
        var node = origin
        while node != destination {
            node = Int(self.next[node][destination])
            guard node >= 0, way.count < self.next.count else { return [] }
            if node != destination { way.append(node) }
        }
        return way
    }
}

func pow2(_ x: Double) -> Double { x * x }
