import Air
import BenchSupport
import Foundation
import Tracking

/// What of the tracker can be set for a trial: `NAME=VALUE`.
enum Tuning {
    static func set(_ text: String, in k: inout TrackerParameters) {
        let parts = text.split(separator: "=")
        guard parts.count == 2, let value = Double(parts[1]), abs(value) < 1e12 else { return self.refuse(text) }
        let name = parts[0].split(separator: ".").map(String.init)
        if name.count == 3, name[0] == "motion", let j = Int(name[1]), (0..<7).contains(j) {
            switch name[2] {
            case "noise": k.motions[j].noise = value
            case "stay": k.motions[j].stay = value
            case "share": k.motions[j].share = value
            case "acc": k.motions[j].acceleration = value
            case "dev": k.motions[j].accelerationDeviation = value
            case "rate": k.motions[j].turnRateNoise = value
            default: self.refuse(text)
            }
            return
        }
        switch parts[0] {
        case "agile.identified": k.agile.identified = value
        case "agile.anonymous": k.agile.anonymous = value
        case "classMin": k.classProbabilityMin = value
        case "climbNoise": k.climbNoise = value
        case "speedDeviation": k.speedDeviation = value
        case "step": k.interactionStep = value
        case "wake": k.wakeDistance = value
        case "lag": k.lagMax = value
        case "blind": k.blindMax = value
        case "resume": k.resumeScore = value
        case "apart": k.apartTime = value
        case "twinSweeps": k.duplicateSweeps = Int(value)
        case "deviationMax": k.positionDeviationMax = value
        case "shrinkage": k.registration.shrinkage = value
        case "jumpDistance": k.registration.jumpDistance = value
        case "registeredRange": k.registration.registeredRange = value
        case "gate": k.gate = value
        case "identityGate": k.identityGate = value
        case "birthsPerScan": k.birthsPerScan = value
        case "confirmScore": k.confirmScore = value
        case "rejectFall": k.rejectFall = value
        case "dropScore": k.dropScore = value
        case "scoreMax": k.scoreMax = value
        case "confirmPlots": k.confirmPlots = Int(value)
        case "confirmSpeedDeviation": k.confirmSpeedDeviation = value
        case "detectionTrust": k.detectionTrust = value
        case "resolution.range": k.resolution.range = value
        case "resolution.azimuth": k.resolution.azimuth = value
        case "unresolvedOdds": k.unresolvedOdds = value
        case "splitEchoes": k.splitEchoes = value
        case "disputeNoise": k.disputeNoise = value
        case "disputeOdds": k.disputeOdds = value
        case "likeness": k.formationLikeness = value
        case "drift": k.formationDrift = value
        case "duplicateGate": k.duplicateGate = value
        default: self.refuse(text)
        }
    }

    private static func refuse(_ text: String) {
        say("--set \(text): no such parameter, or no number")
        exit(64)
    }
}
