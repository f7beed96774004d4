import Glibc

extension Geodetic {
    /// The length of the geodesic to another place and its azimuths there, on the ellipsoid (heights ignored).
    ///
    /// Vincenty's inverse formula; nearly antipodal places, where it does not converge, are answered by the
    /// great circle of the mean sphere (0.6 % off at most).
    ///
    /// - Returns: metres; radians clockwise from true north at both ends.
    /// - Complexity: 3 to 8 iterations, no allocation.
    ///
    /// Source: T. Vincenty, Survey Review 23/176 (1975).
    public func geodesic(to other: Geodetic) -> (distance: Double, azimuth: Double, finalAzimuth: Double) {
        let (a, b, f) = (WGS84.semiMajorAxis, WGS84.semiMinorAxis, WGS84.flattening)
        let l = wrappedAngle(other.longitude - self.longitude)
        let u1 = atan((1 - f) * tan(self.latitude)), u2 = atan((1 - f) * tan(other.latitude))
        let (sinU1, cosU1, sinU2, cosU2) = (sin(u1), cos(u1), sin(u2), cos(u2))
        var lambda = l
        for _ in 0..<100 {
            let (sinLambda, cosLambda) = (sin(lambda), cos(lambda))
            let first = cosU2 * sinLambda, second = cosU1 * sinU2 - sinU1 * cosU2 * cosLambda
            let sinSigma = (first * first + second * second).squareRoot()
            if sinSigma == 0 { return (0, 0, 0) }
            let cosSigma = sinU1 * sinU2 + cosU1 * cosU2 * cosLambda
            let sigma = atan2(sinSigma, cosSigma)
            let sinAlpha = cosU1 * cosU2 * sinLambda / sinSigma
            let cos2Alpha = 1 - sinAlpha * sinAlpha
            let cos2SigmaM = cos2Alpha == 0 ? 0 : cosSigma - 2 * sinU1 * sinU2 / cos2Alpha
            let c = f / 16 * cos2Alpha * (4 + f * (4 - 3 * cos2Alpha))
            let before = lambda
            lambda =
                l + (1 - c) * f * sinAlpha
                * (sigma + c * sinSigma * (cos2SigmaM + c * cosSigma * (2 * cos2SigmaM * cos2SigmaM - 1)))
            if abs(lambda) > .pi { break }
            if abs(lambda - before) < 1e-12 {
                let uu = cos2Alpha * (a * a - b * b) / (b * b)
                let aa = 1 + uu / 16384 * (4096 + uu * (-768 + uu * (320 - 175 * uu)))
                let bb = uu / 1024 * (256 + uu * (-128 + uu * (74 - 47 * uu)))
                let inner =
                    cosSigma * (2 * cos2SigmaM * cos2SigmaM - 1)
                    - bb / 6 * cos2SigmaM * (4 * sinSigma * sinSigma - 3) * (4 * cos2SigmaM * cos2SigmaM - 3)
                let deltaSigma = bb * sinSigma * (cos2SigmaM + bb / 4 * inner)
                return (
                    b * aa * (sigma - deltaSigma),
                    atan2(cosU2 * sin(lambda), cosU1 * sinU2 - sinU1 * cosU2 * cos(lambda)),
                    atan2(cosU1 * sin(lambda), -sinU1 * cosU2 + cosU1 * sinU2 * cos(lambda))
                )
            }
        }
        let haversine =
            pow(sin((other.latitude - self.latitude) / 2), 2)
            + cos(self.latitude) * cos(other.latitude) * pow(sin(l / 2), 2)
        let azimuth = atan2(
            sin(l) * cos(other.latitude),
            cos(self.latitude) * sin(other.latitude) - sin(self.latitude) * cos(other.latitude) * cos(l))
        return (2 * 6_371_008.8 * asin(min(1, haversine.squareRoot())), azimuth, azimuth)
    }

    /// The place reached along a geodesic, at the same height.
    ///
    /// - Parameters:
    ///   - distance: metres along the ellipsoid.
    ///   - azimuth: radians clockwise from true north, at the start.
    /// - Complexity: 2 to 5 iterations, no allocation.
    ///
    /// Source: T. Vincenty, Survey Review 23/176 (1975), direct formula.
    public func moved(distance: Double, azimuth: Double) -> Geodetic {
        let (a, b, f) = (WGS84.semiMajorAxis, WGS84.semiMinorAxis, WGS84.flattening)
        let tanU1 = (1 - f) * tan(self.latitude)
        let cosU1 = 1 / (1 + tanU1 * tanU1).squareRoot(), sinU1 = tanU1 * cosU1
        let (sinAzimuth, cosAzimuth) = (sin(azimuth), cos(azimuth))
        let sigma1 = atan2(tanU1, cosAzimuth)
        let sinAlpha = cosU1 * sinAzimuth
        let cos2Alpha = 1 - sinAlpha * sinAlpha
        let uu = cos2Alpha * (a * a - b * b) / (b * b)
        let aa = 1 + uu / 16384 * (4096 + uu * (-768 + uu * (320 - 175 * uu)))
        let bb = uu / 1024 * (256 + uu * (-128 + uu * (74 - 47 * uu)))
        var sigma = distance / (b * aa)
        var cos2SigmaM = 0.0
        for _ in 0..<20 {
            cos2SigmaM = cos(2 * sigma1 + sigma)
            let inner =
                cos(sigma) * (2 * cos2SigmaM * cos2SigmaM - 1)
                - bb / 6 * cos2SigmaM * (4 * sin(sigma) * sin(sigma) - 3) * (4 * cos2SigmaM * cos2SigmaM - 3)
            let next = distance / (b * aa) + bb * sin(sigma) * (cos2SigmaM + bb / 4 * inner)
            let change = abs(next - sigma)
            sigma = next
            if change < 1e-13 { break }
        }
        cos2SigmaM = cos(2 * sigma1 + sigma)
        let (s, c) = (sin(sigma), cos(sigma))
        let t = sinU1 * s - cosU1 * c * cosAzimuth
        let latitude = atan2(
            sinU1 * c + cosU1 * s * cosAzimuth, (1 - f) * (sinAlpha * sinAlpha + t * t).squareRoot())
        let lambda = atan2(s * sinAzimuth, cosU1 * c - sinU1 * s * cosAzimuth)
        let cc = f / 16 * cos2Alpha * (4 + f * (4 - 3 * cos2Alpha))
        let l =
            lambda - (1 - cc) * f * sinAlpha
            * (sigma + cc * s * (cos2SigmaM + cc * c * (2 * cos2SigmaM * cos2SigmaM - 1)))
        return Geodetic(latitude: latitude, longitude: wrappedAngle(self.longitude + l), height: self.height)
    }
}
