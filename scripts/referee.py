#!/usr/bin/env python3
"""Runs the tracker over the referee's scenarios and prints its scores beside those of Stone Soup.

    scripts/referee.py [--referee ../shared/referee] [--work .build/referee] [--only mix20,prim20,mix200]
                       [--kumiko .build/release/kumiko] [--seed 1]

Needs the referee's directory (scenario.py, referee.py, requirements.txt and the README whose table is printed) and
`kumiko track DIR --out FILE`. A virtual environment with the referee's requirements is made in the work directory on
the first run. Scenarios and scores are kept there too.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import venv

SCENARIOS = {"mix20": ["--targets", "20"], "prim20": ["--targets", "20", "--coop", "0"], "mix200": ["--targets", "200"]}

# Column of the referee's README, key of its JSON, decimals.
COLUMNS = [
    ("compl.", "SIAP Completeness", 3), ("ambig.", "SIAP Ambiguity", 3), ("spur.", "SIAP Spuriousness", 3),
    ("pos m", "SIAP Position Accuracy", 0), ("vel m/s", "SIAP Velocity Accuracy", 1),
    ("number changes /s", "SIAP Rate of Track Number Change", 5), ("GOSPA", "GOSPA", 0),
    ("missed", "GOSPA missed (targets)", 2), ("false", "GOSPA false (tracks)", 2), ("OSPA", "OSPA", 0),
    ("RMS m", "RMS position all", 0), ("straight", "RMS position straight", 0),
    ("manoeuvre", "RMS position manoeuvre", 0), ("NEES/4", "NEES / 4 (target 1)", 2),
]


def environment(referee, work):
    """A Python with the referee's requirements."""
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(work / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", referee / "requirements.txt"], check=True)
    return python


def published(referee):
    """The rows of the README's table of scores: [scenario, tracker, values...]."""
    rows = []
    for line in (referee / "README.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if len(cells) >= len(COLUMNS) + 3 and cells[0] in SCENARIOS:
            rows.append(cells)
    return rows


def arguments(description, only):
    """The options that all comparisons with the referee share."""
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--referee", type=pathlib.Path, default=root.parent / "shared" / "referee")
    parser.add_argument("--work", type=pathlib.Path, default=root / ".build" / "referee")
    parser.add_argument("--kumiko", type=pathlib.Path, default=root / ".build" / "release" / "kumiko")
    parser.add_argument("--only", default=only)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--python", type=pathlib.Path, help="a Python that already has the referee's requirements")
    return parser.parse_args()


def main():
    options = arguments(__doc__, ",".join(SCENARIOS))
    if not (options.referee / "referee.py").exists():
        sys.exit(f"no referee at {options.referee}: give its directory with --referee")
    if not options.kumiko.exists():
        sys.exit(f"no program at {options.kumiko}: build it with swift build -c release, or give it with --kumiko")
    options.work.mkdir(parents=True, exist_ok=True)
    python = options.python or environment(options.referee, options.work)

    header = ["scenario", "tracker"] + [name for name, _, _ in COLUMNS] + ["plots/s"]
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    others = published(options.referee) if options.seed == 1 else []
    for name in options.only.split(","):
        directory = options.work / f"{name}-{options.seed}"
        if not (directory / "plots.jsonl").exists():
            subprocess.run([python, options.referee / "scenario.py", *SCENARIOS[name], "--seed", str(options.seed),
                            "--out", directory], check=True, stdout=subprocess.DEVNULL)
        tracks, score = directory / "tracks.jsonl", directory / "score.json"
        run = subprocess.run([options.kumiko, "track", directory, "--out", tracks], check=True, capture_output=True,
                             text=True)
        words = (run.stdout + run.stderr).replace(",", "").split()
        rates = [words[i - 1] for i, word in enumerate(words) if word.rstrip(".;") == "plots/s" and i > 0]
        subprocess.run([python, options.referee / "referee.py", directory, tracks, "--json", score], check=True,
                       stdout=subprocess.DEVNULL)
        result = json.loads(score.read_text())
        cells = [f"{result[key]:.{digits}f}" for _, key, digits in COLUMNS]
        print("| " + " | ".join([name, "**Kumiko**", *cells, rates[0] if rates else "–"]) + " |")
        for row in others:
            if row[0] == name:
                print("| " + " | ".join(row) + " |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
