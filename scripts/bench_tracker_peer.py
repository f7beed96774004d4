#!/usr/bin/env python3
"""Times the tracker beside Stone Soup's, on the same scenario in the same run, with the scores of both beside the speed.

    scripts/bench_tracker_peer.py [--referee ../shared/referee] [--work .build/referee] [--python PATH]
                                  [--bench .build/release/kumiko-bench-tracker] [--targets 20] [--duration 150] [--seed 1]

Plots a second of processor time of one core: of `kumiko-bench-tracker referee`, and of the referee's Stone Soup baseline
with an extended Kalman filter and with interacting multiple models as it comes, both with optimal assignment; neither is
as accurate. Needs the referee's directory; a virtual environment with its requirements is made as scripts/referee.py does.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

from referee import environment

BASELINES = [("Stone Soup GNN-EKF", ["--associator", "gnn", "--filter", "ekf", "--q", "150", "--gate", "6"]),
             ("Stone Soup GNN-IMM", ["--associator", "gnn", "--filter", "imm", "--gate", "6"])]

COLUMNS = [("compl.", "SIAP Completeness", 3), ("ambig.", "SIAP Ambiguity", 3), ("spur.", "SIAP Spuriousness", 3),
           ("pos m", "SIAP Position Accuracy", 0), ("vel m/s", "SIAP Velocity Accuracy", 1), ("GOSPA", "GOSPA", 0),
           ("OSPA", "OSPA", 0), ("RMS m", "RMS position all", 0)]


def kumiko(bench, directory):
    """Plots a second: the best of three runs, as others may be at work on this machine."""
    best = 0.0
    for _ in range(3):
        run = subprocess.run([bench, "referee", directory, "--out", "kumiko.jsonl"], check=True, capture_output=True,
                             text=True)
        best = max(best, float(run.stdout.split()[-1].replace(",", "")))
    return best


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--referee", type=pathlib.Path, default=root.parent / "shared" / "referee")
    parser.add_argument("--work", type=pathlib.Path, default=root / ".build" / "referee")
    parser.add_argument("--bench", type=pathlib.Path, default=root / ".build" / "release" / "kumiko-bench-tracker")
    parser.add_argument("--python", type=pathlib.Path, help="a Python that already has the referee's requirements")
    parser.add_argument("--targets", type=int, default=20)
    parser.add_argument("--duration", type=int, default=150, help="seconds of the scenario")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not (options.referee / "baseline_stonesoup.py").exists():
        sys.exit(f"no referee at {options.referee}: give its directory with --referee")
    if not options.bench.exists():
        sys.exit(f"no program at {options.bench}: build it with swift build -c release, or give it with --bench")
    options.work.mkdir(parents=True, exist_ok=True)
    python = options.python or environment(options.referee, options.work)

    directory = options.work / f"peer{options.targets}-{options.duration}-{options.seed}"
    if not (directory / "truth.jsonl").exists():
        subprocess.run([python, options.referee / "scenario.py", "--targets", str(options.targets), "--duration",
                        str(options.duration), "--seed", str(options.seed), "--out", directory], check=True,
                       stdout=subprocess.DEVNULL)

    def score(tracks):
        result = directory / "score.json"
        subprocess.run([python, options.referee / "referee.py", directory, directory / tracks, "--json", result],
                       check=True, stdout=subprocess.DEVNULL)
        return [f"{json.loads(result.read_text())[key]:.{digits}f}" for _, key, digits in COLUMNS]

    header = ["tracker", "plots/s", "Kumiko is faster by"] + [name for name, _, _ in COLUMNS]
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    own = kumiko(options.bench, directory)
    print("| " + " | ".join(["**Kumiko**", f"{own:,.0f}", "1", *score("kumiko.jsonl")]) + " |", flush=True)
    for name, words in BASELINES:
        run = subprocess.run([python, options.referee / "baseline_stonesoup.py", directory, *words, "--out",
                              directory / "peer.jsonl"], check=True, capture_output=True, text=True)
        speed = float(re.search(r'"plots_per_s": ([0-9.]+)', run.stdout)[1])
        print("| " + " | ".join([name, f"{speed:,.0f}", f"{own / speed:,.0f}", *score("peer.jsonl")]) + " |", flush=True)


if __name__ == "__main__":
    main()
