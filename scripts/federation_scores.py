#!/usr/bin/env python3
"""Scores what nations see under each rule of sharing, beside one tracker with all sensors and beside no sharing.

    scripts/federation_scores.py [--ready DIR] [--only mix20-1,prim20-1 ...] [--bench PATH] [--tentative EVIDENCE]
                                 [--share-period S] [--link-delay S] [--judge kumiko|referee] [--referee DIR] [--python PATH]

Each sensor of a scenario of the referee's form is in its nation's node (`node` in sensors.json). For each rule the mean of
the nations' scores is printed, and how far position accuracy (SIAP) and GOSPA lie above those of the one tracker. The scores
are Kumiko's own, which are the referee's to the printed digit (scripts/compare_referee.py); with --judge referee those of the
referee's own program, which take minutes. --ready names the directory with the scenarios.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RULES = ["plots", "tracklets", "tracks", "none"]
NAMES = ["compl.", "ambig.", "spur.", "pos m", "vel m/s", "chg. /s", "GOSPA", "missed", "false", "OSPA", "RMS str.",
         "RMS man.", "NEES/4"]
SHOWN = ["compl.", "ambig.", "pos m", "vel m/s", "GOSPA", "missed", "false", "NEES/4"]
KEYS = {"compl.": "SIAP Completeness", "ambig.": "SIAP Ambiguity", "pos m": "SIAP Position Accuracy",
        "vel m/s": "SIAP Velocity Accuracy", "GOSPA": "GOSPA", "missed": "GOSPA missed (targets)",
        "false": "GOSPA false (tracks)", "NEES/4": "NEES / 4 (target 1)"}


def output(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"federation_scores: {' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")
    # The program tells its figures on standard error.
    return done.stdout + done.stderr


def figures(text, head):
    """The figures of the row that begins with these words."""
    for line in text.splitlines():
        if line.startswith(head):
            words = line[len(head):].split()
            return dict(zip(NAMES, (float(w.replace(",", "")) for w in words)))
    sys.exit(f"federation_scores: no row '{head}' in\n{text}")


def judged(arguments, scenario, folder):
    """The mean over the nations' files of what the referee's own program says."""
    rows = []
    for path in sorted(pathlib.Path(folder).glob("tracks-*.jsonl")):
        out = path.with_suffix(".json")
        output(arguments.python, arguments.referee / "referee.py", scenario, path, "--json", out)
        scores = json.loads(out.read_text())
        rows.append({name: float(scores[key]) for name, key in KEYS.items()})
    return {name: sum(row[name] for row in rows) / len(rows) for name in KEYS}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ready", type=pathlib.Path, default=ROOT / ".build/referee")
    parser.add_argument("--only", default="mix20-1,mix20-2,mix20-3,prim20-1,prim20-2,prim20-3,mix200-1")
    parser.add_argument("--bench", type=pathlib.Path, default=ROOT / ".build/release/kumiko-bench-tracker")
    parser.add_argument("--rules", default=",".join(RULES))
    parser.add_argument("--tentative")
    parser.add_argument("--share-period", default="1")
    parser.add_argument("--link-delay", default="0.1")
    parser.add_argument("--judge", choices=["kumiko", "referee"], default="kumiko")
    parser.add_argument("--referee", type=pathlib.Path, default=ROOT.parent / "shared/referee")
    parser.add_argument("--python", type=pathlib.Path, default=sys.executable)
    arguments = parser.parse_args()
    print("| scenario | rule | " + " | ".join(SHOWN) + " | pos | GOSPA |")
    print("|---|---|" + "---|" * (len(SHOWN) + 2))
    for name in arguments.only.split(","):
        scenario = arguments.ready / name
        central = figures(output(arguments.bench, "referee", scenario), name)
        for rule in ["one tracker"] + arguments.rules.split(","):
            if rule == "one tracker":
                row = central
            else:
                with tempfile.TemporaryDirectory() as folder:
                    command = [arguments.bench, "federation", scenario, "--share", rule, "--out-dir", folder,
                               "--share-period", arguments.share_period, "--link-delay", arguments.link_delay]
                    if arguments.tentative:
                        command += ["--tentative", arguments.tentative]
                    row = figures(output(*command), f"{name} mean")
                    if arguments.judge == "referee":
                        row = judged(arguments, scenario, folder)
            cells = [f"{row[k]:.{4 if k in ('compl.', 'ambig.') else 0 if k == 'GOSPA' else 1 if k == 'pos m' else 2}f}"
                     for k in SHOWN]
            above = [f"{100 * (row[k] / central[k] - 1):+.1f} %" if rule != "one tracker" else ""
                     for k in ("pos m", "GOSPA")]
            print(f"| {name} | {rule} | " + " | ".join(cells + above) + " |", flush=True)


if __name__ == "__main__":
    main()
